/** Partial, forced and killed runs of pipelines with fan-outs. */

import assert from "node:assert/strict";
import { Failed } from "../../../pipeline/mod.ts";
import { FanOutRig, lengthsOf, SLOWER, TWO } from "./fan_out_rig.ts";
import { outcomeOf, statuses } from "../run/run_rig.ts";

async function failureOf(work: Promise<unknown>): Promise<Failed["failure"]> {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof Failed, String(error));
    return error.failure;
  }
  throw new Error("no failure");
}

Deno.test("partial runs choose among items, or all that comes of a list", async () => {
  using rig = new FanOutRig();
  const texts = { a: "one", b: "three", c: "seven" };
  const unknown = await failureOf(rig.run({ texts, select: { only: ["count[a]"] } }));
  assert.match(unknown.message, /--only count\[a\] means no node/);
  const missing = await failureOf(rig.run({ texts, select: { only: ["add"] } }));
  assert.match(missing.mend!, /--until 'each\[split\.texts\]'$/);
  const fan = await rig.run({ texts, select: { until: ["each[split.texts]"] } });
  assert.deepEqual(statuses(fan), {
    split: "ran",
    "count[a]": "ran",
    "count[b]": "ran",
    "count[c]": "ran",
  });
  const again = await rig.run({ texts, select: { until: ["each[split.texts]"] } });
  assert.equal(again.outcomes.length, 4);
  rig.write({ count: SLOWER });
  assert.deepEqual(statuses(await rig.run({ texts, select: { only: ["count[b]"] } })), {
    "count[b]": "ran",
  });
  const needed = await failureOf(rig.run({ texts, select: { from: ["count[c]"] } }));
  assert.match(needed.message, /needs what is not in the store: count\[a\]$/);
  await rig.run({ texts, select: { only: ["count[a]"] } });
  assert.deepEqual(
    statuses(await rig.run({ texts, select: { from: ["count[c]"] }, force: true })),
    {
      "count[c]": "ran",
      add: "ran",
    },
  );
});

Deno.test("--force runs the list's stage and every item again", async () => {
  using rig = new FanOutRig();
  await rig.run({ texts: TWO });
  const forced = await rig.run({ texts: TWO, force: true });
  assert.deepEqual([...new Set(forced.outcomes.map(({ status }) => status))], ["ran"]);
  assert.equal(forced.outcomes.length, 4);
});

Deno.test("a run that is killed between items goes on where it was", async () => {
  using rig = new FanOutRig();
  const texts = { a: "one", b: "slow!", c: "three" };
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", import.meta.resolve("./fan_out_rig_process.ts"), rig.root],
    stdout: "piped",
  }).spawn();
  let said = "";
  for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
    said += part;
    if (said.includes("slow")) child.kill("SIGKILL");
  }
  assert.equal((await child.status).signal, "SIGKILL");
  const result = await rig.run({ texts, wait: 1 });
  assert.equal(outcomeOf(result, "split").status, "cached");
  assert.deepEqual(lengthsOf(result), [3, 5, 5]);
  using clean = new FanOutRig();
  const undisturbed = await clean.run({ texts, wait: 1 });
  assert.deepEqual(
    result.outcomes.map(({ id, outputs }) => [id, outputs]),
    undisturbed.outcomes.map(({ id, outputs }) => [id, outputs]),
  );
});
