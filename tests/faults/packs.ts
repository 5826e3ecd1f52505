/** Packs of many small files: kills and errors at each step of an import, damage to what was imported. */

import { fsck } from "../../pipeline/fsck/fsck.ts";
import type { Host } from "../../pipeline/host.ts";
import { localTree } from "../../pipeline/mod.ts";
import { importSource } from "../../pipeline/sources/local_import.ts";
import { observe } from "../../pipeline/sources/local_source.ts";
import { packFolder } from "../../pipeline/store/packs.ts";
import { Store, type Stored } from "../../pipeline/store/store.ts";
import { CODES, type Fault, FaultHost } from "./fault_host.ts";
import { inProcess } from "./kills.ts";
import { each, type Extent, randomOf, stepsOf, type Tally } from "./tally.ts";
import type { Said } from "./point_process.ts";
import type { Verdict, World } from "./world.ts";

/** Enough for packs, in several folders. */
const FILES = 1300;

/** Imports a tree of local data into a store. */
export async function importTree(dir: string, path: string, host?: Host): Promise<Stored> {
  const store = await Store.open(dir, host);
  const { node } = localTree({ name: "tree", path }).files;
  if (node.work.type !== "source") throw new TypeError("not local data");
  const place = { root: "/", cacheDir: `${dir}/cache/sources`, host };
  const content = await observe(node.work.source, place);
  const { signal } = new AbortController();
  return (await importSource(store, { node, content, signal })).outputs.files;
}

/** Where the tree of {@link packs} is, so that a process of its own can import it. */
export const treeOf = (project: string) => `${project}-small-files`;

/** Kills before, after and within each step; each step that fails with each error; bits, lengths and places of packs. */
export async function packs(world: World, tally: Tally, extent: Extent): Promise<void> {
  const tree = treeOf(world.project);
  for (let i = 0; i < FILES; i++) {
    if (i < 40) Deno.mkdirSync(`${tree}/${i}`, { recursive: true });
    Deno.writeTextFileSync(`${tree}/${i % 40}/${i}`, `file ${i} `.repeat(1 + i % 50));
  }
  const clean = world.store("bare");
  const { digest } = await importTree(clean, tree);
  await killsAndErrors(world, tally, extent, digest);
  await damage(world, tally, extent, digest);
}

async function killsAndErrors(
  world: World,
  tally: Tally,
  extent: Extent,
  digest: string,
): Promise<void> {
  const point = { project: world.project, action: "importTree" } as const;
  const probe = world.store("bare");
  const said: Said = JSON.parse(
    (await inProcess({ ...point, store: probe, fault: { kind: "none" } })).out,
  );
  world.drop(probe);
  const steps = stepsOf(said.steps.length, extent);
  const kills = steps.flatMap((at) =>
    (["before", "after", "torn"] as const).map((when): Fault => ({ kind: "kill", at, when }))
  );
  await each(kills, async (fault) => {
    const store = world.store("bare");
    const { killed } = await inProcess({ ...point, store, fault });
    const verdict = await again(store, world, digest);
    tally.add("packs: kills", JSON.stringify(fault), verdict, killed ? 1 : 0);
    world.drop(store);
  });
  for (const at of steps) {
    for (const code of CODES) {
      const store = world.store("bare");
      const fault: Fault = { kind: "error", at, code };
      const served = await importTree(
        store,
        treeOf(world.project),
        new FaultHost(fault, { project: world.project }),
      ).catch(() => null);
      const wrong = served !== null && served.digest !== digest ? [served.digest] : [];
      const verdict = await again(store, world, digest);
      tally.add("packs: errors", JSON.stringify(fault), {
        wrong: [...wrong, ...verdict.wrong],
        help: verdict.help,
      });
      world.drop(store);
    }
  }
}

async function damage(
  world: World,
  tally: Tally,
  extent: Extent,
  digest: string,
): Promise<void> {
  const random = randomOf(extent.seed + 11);
  const harms: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>> = {
    "a flipped bit": (bytes) => {
      bytes[Math.floor(random() * bytes.length)] ^= 1 << Math.floor(random() * 8);
      return bytes;
    },
    "cut short": (bytes) => bytes.subarray(0, Math.floor(random() * bytes.length)),
    "bytes added": (bytes) => new Uint8Array([...bytes, 1, 2, 3]),
    "zeros": (bytes) => new Uint8Array(bytes.length),
  };
  for (let round = 0; round < Math.max(1, extent.rounds / 4); round++) {
    for (const [name, harm] of Object.entries(harms)) {
      const store = world.store("bare");
      await importTree(store, treeOf(world.project));
      const files = [...Deno.readDirSync(packFolder(store))].filter(({ isFile }) => isFile);
      if (files.length === 0) throw new Error("the import made no packs");
      const path = `${packFolder(store)}/${files[Math.floor(random() * files.length)].name}`;
      const bytes = harm(Deno.readFileSync(path));
      Deno.chmodSync(path, 0o644);
      Deno.writeFileSync(path, bytes);
      Deno.chmodSync(path, 0o444);
      const first = await out(store, digest);
      // What is served is right or refused; after that, damage that was not come across is found and moved aside.
      await fsck(await Store.open(store), { repair: true });
      const verdict = await again(store, world, digest);
      const wrong = first === "wrong" ? ["damage was served"] : [];
      tally.add("packs: damage", `${name}, round ${round}`, {
        wrong: [...wrong, ...verdict.wrong],
        help: verdict.help,
      });
      world.drop(store);
    }
  }
}

/** Imports plainly and brings the tree out: it must be whole, and the store sound. */
async function again(dir: string, world: World, digest: string): Promise<Verdict> {
  const stored = await importTree(dir, treeOf(world.project));
  const wrong = stored.digest === digest ? [] : [`imported ${stored.digest}`];
  const how = await out(dir, digest);
  if (how === "wrong") wrong.push("wrong bytes came out");
  const { damage } = await fsck(await Store.open(dir));
  const help = damage.map(({ path, what }) => `fsck: ${path}: ${what}`);
  if (how === "refused") help.push("the tree was refused after a plain import");
  return { wrong, help };
}

/** Brings the tree out and reads it. */
async function out(dir: string, digest: string): Promise<"right" | "wrong" | "refused"> {
  const store = await Store.open(dir);
  const to = `${dir}/out-${crypto.randomUUID()}`;
  try {
    await store.materialize({ digest, bytes: 0, form: "tree", media: "" }, to);
  } catch {
    return "refused";
  }
  const found = await (await Store.open(`${dir}-reader`)).putTree(to);
  Deno.removeSync(to, { recursive: true });
  Deno.removeSync(`${dir}-reader`, { recursive: true });
  return found.digest === digest ? "right" : "wrong";
}
