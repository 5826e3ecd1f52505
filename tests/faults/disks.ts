/** Real disks in trouble: a small one that is full, one that is mounted read-only. Both need root and Linux. */

import { Failed } from "../../pipeline/failure.ts";
import { runToy, type World } from "./world.ts";
import type { Extent, Tally } from "./tally.ts";

async function succeeds(command: string, ...args: string[]): Promise<boolean> {
  try {
    const io = { stdin: "null", stdout: "null", stderr: "null" } as const;
    return (await new Deno.Command(command, { args, ...io }).output()).success;
  } catch {
    return false;
  }
}

/** Runs `work` on a disk of its own. @returns false when none can be mounted here. */
async function onDisk(world: World, size: string, work: (dir: string) => Promise<void>) {
  const dir = `${world.root}/disk`;
  Deno.mkdirSync(dir, { recursive: true });
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return false;
  if (!await succeeds("mount", "-t", "tmpfs", "-o", `size=${size}`, "tmpfs", dir)) return false;
  try {
    await work(dir);
    return true;
  } finally {
    await succeeds("umount", dir);
  }
}

/** Fills a small disk to different degrees, runs, frees it, and runs again. */
export async function fillDisk(world: World, tally: Tally, extent: Extent): Promise<void> {
  const name = "disk: full";
  const sizes = Array.from({ length: 40 }, (_, i) => 4 * (i + 1));
  for (const free of sizes.filter((_, i) => i % extent.stride === 0)) {
    const done = await onDisk(world, "1m", async (dir) => {
      const store = `${dir}/store`;
      Deno.mkdirSync(store);
      const ballast = fill(dir, free << 10);
      await runToy(world.project, store, world.host(), {}).catch(() => {});
      Deno.removeSync(ballast);
      await succeeds("mount", "-o", "remount,size=64m", dir);
      tally.add(name, `${free} KiB free`, await world.check(store));
    });
    if (!done) return tally.skip(name, "a disk of its own needs root and Linux");
  }
}

/** Fills a disk but for some bytes. @returns the file that does it. */
function fill(dir: string, free: number): string {
  const path = `${dir}/ballast`;
  const chunk = new Uint8Array(4096);
  using file = Deno.openSync(path, { create: true, write: true });
  let size = 0;
  try {
    while (true) size += file.writeSync(chunk);
  } catch {
    file.truncateSync(Math.max(0, size - free));
  }
  return path;
}

/** A store on a read-only disk serves what it has and says what it cannot do; writable again, it goes on. */
export async function readOnlyDisk(world: World, tally: Tally): Promise<void> {
  const name = "disk: read-only";
  const done = await onDisk(world, "64m", async (dir) => {
    const filled = `${dir}/filled`;
    await runToy(world.project, filled, world.host(), {});
    await succeeds("mount", "-o", "remount,ro", dir);
    tally.add(name, "nothing to do", await world.check(filled));
    const help: string[] = [];
    try {
      const { ok } = await runToy(world.project, filled, world.host(), { seed: 2 });
      help.push(`it says that it is ${ok ? "done" : "not done"}, not why`);
    } catch (error) {
      if (!(error instanceof Failed)) help.push(`not told plainly: ${error}`);
    }
    tally.add(name, "something to do", { wrong: [], help });
    await succeeds("mount", "-o", "remount,rw", dir);
    tally.add(name, "writable again", await world.check(filled, 2));
  });
  if (!done) tally.skip(name, "a disk of its own needs root and Linux");
}
