/** Trees of thousands of files, which threads store without the numbered steps: killed at random times. */

import { fsck } from "../../pipeline/fsck/fsck.ts";
import { Store } from "../../pipeline/store/store.ts";
import { importTree } from "./packs.ts";
import { type Extent, randomOf, type Tally } from "./tally.ts";
import type { World } from "./world.ts";

const FILES = 2500;

function makeTree(dir: string): void {
  for (let i = 0; i < FILES; i++) {
    const folder = `${dir}/${i % 50}`;
    if (i < 50) Deno.mkdirSync(folder, { recursive: true });
    Deno.writeTextFileSync(`${folder}/${i}`, `file ${i} `.repeat(1 + i % 30));
  }
}

/**
 * Kills a process that puts a tree (in every other round as local data, in packs) and brings it back out; both must
 * work afterwards.
 */
export async function bigTrees(world: World, tally: Tally, extent: Extent): Promise<void> {
  const random = randomOf(extent.seed + 5);
  const tree = `${world.root}/tree`;
  makeTree(tree);
  const { digest } = await (await Store.open(world.store())).putTree(tree);
  for (let round = 0; round < extent.rounds / 4; round++) {
    const dir = world.store();
    const how = round % 2 === 0 ? "put" : "import";
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-lock", new URL(import.meta.url).pathname, tree, dir, how],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const timer = setTimeout(() => child.kill("SIGKILL"), 60 + random() * 500);
    const { signal } = await child.status;
    clearTimeout(timer);
    const store = await Store.open(dir);
    const help = (await fsck(store)).damage.map(({ path, what }) => `${path}: ${what}`);
    const stored = how === "put" ? await store.putTree(tree) : await importTree(dir, tree);
    const out = `${dir}/out`;
    await store.materialize({ ...stored, form: "tree", media: "" }, out);
    const back = await store.putTree(out);
    const wrong = [stored, back].filter((one) => one.digest !== digest).map((one) => one.digest);
    const kills = signal === "SIGKILL" ? 1 : 0;
    tally.add("outside: trees of thousands of files", `round ${round}`, { wrong, help }, kills);
    world.drop(dir);
  }
}

if (import.meta.main) {
  const [tree, dir, how] = Deno.args;
  const store = await Store.open(dir);
  const entry = how === "put" ? await store.putTree(tree) : await importTree(dir, tree);
  await store.materialize({ ...entry, form: "tree", media: "" }, `${dir}/attempts/out`);
  Deno.removeSync(`${dir}/attempts/out`, { recursive: true });
}
