/** What a run leaves in the history, and how runs are found again. */

import assert from "node:assert/strict";
import { sha256 } from "../../../pipeline/canonical.ts";
import {
  configOf,
  findRun,
  type NewRun,
  type NodeKeys,
  nodeKeysOf,
  pastRuns,
  rememberRun,
} from "../../../pipeline/history/past_run.ts";
import { rootsOf } from "../../../pipeline/gc/roots.ts";
import { systemHost } from "../../../pipeline/host.ts";

class Place {
  readonly dir = Deno.makeTempDirSync({ prefix: "history-" });
  #count = 0;
  readonly host = { ...systemHost, unique: () => this.names.shift() ?? crypto.randomUUID() };
  constructor(readonly names: string[] = []) {
    Deno.mkdirSync(`${this.dir}/tmp`);
  }
  remember(run: Partial<NewRun> = {}, config: unknown = { a: 1 }, nodes = NODES): string {
    const began = new Date(1e12 + 1000 * this.#count++).toISOString();
    return rememberRun(this, { ...RUN, began, ...run }, config, nodes).id;
  }
  /** Bytes in the history. */
  size(): number {
    const sum = (dir: string): number =>
      [...Deno.readDirSync(dir)].reduce(
        (total, { name, isDirectory }) =>
          total + (isDirectory ? sum(`${dir}/${name}`) : Deno.statSync(`${dir}/${name}`).size),
        0,
      );
    return sum(`${this.dir}/runs`);
  }
  [Symbol.dispose]() {
    Deno.removeSync(this.dir, { recursive: true });
  }
}

const NODES: NodeKeys = Array.from(
  { length: 1000 },
  (_, i) => [`node[${i}]`, sha256(String(i))] as const,
);
const RUN: NewRun = {
  began: "",
  paper: "p",
  preset: "small",
  provider: "cpu",
  why: "as requested",
  outcome: "done",
  partial: null,
  seconds: 1,
  counts: { ran: 0, cached: 1000, failed: 0, skipped: 0 },
  verdicts: [],
  targets: { report: { digest: sha256("report"), form: "file", media: "application/json" } },
  jobs: 2,
  deno: "2",
  system: "linux",
  command: null,
  commit: null,
  active: [],
};

Deno.test("a run that changes nothing costs a kilobyte, however many nodes there are", () => {
  using place = new Place();
  place.remember();
  const first = place.size();
  place.remember();
  assert.ok(place.size() - first < 1500, `${place.size() - first} bytes`);
  const [newest] = pastRuns(place);
  assert.deepEqual(nodeKeysOf(place, newest), NODES);
  assert.deepEqual(configOf(place, newest), { a: 1 });
});

Deno.test("runs come newest first; what is no run is passed over", () => {
  using place = new Place();
  const ids = [place.remember(), place.remember(), place.remember()];
  Deno.writeTextFileSync(`${place.dir}/runs/9999-torn.json`, '{"version":2,');
  Deno.writeTextFileSync(`${place.dir}/runs/9998-old.json`, '{"version":1,"id":"x"}');
  Deno.writeTextFileSync(`${place.dir}/runs/readme`, "x");
  assert.deepEqual([...pastRuns(place)].map(({ id }) => id), ids.toReversed());
  assert.deepEqual([...pastRuns({ dir: `${place.dir}/none` })], []);
});

Deno.test("a run is found by its id, by a beginning that is its alone, and from the end", () => {
  using place = new Place();
  const ids = ["aaaa1111", "aaaa2222", "bbbb3333"];
  const [a, , c] = ids.map((id, i) => {
    place.names.push(id);
    return place.remember({ paper: i === 1 ? "q" : "p" });
  });
  assert.deepEqual([a, c], ["aaaa1111", "bbbb3333"]);
  const id = (name: string, like = {}) => findRun(place, name, like).id;
  assert.equal(id("bb"), c);
  assert.equal(id("aaaa1111"), a);
  assert.equal(id("last"), c);
  assert.equal(id("last~1"), "aaaa2222");
  assert.equal(id("last~1", { paper: "p" }), a);
  assert.throws(() => id("aaaa"), /beginning of 2 runs: aaaa2222, aaaa1111/);
  for (const name of ["cc", "", "../x", "last~9", "*"]) assert.throws(() => id(name), /no run/);
});

Deno.test("gc keeps the keys and parts of the newest runs", () => {
  using place = new Place();
  place.remember({}, 1, [["a", sha256("1")]]);
  place.remember({}, 2, [["a", sha256("2")], ["b", null]]);
  const roots = (keepRuns: number) => rootsOf({ store: place.dir, lockFiles: [], keepRuns });
  assert.deepEqual([...roots(9).keys].sort(), [sha256("1"), sha256("2")].sort());
  assert.deepEqual([...roots(1).keys], [sha256("2")]);
  const parts = [...Deno.readDirSync(`${place.dir}/runs/parts`)].map(({ name }) =>
    name.slice(0, 64)
  );
  assert.deepEqual([...roots(9).parts].sort(), parts.sort());
  assert.equal(roots(1).parts.size, 2);
});
