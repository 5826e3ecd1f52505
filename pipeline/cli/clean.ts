/** `deno task clean`: removes reports and what interrupted attempts left; with `--all` the store too. */

import { Failed } from "../failure.ts";
import { byteSize, plural } from "../report/format.ts";
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
    const targets = args.flags.has("all")
      ? [io.place.reportsDir, store]
      : [io.place.reportsDir, `${store}/attempts`, `${store}/tmp`];
    const removed: { path: string; files: number; bytes: number }[] = [];
    for (const path of targets) {
      const size = await sizeOf(path);
      if (size === null) continue;
      await Deno.remove(path, { recursive: true });
      if (size.files) removed.push({ path, ...size });
    }
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
