/** Distillation pull by pull: what moves, what it costs, what is paired, and that it is reproducible. */

import assert from "node:assert/strict";
import { adamwInit, type AdamWState } from "../../../methods/optim/mod.ts";
import type { ConditionName } from "../../../methods/optima/condition.ts";
import {
  compileModuleLosses,
  compileTraining,
  type Objective,
  pullControls,
  SEGMENTS,
  type Setting,
} from "../../../methods/optima/distillation.ts";
import { type Module, MODULES } from "../../../methods/optima/modules.ts";
import { POLICIES, type PolicyName, usesRewards } from "../../../methods/optima/policies.ts";
import { gatherBatch } from "../../../methods/optima/teacher_states.ts";
import {
  type BanditSettings,
  distillStudent,
  type DistillTrace,
  rewardOf,
  trainPlain,
} from "../../../methods/optima/train_student.ts";
import { load, type NdArray, ndarray } from "../../../methods/tensor/mod.ts";
import { bySegment, CPU, dataset, randomStudent, teacherStates, tinySetting } from "./tiny.ts";

const states = await teacherStates(30);
const B = 6, STEPS = 24, PULL = 3, PULLS = STEPS / PULL;
const BANDIT: BanditSettings = {
  discount: 0.95,
  noiseMemory: 0.9,
  pullSteps: PULL,
  reward: "relative_total",
  probeSize: 5,
};
const OPTIONS = { steps: STEPS, batch: B, lr: 1e-2, warmup: 3, evaluateEvery: 3, curveItems: 4 };

const settingIn = (condition: ConditionName = "even", objective: Partial<Objective> = {}) =>
  tinySetting(states.variances, objective, condition);
const INIT = randomStudent(settingIn(), 3, 1);

function distil(
  policy: PolicyName,
  a: {
    condition?: ConditionName;
    seed?: number;
    bandit?: Partial<BanditSettings>;
    data?: typeof dataset;
  } = {},
): Promise<{ params: NdArray; trace: DistillTrace }> {
  const materials = { setting: settingIn(a.condition), dataset: a.data ?? dataset, states, ...CPU };
  const bandit = { ...BANDIT, ...a.bandit };
  return distillStudent(materials, INIT, policy, { ...OPTIONS, seed: a.seed ?? 0, bandit });
}

const total = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const bits = (
  part: Float32Array,
) => [...new Uint32Array(part.buffer, part.byteOffset, part.length)];

Deno.test("rewardOf() is the decrement of all modules or of the arm's, absolute or relative", () => {
  const before = [4, 1, 5], after = [3, 1.5, 3.5];
  assert.equal(rewardOf("absolute_total", before, after, ["image"]), 2);
  assert.equal(rewardOf("relative_total", before, after, ["image"]), 0.2);
  assert.equal(rewardOf("relative_own", before, after, ["image"]), 0.25);
  assert.equal(rewardOf("relative_own", before, after, ["text"]), -0.5);
  assert.equal(rewardOf("relative_own", before, after, ["text", "multimodal"]), 1 / 6);
  assert.equal(rewardOf("relative_own", before, after, []), 0.2);
});

Deno.test("usesRewards() names the policies that learn from them", () => {
  assert.deepEqual(POLICIES.filter(usesRewards), ["optima", "optima_undiscounted", "greedy"]);
});

/** One pull after the other by the compiled programs, with the masks that training feeds. */
async function pulls(
  s: Setting,
  arms: readonly (readonly Module[])[],
): Promise<AdamWState<NdArray>[]> {
  const seen: AdamWState<NdArray>[] = [
    { params: randomStudent(s, 3), ...adamwInit(s.layout.size, SEGMENTS.length) },
  ];
  const items = dataset.splits.train.slice(0, 2 * 4);
  for (const arm of arms) {
    const program = await load(compileTraining(s, arm, { steps: 2, batch: 4 }), CPU);
    const { state } = await program.run(seen.at(-1)!, {
      batch: gatherBatch(dataset, states, items, [2, 4]),
      ...pullControls(s, arm, ndarray(Float32Array.of(0.01, 0.02))),
    });
    await program.dispose();
    seen.push(state);
  }
  return seen;
}

/** The segments of which parameters and moments changed, all or none of the three. */
function changed(s: Setting, from: AdamWState<NdArray>, to: AdamWState<NdArray>): string[] {
  return SEGMENTS.filter((segment, i) => {
    const differs = (["params", "m", "v"] as const).map((key) => {
      const [a, b] = [from, to].map((state) => bits(bySegment(s, state[key])[segment]));
      return a.some((x, k) => x !== b[k]);
    });
    assert.equal(new Set(differs).size, 1, `${segment}: params, m, v changed: ${differs}`);
    assert.equal(Number(to.t.data[i]) - Number(from.t.data[i]), differs[0] ? 2 : 0, segment);
    return differs[0];
  });
}

