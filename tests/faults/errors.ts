/** Steps that fail: a full or broken disk, no more files, a file system that turns read-only. */

import { type RunResult } from "../../pipeline/run/run.ts";
import { CODES, type Fault, FaultHost } from "./fault_host.ts";
import { type Extent, stepsOf, type Tally } from "./tally.ts";
import { resultOf, runToy, type World } from "./world.ts";

/** Lets each step fail once with each error, and from each step on for a while. */
export async function failAtSteps(world: World, tally: Tally, extent: Extent): Promise<void> {
  for (const from of ["empty", 1] as const) {
    const seed = from === 1 ? 2 : 1;
    const probe = world.store(from);
    const counting = new FaultHost({ kind: "none" }, { project: world.project });
    await runToy(world.project, probe, counting, { seed });
    world.drop(probe);
    for (const at of stepsOf(counting.steps, extent)) {
      for (const [i, code] of CODES.entries()) {
        const fault: Fault = { kind: "error", at, code };
        await tryOut(world, tally, fault, `${code} once`, from, seed);
        if ((at + i) % CODES.length !== 0) continue;
        await tryOut(world, tally, { ...fault, until: at + 40 }, "a while without", from, seed);
        await tryOut(world, tally, { ...fault, until: Infinity }, "lasting", from, seed);
      }
    }
  }
}

async function tryOut(
  world: World,
  tally: Tally,
  fault: Fault,
  name: string,
  from: "empty" | 1,
  seed: number,
): Promise<void> {
  const dir = world.store(from);
  const host = new FaultHost(fault, { project: world.project });
  let result: RunResult | null = null;
  try {
    result = await runToy(world.project, dir, host, { seed });
  } catch {
    // The store could not be opened, or the history not be written: the command says so.
  }
  // What the run with the fault called done must be right already.
  const served = result === null
    ? []
    : world.compare(await resultOf(result, dir), seed).wrong.filter((text) =>
      !text.includes("no record")
    );
  const { wrong, help } = await world.check(dir, seed);
  tally.add(`error: ${name}`, JSON.stringify(fault), { wrong: [...served, ...wrong], help });
  world.drop(dir);
}
