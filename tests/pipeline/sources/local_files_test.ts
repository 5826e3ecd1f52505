/** Many single local files with one stat cache: the same contents as one by one, whatever happened to it. */

import assert from "node:assert/strict";
import { sha256 } from "../../../pipeline/canonical.ts";
import { observeFiles } from "../../../pipeline/sources/local_files.ts";
import { observe } from "../../../pipeline/sources/local_source.ts";
import type { LocalSource } from "../../../pipeline/types.ts";

const NAMES = ["a.txt", "b.txt", "with\nbreak.txt", 'quo"te.txt', "link.txt"];

class Place {
  readonly dir = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "files-" }));
  readonly sources: LocalSource[] = NAMES.map((name, i) => ({
    name,
    form: "file",
    path: i === 0 ? `${this.dir}/${name}` : name,
    include: [],
    exclude: [],
  }));

  constructor() {
    for (const name of NAMES.slice(0, -1)) this.write(name, `content of ${name}`);
    Deno.symlinkSync("a.txt", `${this.dir}/link.txt`);
  }

  write(name: string, text: string): void {
    Deno.writeTextFileSync(`${this.dir}/${name}`, text);
  }

  /** What a process that starts now finds, by name. */
  async look(): Promise<Record<string, string>> {
    const place = { root: this.dir, cacheDir: `${this.dir}/cache` };
    const found = await observeFiles(this.sources, place, "toy");
    const digests: Record<string, string> = {};
    for (const source of this.sources) {
      const observed = found.get(source)!;
      const alone = await observe(source, { ...place, cacheDir: `${this.dir}/other` });
      assert.equal(observed.digest, alone.digest, source.name);
      assert.equal(observed.bytes, alone.bytes, source.name);
      assert.equal(observed.path, alone.path, source.name);
      assert.ok(await observed.unchanged());
      digests[source.name] = observed.digest;
    }
    return digests;
  }

  get cache(): string {
    return `${this.dir}/cache/${[...Deno.readDirSync(`${this.dir}/cache`)][0].name}`;
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.dir, { recursive: true });
  }
}

/** Runs `f` an hour later, when files written just now are old enough for their stamps to be trusted. */
async function later(f: () => Promise<void>): Promise<void> {
  const { now } = Date;
  Date.now = () => now() + 3_600_000;
  try {
    await f();
  } finally {
    Date.now = now;
  }
}

const original = Object.fromEntries(
  NAMES.map((name) => [name, sha256(`content of ${name === "link.txt" ? "a.txt" : name}`)]),
);

Deno.test("observeFiles() finds what observe() finds, again and again", async () => {
  using place = new Place();
  assert.deepEqual(await place.look(), original);
  assert.deepEqual(await place.look(), original);
  await later(async () => {
    assert.deepEqual(await place.look(), original);
    assert.deepEqual(await place.look(), original);
  });
});

Deno.test("observeFiles() notices a changed file, and one of the same size and time", async () => {
  using place = new Place();
  await later(async () => {
    await place.look();
    place.write("b.txt", "other");
    assert.deepEqual(await place.look(), { ...original, "b.txt": sha256("other") });
  });
  const [path, old] = [`${place.dir}/b.txt`, new Date("2026-01-01")];
  for (const text of ["1", "2", "3"]) {
    place.write("b.txt", text);
    Deno.utimeSync(path, old, old);
    assert.equal((await place.look())["b.txt"], sha256(text));
  }
});

Deno.test("observeFiles() follows a link that leads elsewhere now", async () => {
  using place = new Place();
  await later(async () => {
    await place.look();
    Deno.removeSync(`${place.dir}/link.txt`);
    Deno.symlinkSync("b.txt", `${place.dir}/link.txt`);
    assert.deepEqual(await place.look(), { ...original, "link.txt": original["b.txt"] });
  });
});

Deno.test("observeFiles() does without its cache, and with a damaged one", async () => {
  using place = new Place();
  await later(async () => {
    await place.look();
    const { cache } = place;
    const good = Deno.readFileSync(cache);
    for (const at of [-1, 0, 30, good.length >> 1, good.length - 1]) {
      const bytes = good.slice();
      bytes[at] ^= 1;
      Deno.writeFileSync(cache, at < 0 ? new Uint8Array() : bytes);
      assert.deepEqual(await place.look(), original, String(at));
    }
    Deno.removeSync(cache);
    assert.deepEqual(await place.look(), original);
  });
});

Deno.test("observeFiles() names all files that are not there", async () => {
  using place = new Place();
  await place.look();
  Deno.removeSync(`${place.dir}/b.txt`);
  await assert.rejects(place.look(), /b\.txt/);
  Deno.removeSync(`${place.dir}/a.txt`);
  await assert.rejects(place.look(), /\d files are not there:[^]*a\.txt[^]*b\.txt/);
  const hinted = place.sources.map((source) => ({ ...source, hint: "See the page." }));
  const where = { root: place.dir, cacheDir: `${place.dir}/cache` };
  await assert.rejects(observeFiles(hinted, where, "toy"), (error: Error) => {
    assert.equal(error.message.split("See the page.").length, 2, error.message);
    return true;
  });
});
