/** Runs a student's training pull by pull: host-side batches and bandit, steps inside ONNX Runtime. */

import { adamwInit, type AdamWState, learningRates, warmupCosine } from "../optim/mod.ts";
import { type Host, load, type NdArray, type Provider } from "../tensor/mod.ts";
import { stream } from "../tensor/random.ts";
import { adaptivePolicy, fixedArm, type Policy } from "./bandit.ts";
import { sampleBatches } from "./batches.ts";
import type { Dataset } from "./dataset.ts";
import {
  type Batch,
  compileModuleLosses,
  compileTraining,
  pullControls,
  SEGMENTS,
  type Setting,
} from "./distillation.ts";
import { type Module, MODULES } from "./modules.ts";
import { FIXED_MODULE, type PolicyName, usesRewards } from "./policies.ts";
import { gatherBatch, type TeacherStates } from "./teacher_states.ts";

/** What is distilled with, and on what. */
export interface Materials {
  readonly setting: Setting;
  readonly dataset: Dataset;
  readonly states: TeacherStates;
  readonly provider: Provider;
  readonly threads: number;
}

export interface TrainOptions {
  readonly steps: number;
  readonly batch: number;
  readonly lr: number;
  readonly warmup: number;
}

/** Item batches `[steps, B]` of the training split, first captions. */
function trainingItems(
  dataset: Dataset,
  seed: number,
  phase: "pretraining" | "distillation",
  steps: number,
  size: number,
): Int32Array {
  return sampleBatches(
    {
      items: dataset.splits.train,
      concept: dataset.concept,
      captionCount: new Int32Array(dataset.items.length).fill(1),
    },
    { size, steps, random: stream(seed, "student", "batches", phase) },
  ).items;
}

/**
 * Plain training on one arm for all steps, e.g. the task alone (no arm) as pre-training.
 *
 * @param params the parameter vector to start from
 * @param chunk steps of one run of the program; divides `steps`
 */
export async function trainPlain(
  { setting, dataset, states, provider, threads }: Materials,
  params: NdArray,
  arm: readonly Module[],
  { steps, batch, lr, warmup, seed, chunk }: TrainOptions & { seed: number; chunk: number },
): Promise<NdArray> {
  if (steps === 0) return params;
  if (steps % chunk !== 0) {
    throw new RangeError(`Cannot train for ${steps} steps: use a multiple of ${chunk}`);
  }
  const items = trainingItems(dataset, seed, "pretraining", steps, batch);
  const schedule = warmupCosine({ peak: lr, warmup: Math.min(warmup, steps), steps });
  const program = compileTraining(setting, arm, { steps: chunk, batch });
  const train = await load(program, { provider, threads });
  let state: AdamWState<NdArray> = { params, ...adamwInit(params.shape[0], SEGMENTS.length) };
  for (let step = 0; step < steps; step += chunk) {
    const rows = items.subarray(step * batch, (step + chunk) * batch);
    const result = await train.run(state, {
      batch: gatherBatch(dataset, states, rows, [chunk, batch]),
      ...pullControls(setting, arm, learningRates(schedule, step, chunk)),
    });
    state = result.state;
  }
  await train.dispose();
  return state.params;
}

export interface BanditSettings {
  readonly discount: number;
  readonly noiseMemory: number;
  readonly pullSteps: number;
  readonly reward: "relative_total" | "absolute_total" | "relative_own";
  readonly probeSize: number;
}

/** The arms that a policy chooses among, and the policy. */
function armsOf(
  name: PolicyName,
  bandit: BanditSettings,
  seed: number,
): { arms: readonly (readonly Module[])[]; policy: Policy } {
  switch (name) {
    case "all":
      return { arms: [MODULES], policy: fixedArm(0) };
    case "none":
      return { arms: [[]], policy: fixedArm(0) };
    case "image_only":
    case "text_only":
    case "multimodal_only":
      return { arms: [[FIXED_MODULE[name]]], policy: fixedArm(0) };
    default: {
      const draws = stream(seed, "policy", name);
      return {
        arms: MODULES.map((m) => [m]),
        policy: adaptivePolicy(name, MODULES.length, bandit, {
          normal: () => draws.nextNormal(),
          uniform: () => draws.nextUniform(),
        }),
      };
    }
  }
}

/** Loss decrement that a pull earned; losses in the order of MODULES. */
export function rewardOf(
  kind: BanditSettings["reward"],
  before: ArrayLike<number>,
  after: ArrayLike<number>,
  arm: readonly Module[],
): number {
  const total = (losses: ArrayLike<number>, modules: readonly Module[]) =>
    modules.reduce((sum, m) => sum + losses[MODULES.indexOf(m)], 0);
  const own = arm.length > 0 ? arm : MODULES;
  switch (kind) {
    case "absolute_total":
      return total(before, MODULES) - total(after, MODULES);
    case "relative_total":
      return (total(before, MODULES) - total(after, MODULES)) / total(before, MODULES);
    case "relative_own":
      return (total(before, own) - total(after, own)) / total(before, own);
  }
}

