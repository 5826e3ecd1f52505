/** `deno task clean`: removes reports and what interrupted attempts left; with `--all` the store too. */

import { sweep } from "../run/attempt.ts";
import { Failed } from "../failure.ts";
import { usersOf } from "../gc/in_use.ts";
import { isHeld } from "../store/lock_file.ts";
import { byteSize, plural } from "../report/format.ts";
import { Store } from "../store/store.ts";
import type { Command } from "./command.ts";

const command: Command = {
  spec: {
    name: "clean",
    describe: "Removes reports and the remains of interrupted attempts. Results stay in the " +
      "store and are not computed again, unless --all removes it.",
    options: {
      all: { type: "flag", describe: "Remove the whole store: every result is computed again." },
      store: { type: "text", value: "DIR", describe: "The store. Default: artifacts/store." },
      json: { type: "flag", describe: "Print one JSON object." },
    },
    examples: ["deno task clean", "deno task clean --all"],
  },
  async run(args, io) {
    const store = io.place.storeDir(args);
    if (await exists(store) && !await exists(`${store}/objects`)) {
      throw new Failed({
        code: "not-a-store",
        message: "this folder is not a store: it has no objects/",
        where: io.place.show(store),
        mend: "Nothing was removed. Name the folder that was given as --store to reproduce.",
      });
    }
    const removed: Removed[] = [];
    const remove = async (path: string) => {
      const size = await sizeOf(path);
      if (size === null) return;
      await Deno.remove(path, { recursive: true });
      if (size.files) removed.push({ path, ...size });
    };
    if (args.flags.has("all")) {
      if (await isInUse(store)) {
        throw new Failed({
          code: "store-in-use",
          message: "a run is using this store",
          where: io.place.show(store),
          mend: "Nothing was removed. Wait for the run to end, or stop it.",
        });
      }
      await remove(store);
    } else if (await exists(store)) {
      removed.push(...await removeRemains(store));
    }
    await remove(io.place.reportsDir);
    if (args.flags.has("json")) io.out.write(JSON.stringify({ removed }) + "\n");
    else if (!removed.length) io.out.write("Nothing to remove.\n");
    for (const { path, files, bytes } of args.flags.has("json") ? [] : removed) {
      const what = `${plural(files, "file")}, ${byteSize(bytes)}`;
      io.out.write(`Removed ${io.place.show(path)} (${what}).\n`);
    }
    return 0;
  },
};
export default command;

/** One folder that was removed. */
interface Removed {
  readonly path: string;
  readonly files: number;
  readonly bytes: number;
}

/** Removes what killed runs left in the store; attempts that are under way stay. */
async function removeRemains(dir: string): Promise<Removed[]> {
  const parts = [`${dir}/attempts`, `${dir}/tmp`];
  const before = await Promise.all(parts.map(sizeOf));
  const store = await Store.open(dir);
  sweep(store);
  store.close();
  const after = await Promise.all(parts.map(sizeOf));
  return parts.map((path, i) => ({
    path,
    files: (before[i]?.files ?? 0) - (after[i]?.files ?? 0),
    bytes: (before[i]?.bytes ?? 0) - (after[i]?.bytes ?? 0),
  })).filter((r) => r.files > 0);
}

/** True when a living process says that it uses the store, or holds the lock of an attempt. */
async function isInUse(dir: string): Promise<boolean> {
  if (usersOf(dir).count > 0) return true;
  const attempts = `${dir}/attempts`;
  if (!await exists(attempts)) return false;
  for await (const entry of Deno.readDir(attempts)) {
    try {
      if (isHeld(`${attempts}/${entry.name}/lock`)) return true;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return false;
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Files and bytes under a folder; null when it is not there. Links are counted, not followed. */
async function sizeOf(path: string): Promise<{ files: number; bytes: number } | null> {
  if (!await exists(path)) return null;
  let files = 0;
  let bytes = 0;
  const folders = [path];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for await (const entry of Deno.readDir(folder)) {
      const child = `${folder}/${entry.name}`;
      if (entry.isDirectory) folders.push(child);
      else {
        files++;
        bytes += (await Deno.lstat(child)).size;
      }
    }
  }
  return { files, bytes };
}
