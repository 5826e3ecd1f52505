/** Every part of a store damaged in every way, then a plain run. */

import { type Extent, randomOf, type Tally } from "./tally.ts";
import type { World } from "./world.ts";

/** Changes a file's bytes; null means that it goes. */
type Harm = (
  bytes: Uint8Array<ArrayBuffer>,
  random: () => number,
) => Uint8Array<ArrayBuffer> | null;

const HARMS: Readonly<Record<string, Harm>> = {
  "removed": () => null,
  "emptied": () => new Uint8Array(),
  "truncated": (bytes, random) => bytes.slice(0, Math.floor(random() * bytes.length)),
  "a bit flipped": (bytes, random) => {
    if (bytes.length > 0) {
      bytes[Math.floor(random() * bytes.length)] ^= 1 << Math.floor(random() * 8);
    }
    return bytes;
  },
  "zeroed": (bytes) => bytes.fill(0),
  "bytes appended": (bytes) => new Uint8Array([...bytes, 10, 91, 34]),
  "replaced by noise": (bytes, random) => bytes.map(() => Math.floor(random() * 256)),
};

/** Parts of a store whose damage must not matter. */
const PARTS = ["objects", "records", "last", "runs", "cache"];

function filesOf(dir: string): string[] {
  const paths: string[] = [];
  for (const { name, isDirectory } of Deno.readDirSync(dir)) {
    if (isDirectory) paths.push(...filesOf(`${dir}/${name}`));
    else paths.push(`${dir}/${name}`);
  }
  return paths.sort();
}

/** Writes over a file; `sly`: with the same modification time, as tools that restore it do. */
function write(path: string, bytes: Uint8Array, sly: boolean): void {
  const { mode, mtime } = Deno.statSync(path);
  Deno.chmodSync(path, 0o644);
  Deno.writeFileSync(path, bytes);
  Deno.chmodSync(path, mode! & 0o777);
  if (sly) Deno.utimeSync(path, mtime!, mtime!);
}

/** Harms each file of each part in each way, one at a time. */
export async function damageFiles(world: World, tally: Tally, extent: Extent): Promise<void> {
  const random = randomOf(extent.seed + 2);
  for (const part of PARTS) {
    const count = filesOf(`${world.root}/clean-1/${part}`).length;
    for (let i = extent.seed % extent.stride; i < count; i += extent.stride) {
      for (const [how, harm] of Object.entries(HARMS)) {
        for (const seed of [1, 2]) {
          const store = world.store(1);
          const path = filesOf(`${store}/${part}`)[i];
          const bytes = harm(Deno.readFileSync(path), random);
          if (bytes === null) Deno.removeSync(path);
          else write(path, bytes, true);
          const where = `${path.slice(store.length + 1)} ${how}, seed ${seed}`;
          tally.add(`damage: ${part}`, where, await world.checkAndRepair(store, seed));
          world.drop(store);
        }
      }
    }
  }
}

/** Swaps whole files, and changes what a store never changes: modes, kinds of files. */
export async function swapObjects(world: World, tally: Tally): Promise<void> {
  const objects = (store: string) => filesOf(`${store}/objects`);
  const cases: Readonly<Record<string, (store: string) => void>> = {
    "two objects swapped": (store) => {
      const all = objects(store).filter((path) => Deno.statSync(path).size > 0);
      for (let i = 0; i + 1 < all.length; i += 2) {
        Deno.renameSync(all[i], `${store}/aside`);
        Deno.renameSync(all[i + 1], all[i]);
        Deno.renameSync(`${store}/aside`, all[i + 1]);
      }
    },
    "all objects replaced by one of the same size": (store) => {
      const bySize = new Map<number, string>();
      for (const path of objects(store)) {
        const { size } = Deno.statSync(path);
        const other = bySize.get(size);
        if (other === undefined) bySize.set(size, path);
        else write(path, Deno.readFileSync(other), true);
      }
    },
    "all objects flipped": (store) => {
      for (const path of objects(store)) {
        const bytes = Deno.readFileSync(path);
        if (bytes.length > 0) write(path, bytes.map((b) => b ^ 1), true);
      }
    },
    "objects that can be written to": (store) => {
      for (const path of objects(store)) Deno.chmodSync(path, 0o644);
    },
    "all records removed": (store) => Deno.removeSync(`${store}/records`, { recursive: true }),
    "all objects removed": (store) => Deno.removeSync(`${store}/objects`, { recursive: true }),
    "records swapped": (store) => {
      const [a, b] = filesOf(`${store}/records`);
      const bytes = Deno.readFileSync(a);
      Deno.writeFileSync(a, Deno.readFileSync(b));
      Deno.writeFileSync(b, bytes);
    },
    "only objects and records left": (store) => {
      for (const { name } of [...Deno.readDirSync(store)]) {
        if (name === "objects" || name === "records") continue;
        Deno.removeSync(`${store}/${name}`, { recursive: true });
      }
    },
    "a directory in the place of an object": (store) => {
      const path = objects(store)[3];
      Deno.removeSync(path);
      Deno.mkdirSync(path);
    },
    "a directory in the place of a record": (store) => {
      const path = filesOf(`${store}/records`)[0];
      Deno.removeSync(path);
      Deno.mkdirSync(path);
    },
    "a link to nowhere in the place of an object": (store) => {
      const path = objects(store)[4];
      Deno.removeSync(path);
      Deno.symlinkSync("/nonexistent", path);
    },
  };
  for (const [name, harm] of Object.entries(cases)) {
    for (const seed of [1, 2]) {
      const store = world.store(1);
      harm(store);
      tally.add("damage: swaps", `${name}, seed ${seed}`, await world.checkAndRepair(store, seed));
      world.drop(store);
    }
  }
}

/** Every bit of a record flipped in turn: a hit is the record's own outputs or none. */
export async function flipRecordBits(world: World, tally: Tally, extent: Extent): Promise<void> {
  const { Store } = await import("../../pipeline/store/store.ts");
  const store = world.store(1);
  const opened = await Store.open(store);
  for (const path of filesOf(`${store}/records`).slice(0, extent.stride > 1 ? 1 : undefined)) {
    const key = path.slice(-70).replace(/.*records\//, "").replace("/", "").replace(".json", "");
    const sound = Deno.readFileSync(path);
    const outputs = bare(opened.hit(key)!.outputs);
    const row: string[] = [];
    for (let bit = 0; bit < sound.length * 8; bit += extent.stride) {
      const bytes = sound.slice();
      bytes[bit >> 3] ^= 1 << (bit & 7);
      Deno.writeFileSync(path, bytes);
      const hit = opened.hit(key);
      if (hit === null) continue;
      // A damaged name of an output is found missing by the plan.
      const now = bare(hit.outputs);
      const known = Object.keys(now).filter((name) => name in outputs);
      if (known.some((name) => now[name] !== outputs[name])) row.push(`bit ${bit} of ${path}`);
    }
    Deno.writeFileSync(path, sound);
    tally.add("damage: each bit of a record", path, { wrong: row, help: [] });
  }
  world.drop(store);
}

function bare(outputs: Readonly<Record<string, { digest: string; form: string; bytes: number }>>) {
  return Object.fromEntries(
    Object.entries(outputs).map(([name, { digest, form, bytes }]) => [
      name,
      `${digest} ${form} ${bytes}`,
    ]),
  );
}