/** What happened in a student's training. */
export interface DistillTrace {
  /** Name of the modules distilled in each pull, joined by "+". */
  readonly pulls: readonly string[];
  readonly rewards: readonly number[];
  /** Mean training loss of each pull. */
  readonly losses: readonly number[];
  /** Held-out module losses (order of MODULES) at some steps, from step 0 to the last. */
  readonly curve: {
    readonly steps: readonly number[];
    readonly flops: readonly number[];
    readonly losses: readonly (readonly number[])[];
  };
  readonly flops: number;
  readonly steps: number;
}

/** Runs module losses on a fixed batch. */
type Probe = (params: NdArray) => Promise<number[]>;

async function probeOn(
  { setting, dataset, states, provider, threads }: Materials,
  items: Int32Array,
): Promise<{ measure: Probe; flops: number; dispose: () => Promise<void> }> {
  const program = compileModuleLosses(setting, items.length);
  const losses = await load(program, { provider, threads });
  const batch: Host<Batch> = gatherBatch(dataset, states, items, [items.length]);
  return {
    measure: async (params) => Array.from((await losses.run(params, batch)).data, Number),
    flops: program.flops,
    dispose: () => losses.dispose(),
  };
}

/** A fixed sample of a split, the same for all seeds and policies. */
function sampleOf(dataset: Dataset, split: "validation" | "test", size: number): Int32Array {
  const items = dataset.splits[split];
  const order = stream(0, "probe", split).permutation(items.length);
  return Int32Array.from(order.slice(0, Math.min(size, items.length)), (i) => items[i]).sort();
}

/**
 * Distils one student under one policy.
 *
 * Cost counts the FLOPs of every training step and, for policies that learn from rewards, of every
 * probe. Held-out losses of the curve are never shown to the policy.
 */
export async function distillStudent(
  materials: Materials,
  init: NdArray,
  policyName: PolicyName,
  options: TrainOptions & {
    readonly seed: number;
    readonly bandit: BanditSettings;
    readonly evaluateEvery: number;
    readonly curveItems: number;
    readonly onPull?: (pull: number, pulls: number, loss: number) => void;
  },
): Promise<{ params: NdArray; trace: DistillTrace }> {
  const { setting, dataset, states, provider, threads } = materials;
  const { steps, batch, seed, bandit } = options;
  const { pullSteps } = bandit;
  const pulls = steps / pullSteps;
  if (!Number.isInteger(pulls)) {
    throw new RangeError(`Cannot split ${steps} steps into pulls of ${pullSteps}: use a multiple`);
  }
  const items = trainingItems(dataset, seed, "distillation", steps, batch);
  const schedule = warmupCosine({ peak: options.lr, warmup: options.warmup, steps });
  const { arms, policy } = armsOf(policyName, bandit, seed);
  const programs = arms.map((arm) => compileTraining(setting, arm, { steps: pullSteps, batch }));
  const loaded = await Promise.all(programs.map((p) => load(p, { provider, threads })));
  const probe = await probeOn(materials, sampleOf(dataset, "validation", bandit.probeSize));
  const heldOut = await probeOn(materials, sampleOf(dataset, "test", options.curveItems));

  let state: AdamWState<NdArray> = {
    params: init,
    ...adamwInit(init.shape[0], SEGMENTS.length),
  };
  let before = await probe.measure(init);
  let flops = usesRewards(policyName) ? probe.flops : 0;
  const names: string[] = [], rewards: number[] = [], losses: number[] = [];
  const curve = {
    steps: [0],
    flops: [0],
    losses: [await heldOut.measure(init)],
  };
  for (let pull = 0; pull < pulls; pull++) {
    const choice = policy.choose();
    const arm = arms[choice];
    const first = pull * pullSteps;
    const rows = items.subarray(first * batch, (first + pullSteps) * batch);
    const result = await loaded[choice].run(state, {
      batch: gatherBatch(dataset, states, rows, [pullSteps, batch]),
      ...pullControls(setting, arm, learningRates(schedule, first, pullSteps)),
    });
    state = result.state;
    const after = await probe.measure(state.params);
    if (!after.every(Number.isFinite)) {
      throw new Error(
        `The student's layer losses are [${after.join(", ")}] after step ${first + pullSteps} of ` +
          `policy ${policyName}: lower distill.optimiser.lr`,
      );
    }
    const reward = rewardOf(bandit.reward, before, after, arm);
    policy.update(choice, reward);
    before = after;
    flops += programs[choice].flops + (usesRewards(policyName) ? probe.flops : 0);
    names.push(arm.join("+") || "none");
    rewards.push(reward);
    losses.push(mean(result.losses));
    if ((pull + 1) % options.evaluateEvery === 0 || pull + 1 === pulls) {
      curve.steps.push(first + pullSteps);
      curve.flops.push(flops);
      curve.losses.push(await heldOut.measure(state.params));
    }
    options.onPull?.(pull + 1, pulls, losses[pull]);
  }
  await Promise.all([...loaded, probe, heldOut].map((x) => x.dispose()));
  return {
    params: state.params,
    trace: { pulls: names, rewards, losses, curve, flops, steps },
  };
}

function mean(x: NdArray): number {
  const values = Array.from(x.data, Number);
  return values.reduce((a, b) => a + b, 0) / values.length;
}
