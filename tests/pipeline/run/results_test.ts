/** Kept artifacts outside the store: placed once, placed again when touched, removed when gone. */

import assert from "node:assert/strict";
import { file, json, tree } from "../../../pipeline/declare/artifact.ts";
import { placeResults, type Result } from "../../../pipeline/run/results.ts";
import { Store } from "../../../pipeline/store/store.ts";
import type { Artifact, Kind, Node } from "../../../pipeline/types.ts";

class Place implements AsyncDisposable {
  readonly folder: string;
  private constructor(readonly dir: string, readonly store: Store) {
    this.folder = `${dir}/results`;
  }

  static async create(): Promise<Place> {
    const dir = await Deno.makeTempDir({ prefix: "results-" });
    return new Place(dir, await Store.open(`${dir}/store`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.dir, { recursive: true });
  }

  async result(name: string, kind: Kind, content: Record<string, string>): Promise<Result> {
    const path = `${this.dir}/${crypto.randomUUID()}`;
    if (kind.form === "file") Deno.writeTextFileSync(path, Object.values(content)[0]);
    else {
      for (const [member, text] of Object.entries(content)) {
        Deno.mkdirSync(`${path}/${member}`.replace(/\/[^/]*$/, ""), { recursive: true });
        Deno.writeTextFileSync(`${path}/${member}`, text);
      }
    }
    const [{ digest, bytes }] = await this.store.put([{ path, form: kind.form, move: true }]);
    const entry = { digest, bytes, form: kind.form, media: kind.media };
    const artifact: Artifact = { node: {} as Node, output: name, kind };
    return { name, artifact, entry };
  }

  place(...results: readonly Result[]): Promise<void> {
    return placeResults(this.store, results, this.folder);
  }

  read(name: string): string {
    return Deno.readTextFileSync(`${this.folder}/${name}`);
  }

  get names(): string[] {
    return [...Deno.readDirSync(this.folder)].map(({ name }) => name).sort();
  }
}

Deno.test("placeResults() places files and trees as copies that may be edited", async () => {
  await using place = await Place.create();
  const scores = await place.result("scores", json(), { "": "[1]" });
  const images = await place.result("images", tree("images"), { "a/b.txt": "b", "c.txt": "c" });
  await place.place(scores, images);
  assert.deepEqual(place.names, [".placed.json", "images", "scores.json"]);
  assert.deepEqual([place.read("scores.json"), place.read("images/a/b.txt")], ["[1]", "b"]);
  Deno.writeTextFileSync(`${place.folder}/scores.json`, "edited");
  Deno.writeTextFileSync(`${place.folder}/images/a/b.txt`, "edited");
  await place.store.verifyEntry(scores.entry);
  await place.store.verifyEntry(images.entry);
});

Deno.test("placeResults() leaves alone what is current and mends what is not", async () => {
  await using place = await Place.create();
  const table = await place.result("table", file("csv", ".csv"), { "": "a,b" });
  await place.place(table);
  const inode = () => Deno.statSync(`${place.folder}/table.csv`).ino;
  const first = inode();
  await place.place(table);
  assert.equal(inode(), first);
  Deno.writeTextFileSync(`${place.folder}/table.csv`, "edited");
  await place.place(table);
  assert.equal(place.read("table.csv"), "a,b");
  Deno.removeSync(`${place.folder}/table.csv`);
  Deno.writeTextFileSync(`${place.folder}/.placed.json`, '{"table.csv":');
  await place.place(table);
  assert.equal(place.read("table.csv"), "a,b");
  await place.place(await place.result("table", file("csv", ".csv"), { "": "c,d" }));
  assert.equal(place.read("table.csv"), "c,d");
});

Deno.test("placeResults() mends a tree with a file that was edited, added or deleted", async () => {
  await using place = await Place.create();
  const images = await place.result("images", tree("images"), { "a/b.txt": "b", "c.txt": "c" });
  await place.place(images);
  const folder = `${place.folder}/images`;
  const inode = Deno.statSync(folder).ino;
  await place.place(images);
  assert.equal(Deno.statSync(folder).ino, inode);
  for (
    const touch of [
      () => Deno.writeTextFileSync(`${folder}/a/b.txt`, "edited"),
      () => Deno.writeTextFileSync(`${folder}/a/more.txt`, ""),
      () => Deno.removeSync(`${folder}/a/b.txt`),
      () => Deno.renameSync(`${folder}/c.txt`, `${folder}/a/b.txt`),
    ]
  ) {
    touch();
    await place.place(images);
    assert.deepEqual([place.read("images/a/b.txt"), place.read("images/c.txt")], ["b", "c"]);
    assert.deepEqual([...Deno.readDirSync(`${folder}/a`)].map(({ name }) => name), ["b.txt"]);
  }
});

Deno.test("placeResults() removes what it placed before, and nothing else", async () => {
  await using place = await Place.create();
  const old = await place.result("old", json(), { "": "1" });
  const now = await place.result("now", json(), { "": "2" });
  await place.place(old, now);
  Deno.writeTextFileSync(`${place.folder}/notes.txt`, "mine");
  await place.place(now);
  assert.deepEqual(place.names, [".placed.json", "notes.txt", "now.json"]);
  // The index is a file like any other: a name in it must not lead out of the folder.
  Deno.writeTextFileSync(`${place.dir}/precious.json`, "precious");
  Deno.writeTextFileSync(
    `${place.folder}/.placed.json`,
    JSON.stringify({ "../precious.json": { digest: "", stamp: "" } }),
  );
  await place.place(now);
  assert.equal(Deno.readTextFileSync(`${place.dir}/precious.json`), "precious");
});

Deno.test("placeResults() mends an edit behind the same size and time, in files and in trees", async () => {
  await using place = await Place.create();
  const score = await place.result("score", json(), { "": "[1]" });
  const images = await place.result("images", tree("images"), { "a/b.txt": "b", "c.txt": "c" });
  await place.place(score, images);
  for (const [name, text] of [["score.json", "[2]"], ["images/a/b.txt", "x"]]) {
    const path = `${place.folder}/${name}`;
    const { atime, mtime } = Deno.statSync(path);
    Deno.writeTextFileSync(path, text);
    Deno.utimeSync(path, atime!, mtime!);
  }
  await place.place(score, images);
  assert.deepEqual([place.read("score.json"), place.read("images/a/b.txt")], ["[1]", "b"]);
});
