/** The index over records: as fast as it likes, never another answer than the records themselves. */

import assert from "node:assert/strict";
import { sha256 } from "../../../pipeline/canonical.ts";
import { systemHost } from "../../../pipeline/host.ts";
import { Records } from "../../../pipeline/store/records.ts";
import type { Digest, RecordSummary, StageRecord } from "../../../pipeline/types.ts";

const INDEX = "cache/records/toy/small.rows";
const OLD = new Date("2026-01-01T00:00:00Z");
const keys = ["a", "b", "c"].map(sha256);

function recordOf(key: Digest, content: string): StageRecord {
  return {
    version: 1,
    key,
    node: "n",
    stage: "s",
    components: {
      code: { digest: key, files: {}, packages: {} },
      params: {},
      inputs: {},
      environment: {},
      outputs: {},
    },
    outputs: { out: { digest: sha256(content), form: "file", media: "m", bytes: content.length } },
    seconds: 1,
    finished: "2026-01-01T00:00:00.000Z",
    log: null,
  };
}

function summaryOf({ components: _, ...summary }: StageRecord): RecordSummary {
  return summary;
}

/** A store's directory with records whose files are old enough to be trusted by their looks. */
class Place {
  readonly dir = Deno.makeTempDirSync({ prefix: "index-" });

  constructor() {
    Deno.mkdirSync(`${this.dir}/tmp`);
    const records = this.open();
    for (const key of keys) {
      records.put(recordOf(key, key));
      this.age(key);
    }
  }

  open(): Records {
    return new Records(this.dir, systemHost);
  }

  path(key: Digest): string {
    return `${this.dir}/records/${key.slice(0, 2)}/${key.slice(2)}.json`;
  }

  age(key: Digest, to = OLD): void {
    Deno.utimeSync(this.path(key), to, to);
    // The change of status is now, and no call sets it back: wait until it is long ago for the clock below.
  }

  /** What a process that starts now is told about each key. */
  ask(): (RecordSummary | null)[] {
    const records = this.open();
    const answers = keys.map((key) => {
      const found = records.summary("toy", "small", key);
      return found === null ? null : plain(found);
    });
    records.saveIndexes();
    return answers;
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.dir, { recursive: true });
  }
}

/** A record in full or in short, in short. */
function plain(record: RecordSummary): RecordSummary {
  const { version, key, node, stage, outputs, seconds, finished, log } = record;
  return { version, key, node, stage, outputs, seconds, finished, log };
}

/** Runs `f` as if it were an hour later: files written just now are old by then. */
function later<T>(f: () => T): T {
  const { now } = Date;
  Date.now = () => now() + 3_600_000;
  try {
    return f();
  } finally {
    Date.now = now;
  }
}

/** Counts how often records are read from their files. */
function readsOf(f: () => void): number {
  const { readTextFileSync } = Deno;
  let reads = 0;
  Deno.readTextFileSync = (path) => {
    if (String(path).endsWith(".json")) reads++;
    return readTextFileSync(path);
  };
  try {
    f();
  } finally {
    Deno.readTextFileSync = readTextFileSync;
  }
  return reads;
}

const expected = keys.map((key) => summaryOf(recordOf(key, key)));

Deno.test("summary() answers from the index what the records say, without reading them", () => {
  using place = new Place();
  later(() => {
    assert.equal(readsOf(() => assert.deepEqual(place.ask(), expected)), 3);
    assert.equal(readsOf(() => assert.deepEqual(place.ask(), expected)), 0);
  });
});

Deno.test("summary() does not trust the looks of a file that was written when it was read", () => {
  using place = new Place();
  assert.deepEqual(place.ask(), expected);
  assert.equal(readsOf(() => assert.deepEqual(place.ask(), expected)), 3);
});

Deno.test("summary() gives nothing for a record that was removed", () => {
  using place = new Place();
  later(() => {
    place.ask();
    Deno.removeSync(place.path(keys[1]));
    assert.deepEqual(place.ask(), [expected[0], null, expected[2]]);
  });
});

Deno.test("summary() notices a record that was replaced or changed in place", () => {
  for (const how of ["replaced", "changed"]) {
    using place = new Place();
    later(() => {
      place.ask();
      const other = recordOf(keys[1], sha256("other"));
      if (how === "replaced") place.open().put(other);
      // Of the same size, as a digest is.
      else Deno.writeTextFileSync(place.path(keys[1]), JSON.stringify(other) + "\n");
      place.age(keys[1], new Date("2026-01-02T00:00:00Z"));
      assert.deepEqual(place.ask(), [expected[0], summaryOf(other), expected[2]], how);
      assert.deepEqual(place.ask(), [expected[0], summaryOf(other), expected[2]], how);
    });
  }
});

Deno.test("summary() gives nothing for a record that became unreadable", () => {
  using place = new Place();
  later(() => {
    place.ask();
    Deno.truncateSync(place.path(keys[0]), 100);
    assert.deepEqual(place.ask(), [null, expected[1], expected[2]]);
  });
});

Deno.test("summary() gives the same without an index, and with a damaged one", () => {
  using place = new Place();
  const path = `${place.dir}/${INDEX}`;
  later(() => {
    place.ask();
    const good = Deno.readFileSync(path);
    const damage: (() => void)[] = [
      () => Deno.removeSync(path),
      () => Deno.writeTextFileSync(path, ""),
      () => Deno.writeTextFileSync(path, "garbage\n\0"),
      () => Deno.writeTextFileSync(path, "[]"),
      () => Deno.truncateSync(path, good.length >> 1),
      () => Deno.truncateSync(path, good.length - 1),
      ...[0, 20, 70, 120, good.length - 3].map((at) => () => {
        const bytes = good.slice();
        bytes[at] ^= 4;
        Deno.writeFileSync(path, bytes);
      }),
    ];
    for (const [i, harm] of damage.entries()) {
      Deno.writeFileSync(path, good);
      harm();
      assert.equal(readsOf(() => assert.deepEqual(place.ask(), expected, `case ${i}`)), 3);
      assert.equal(readsOf(() => assert.deepEqual(place.ask(), expected, `case ${i}`)), 0);
    }
  });
});

Deno.test("summary() of an index that lies about a record's file reads the record", () => {
  using place = new Place();
  const path = `${place.dir}/${INDEX}`;
  later(() => {
    place.ask();
    const [, body] = Deno.readTextFileSync(path).split("\n");
    const rows = JSON.parse(body);
    // The rows of two records exchanged: well-formed, and wrong about both.
    [rows[0][0], rows[1][0]] = [rows[1][0], rows[0][0]];
    const lie = JSON.stringify(rows);
    Deno.writeTextFileSync(path, `1 ${sha256(lie)}\n${lie}`);
    assert.deepEqual(place.ask(), expected);
  });
});

Deno.test("an index keeps rows of others for a while, but does not grow without end", () => {
  using place = new Place();
  const records = place.open();
  const path = `${place.dir}/${INDEX}`;
  const rows = () => JSON.parse(Deno.readTextFileSync(path).split("\n")[1]).length;
  later(() => {
    place.ask();
    for (let i = 0; i < 20; i++) {
      const key = sha256(String(i));
      records.put(recordOf(key, "x"));
      const one = place.open();
      one.summary("toy", "small", key);
      one.saveIndexes();
    }
    assert.equal(rows(), 2);
    place.ask();
    assert.ok(rows() >= 3 && rows() <= 6);
  });
});
