/** `deno task faults`: the long fault-injection suite. Prints counts; ends with 1 when anything went wrong. */

import { bigTrees } from "./big_trees.ts";
import { damageFiles, flipRecordBits, swapObjects } from "./damage.ts";
import { fillDisk, readOnlyDisk } from "./disks.ts";
import { failAtSteps } from "./errors.ts";
import { killAtSteps, killRepeatedly, killWhileBuilding } from "./kills.ts";
import { killFromOutside, orphans } from "./outside.ts";
import { packs } from "./packs.ts";
import { losePower } from "./power.ts";
import {
  collectBeside,
  runTogether,
  runWithoutLeases,
  runWithoutLocks,
  runWithWrongClocks,
} from "./processes.ts";
import { type Extent, Tally } from "./tally.ts";
import { World } from "./world.ts";

type Campaign = (world: World, tally: Tally, extent: Extent) => Promise<void>;

/** All campaigns by name; names on the command line choose some. */
const campaigns: Readonly<Record<string, Campaign>> = {
  steps: killAtSteps,
  repeatedly: killRepeatedly,
  building: killWhileBuilding,
  errors: failAtSteps,
  power: losePower,
  together: runTogether,
  gc: collectBeside,
  locks: runWithoutLocks,
  leases: runWithoutLeases,
  clocks: runWithWrongClocks,
  full: fillDisk,
  readonly: readOnlyDisk,
  outside: killFromOutside,
  orphans,
  trees: bigTrees,
  packs,
  damage: damageFiles,
  swaps: swapObjects,
  bits: flipRecordBits,
};

const chosen = Deno.args.filter((arg) => /^[a-z]/.test(arg));
const extent: Extent = {
  stride: number("--stride", 1),
  rounds: number("--rounds", 80),
  seed: number("--seed", 1),
};
const tally = new Tally();
{
  using world = await World.create();
  for (const [name, campaign] of Object.entries(campaigns)) {
    if (chosen.length > 0 && !chosen.includes(name)) continue;
    const start = performance.now();
    await campaign(world, tally, extent);
    console.error(`${name}: ${((performance.now() - start) / 1000).toFixed(1)} s`);
  }
}
console.log(`seed ${extent.seed}\n${tally.lines().join("\n")}`);
const { wrong, help } = tally.sum();
Deno.exit(wrong.length + help.length === 0 ? 0 : 1);

function number(option: string, standard: number): number {
  const given = Deno.args.find((arg) => arg.startsWith(`${option}=`));
  return given === undefined ? standard : Number(given.slice(option.length + 1));
}