Deno.test("a pull leaves what it does not train as it is, bit by bit, momentum included", async () => {
  const s = settingIn();
  const [start, all, image, decoder, none] = await pulls(s, [
    MODULES,
    ["image"],
    ["multimodal"],
    [],
  ]);
  const everything = SEGMENTS.filter((segment) => segment !== "head");
  assert.deepEqual(changed(s, start, all), everything);
  assert.deepEqual(changed(s, all, image), [
    "model.image",
    "model.logitScale",
    "projections.image",
  ]);
  assert.deepEqual(changed(s, image, decoder), [
    "model.logitScale",
    "model.multimodal",
    "projections.multimodal",
  ]);
  const model = everything.filter((segment) => segment.startsWith("model."));
  assert.deepEqual(changed(s, decoder, none), model);
});

Deno.test("without a task a pull reaches no further than its loss, whatever it may change", async () => {
  const s = settingIn("even", { taskWeight: 0, kdWeight: 0, updates: "student" });
  const [, all, text, decoder] = await pulls(s, [MODULES, ["text"], ["multimodal"]]);
  assert.deepEqual(changed(s, all, text), ["model.text", "projections.text"]);
  assert.deepEqual(changed(s, text, decoder), [
    "model.image",
    "model.multimodal",
    "model.text",
    "projections.multimodal",
  ]);
});

Deno.test("frozen modules stay as they are whatever is pulled", async () => {
  for (const updates of ["module", "student"] as const) {
    const s = settingIn("wasted", { updates });
    const [start, all, text] = await pulls(s, [MODULES, ["text"]]);
    const moved = [...changed(s, start, all), ...changed(s, all, text)];
    assert.ok(!moved.includes("model.text") && !moved.includes("projections.text"), updates);
    assert.ok(moved.includes("model.multimodal"));
  }
  const { params, trace } = await distil("all", { condition: "wasted" });
  const s = settingIn("wasted");
  for (const segment of ["model.text", "projections.text"] as const) {
    assert.deepEqual(bits(bySegment(s, params)[segment]), bits(bySegment(s, INIT)[segment]));
  }
  const text = trace.curve.losses.map((losses) => losses[1]);
  assert.equal(new Set(text).size, 1, "the held-out loss of a frozen module is constant");
});

Deno.test("distillStudent() gives the same bytes when run again", async () => {
  for (const policy of ["optima", "random"] as const) {
    const a = await distil(policy), b = await distil(policy);
    assert.deepEqual(bits(a.params.data as Float32Array), bits(b.params.data as Float32Array));
    assert.deepEqual(a.trace, b.trace);
    const c = await distil(policy, { seed: 1 });
    assert.notDeepEqual(c.trace.losses, a.trace.losses);
  }
});

/** The data set, noting which items pictures are asked of. */
function watched(): { data: typeof dataset; asked: number[][] } {
  const asked: number[][] = [];
  const images: typeof dataset.images = (items) => {
    asked.push(Array.from(items));
    return dataset.images(items);
  };
  return { data: { ...dataset, images }, asked };
}

Deno.test("all policies of a seed see the same batches, of training items alone", async () => {
  const batches: Record<string, number[][]> = {};
  for (const policy of ["none", "all", "optima", "random", "text_only"] as const) {
    const { data, asked } = watched();
    await distil(policy, { data });
    const [probe, heldOut, ...rest] = asked;
    assert.ok(probe.every((item) => dataset.splits.validation.includes(item)));
    assert.ok(heldOut.every((item) => dataset.splits.test.includes(item)));
    assert.deepEqual([probe.length, heldOut.length], [BANDIT.probeSize, OPTIONS.curveItems]);
    batches[policy] = rest;
    assert.deepEqual(rest, batches.none, policy);
  }
  assert.equal(batches.none.length, PULLS);
  for (const rows of batches.none) {
    assert.equal(rows.length, PULL * B);
    assert.ok(rows.every((item) => dataset.splits.train.includes(item)));
  }
  const { data, asked } = watched();
  await distil("none", { data, seed: 1 });
  assert.deepEqual(asked.slice(0, 2).map((rows) => rows.length), [5, 4]);
  assert.notDeepEqual(asked.slice(2), batches.none);
});

Deno.test("what is measured does not touch what is trained", async () => {
  const plain = await distil("none");
  const other = await distil("none", {
    bandit: { probeSize: 2, reward: "relative_own", discount: 0.5 },
  });
  assert.deepEqual(other.params, plain.params);
  assert.deepEqual(other.trace.losses, plain.trace.losses);
  // Plain training: chunks of another length draw the same batches and rates.
  const materials = { setting: settingIn(), dataset, states, ...CPU };
  const [short, long] = await Promise.all(
    [PULL, 8].map((chunk) => trainPlain(materials, INIT, MODULES, { ...OPTIONS, seed: 0, chunk })),
  );
  assert.deepEqual(short, long);
  assert.notDeepEqual(short, INIT);
});

Deno.test("trainPlain() returns what it got for no steps, and refuses a rest", async () => {
  const materials = { setting: settingIn(), dataset, states, ...CPU };
  const plan = { ...OPTIONS, seed: 0, chunk: 10 };
  assert.equal(await trainPlain(materials, INIT, [], { ...plan, steps: 0 }), INIT);
  await assert.rejects(
    () => trainPlain(materials, INIT, [], { ...plan, steps: 15 }),
    /Cannot train for 15 steps: use a multiple of 10/,
  );
});

