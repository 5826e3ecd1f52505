/** Whole runs beside the index over records: with it, without it, and when the store changed behind it. */

import assert from "node:assert/strict";
import { Store } from "../../../pipeline/store/store.ts";
import { outcomeOf, Rig, statuses } from "./run_rig.ts";

const ALL_CACHED = { make: "cached", judge: "cached", tell: "cached", side: "cached" };

/** A rig whose runs all see a clock an hour later than the last, so that no file is too young to trust. */
async function inLaterRuns(f: (rig: Rig, index: string) => Promise<void>): Promise<void> {
  using rig = Rig.create();
  const { now } = Date;
  try {
    await rig.run();
    Date.now = () => now() + 3_600_000;
    assert.deepEqual(statuses(await rig.run()), ALL_CACHED);
    await f(rig, `${rig.storeDir}/cache/records/rig/small.rows`);
  } finally {
    Date.now = now;
  }
}

Deno.test("run() with an index gives what it gives without one", async () => {
  await inLaterRuns(async (rig, index) => {
    const withIndex = await rig.run();
    Deno.removeSync(index);
    const without = await rig.run();
    assert.deepEqual(withIndex.outcomes, without.outcomes);
    assert.deepEqual(withIndex.verdicts, without.verdicts);
    const record = (r: typeof without, i: number) => r.plan.nodes[i].record!;
    for (let i = 0; i < without.plan.nodes.length; i++) {
      const { components: _, ...summary } = record(without, i) as unknown as {
        components: unknown;
      };
      assert.deepEqual(record(withIndex, i), summary);
    }
  });
});

Deno.test("run() behind whose index an object or a record was removed makes it again", async () => {
  for (const what of ["object", "record"]) {
    await inLaterRuns(async (rig) => {
      const { key, outputs } = outcomeOf(await rig.run(), "side");
      const store = await Store.open(rig.storeDir);
      Deno.removeSync(
        what === "object"
          ? store.objectPath(outputs.out)
          : `${rig.storeDir}/records/${key!.slice(0, 2)}/${key!.slice(2)}.json`,
      );
      assert.deepEqual(statuses(await rig.run()), { ...ALL_CACHED, side: "ran" }, what);
      assert.deepEqual(statuses(await rig.run()), ALL_CACHED, what);
    });
  }
});

Deno.test("run() that cannot keep its index is a run like any other", async () => {
  await inLaterRuns(async (rig, index) => {
    Deno.removeSync(index);
    Deno.mkdirSync(`${index}/in the way`, { recursive: true });
    assert.deepEqual(statuses(await rig.run()), ALL_CACHED);
  });
});
