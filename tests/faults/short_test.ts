/** A sample of `deno task faults`: after each fault a plain run ends as a clean one. */

import assert from "node:assert/strict";
import { damageFiles, flipRecordBits, swapObjects } from "./damage.ts";
import { failAtSteps } from "./errors.ts";
import { killAtSteps, killRepeatedly, killWhileBuilding } from "./kills.ts";
import { packs } from "./packs.ts";
import { losePower } from "./power.ts";
import { collectBeside, runTogether } from "./processes.ts";
import { type Extent, Tally } from "./tally.ts";
import { World } from "./world.ts";

const campaigns: Readonly<Record<string, [typeof killAtSteps, Extent]>> = {
  "kills at steps of the engine": [killAtSteps, { stride: 197, rounds: 0, seed: 5 }],
  "kills one after the other": [killRepeatedly, { stride: 1, rounds: 3, seed: 1 }],
  "kills while programs are built": [killWhileBuilding, { stride: 12, rounds: 0, seed: 7 }],
  "steps that fail": [failAtSteps, { stride: 101, rounds: 0, seed: 3 }],
  "processes at once": [runTogether, { stride: 1, rounds: 8, seed: 1 }],
  "processes beside gc": [collectBeside, { stride: 1, rounds: 8, seed: 1 }],
  "loss of power": [losePower, { stride: 1, rounds: 6, seed: 1 }],
  "packs of small files": [packs, { stride: 12, rounds: 4, seed: 2 }],
  "damaged files": [damageFiles, { stride: 23, rounds: 0, seed: 2 }],
  "swapped objects": [swapObjects, { stride: 1, rounds: 0, seed: 1 }],
  "flipped bits of a record": [flipRecordBits, { stride: 5, rounds: 0, seed: 1 }],
};

Deno.test("after a fault, a plain run ends as a clean one", async (t) => {
  using world = await World.create();
  for (const [name, [campaign, extent]] of Object.entries(campaigns)) {
    await t.step(name, async () => {
      const tally = new Tally();
      await campaign(world, tally, extent);
      const { points, wrong, help } = tally.sum();
      assert.ok(points > 0);
      assert.deepEqual({ wrong, help }, { wrong: [], help: [] });
    });
  }
});