Deno.test("the trace counts pulls and steps and measures from the first step to the last", async () => {
  const seen: number[] = [];
  const materials = { setting: settingIn(), dataset, states, ...CPU };
  const { trace, params } = await distillStudent(materials, INIT, "round_robin", {
    ...OPTIONS,
    seed: 0,
    bandit: BANDIT,
    onPull: (pull, pulls) => seen.push(pull / pulls),
  });
  const cycle = Array.from({ length: PULLS }, (_, i) => MODULES[i % 3]);
  assert.deepEqual(trace.pulls, cycle);
  assert.equal(trace.rewards.length, PULLS);
  assert.equal(trace.losses.length, PULLS);
  assert.equal(trace.steps, STEPS);
  assert.deepEqual(seen, cycle.map((_, i) => (i + 1) / PULLS));
  // Every third of 8 pulls, and the last.
  assert.deepEqual(trace.curve.steps, [0, 9, 18, 24]);
  assert.equal(trace.curve.flops[0], 0);
  assert.equal(trace.curve.flops.at(-1), trace.flops);
  // First and last points are the layer losses of the first and last parameters on the sample.
  const { data, asked } = watched();
  await distil("round_robin", { data });
  const items = Int32Array.from(asked[1]);
  const program = await load(compileModuleLosses(settingIn(), items.length), CPU);
  for (const [at, flat] of [[0, INIT], [-1, params]] as const) {
    const losses = await program.run(flat, gatherBatch(dataset, states, items, [items.length]));
    assert.deepEqual(trace.curve.losses.at(at), Array.from(losses.data, Number));
  }
  await program.dispose();
});

Deno.test("rewards are the probe's decrements: relative ones compound to its overall fall", async () => {
  const { data, asked } = watched();
  const { trace, params } = await distil("optima", { data });
  const items = Int32Array.from(asked[0]);
  const program = await load(compileModuleLosses(settingIn(), items.length), CPU);
  const probe = gatherBatch(dataset, states, items, [items.length]);
  const [first, last] = await Promise.all(
    [INIT, params].map(async (flat) =>
      total(Array.from((await program.run(flat, probe)).data, Number))
    ),
  );
  await program.dispose();
  const left = trace.rewards.reduce((share, reward) => share * (1 - reward), 1);
  assert.ok(Math.abs(left - last / first) < 1e-9);
  const absolute = await distil("image_only", { bandit: { reward: "absolute_total" } });
  const relative = await distil("image_only");
  assert.deepEqual(absolute.params, relative.params);
  assert.notDeepEqual(absolute.trace.rewards, relative.trace.rewards);
});

Deno.test("cost is every step's, and every probe's of policies that learn from rewards", async () => {
  const s = settingIn();
  const plan = { steps: PULL, batch: B };
  const pull = (arm: readonly Module[]) => compileTraining(s, arm, plan).flops;
  const cost: Record<string, number> = {
    "image+text+multimodal": pull(MODULES),
    none: pull([]),
    ...Object.fromEntries(MODULES.map((m) => [m, pull([m])])),
  };
  const probe = compileModuleLosses(s, BANDIT.probeSize).flops;
  assert.ok(probe > 0);
  for (const policy of ["optima", "greedy", "random", "text_only", "all", "none"] as const) {
    const { trace } = await distil(policy);
    const probes = usesRewards(policy) ? (PULLS + 1) * probe : 0;
    assert.equal(trace.flops, total(trace.pulls.map((name) => cost[name])) + probes, policy);
  }
  for (const module of MODULES) {
    assert.ok(cost[module] < cost["image+text+multimodal"], `${module} costs less than all`);
  }
});

Deno.test("distilling lowers held-out layer losses; the task alone does not", async () => {
  const fall = async (policy: PolicyName) => {
    const { losses } = (await distil(policy)).trace.curve;
    return 1 - total(losses.at(-1)!) / total(losses[0]);
  };
  const all = await fall("all"), none = await fall("none");
  assert.ok(all > 0.5, `all modules: the loss falls by ${all}`);
  assert.ok(none < 0.2, `the task alone: the loss falls by ${none}`);
  const { trace } = await distil("text_only");
  const [first, last] = [trace.curve.losses[0], trace.curve.losses.at(-1)!];
  assert.ok(last[1] < 0.8 * first[1], "the pulled module's loss falls");
  assert.equal(last[0], first[0], "the image module's loss is as it was");
});

Deno.test("distillStudent() refuses steps that are no whole pulls, and a run that diverges", async () => {
  await assert.rejects(
    () => distil("all", { bandit: { pullSteps: 7 } }),
    /Cannot split 24 steps into pulls of 7: use a multiple/,
  );
  const broken = { ...INIT, data: (INIT.data as Float32Array).map(() => NaN) };
  const materials = { setting: settingIn(), dataset, states, ...CPU };
  await assert.rejects(
    () => distillStudent(materials, broken, "round_robin", { ...OPTIONS, seed: 0, bandit: BANDIT }),
    /layer losses are \[NaN, NaN, NaN\] after step 3 of policy round_robin: lower/,
  );
});
