// AdaLoRA against Hugging Face PEFT, step by step, on a small BERT in float64 (tests/reference/adalora_peft.py).

import assert from "node:assert/strict";
import {
  adaloraTraining,
  adapterScale,
  type AdapterTrained,
  initSvdAdapters,
  type SvdAdapter,
  type SvdAdapters,
  withSvdAdapters,
} from "../../../methods/adalora/mod.ts";
import {
  assertRealised,
  type BudgetPlan,
  budgetPlan,
  type PrunedTrainingInputs,
  type PrunedTrainingState,
} from "../../../methods/budget/mod.ts";
import {
  bert,
  bertFromCheckpoint,
  type BertParams,
  linear,
  type LinearParams,
  transposed,
} from "../../../methods/nn/mod.ts";
import { adam } from "../../../methods/optim/mod.ts";
import {
  compile,
  crossEntropy,
  type Host,
  load,
  type NdArray,
  ndarray,
  reshape,
  slice,
  type Tensor,
  toNumbers,
  treeMap,
} from "../../../methods/tensor/mod.ts";
import { stream } from "../../../methods/tensor/random.ts";
import { type Compact, numbersOf, relativeError, stackArrays } from "../nn/reference.ts";
import reference from "../../reference/adalora_peft.json" with { type: "json" };

const { settings, modules } = reference;
const config = { vocab: 13, width: 8, layers: 2, heads: 2, hidden: 12, positions: 6, types: 2 };
const SEED = 11;

/** The arrays of the reference script's `draw`. */
const draw = (name: string, shape: readonly number[], std: number) =>
  stream(SEED, "peft", name).normal(shape, { std });

/** PEFT's name of a module as the path of a linear map. */
function pathOf(module: string): string {
  const [, , layer, ...rest] = module.split(".");
  const places: Record<string, string> = {
    "attention.self.query": "attention.query",
    "attention.self.key": "attention.key",
    "attention.self.value": "attention.value",
    "attention.output.dense": "attention.out",
    "intermediate.dense": "mlp.up",
    "output.dense": "mlp.down",
  };
  return `blocks.${layer}.${places[rest.join(".")]}`;
}

const widened = <T>(tree: T): T =>
  treeMap<T>((leaf) => {
    const { data, shape } = leaf as NdArray;
    return ndarray(Float64Array.from(data as Float32Array), shape);
  }, tree);

/** The encoder and the head, drawn as the reference script draws them. */
function model(): { encoder: BertParams<NdArray>; head: LinearParams<NdArray> } {
  const { width, vocab, positions, types, hidden } = config;
  const names: [string, number[]][] = [
    ["embeddings.word_embeddings.weight", [vocab, width]],
    ["embeddings.position_embeddings.weight", [positions, width]],
    ["embeddings.token_type_embeddings.weight", [types, width]],
    ["embeddings.LayerNorm.weight", [width]],
    ["embeddings.LayerNorm.bias", [width]],
  ];
  for (let i = 0; i < config.layers; i++) {
    const at = `encoder.layer.${i}`;
    const linearOf = (name: string, inputs: number, outputs: number) =>
      names.push([`${at}.${name}.weight`, [outputs, inputs]], [`${at}.${name}.bias`, [outputs]]);
    for (const name of ["self.query", "self.key", "self.value", "output.dense"]) {
      linearOf(`attention.${name}`, width, width);
    }
    linearOf("intermediate.dense", width, hidden);
    linearOf("output.dense", hidden, width);
    for (const name of ["attention.output.LayerNorm", "output.LayerNorm"]) {
      names.push([`${at}.${name}.weight`, [width]], [`${at}.${name}.bias`, [width]]);
    }
  }
  const tensors = Object.fromEntries(names.map(([name, shape]) => {
    const isScale = name.endsWith("LayerNorm.weight");
    const drawn = draw(`bert.${name}`, shape, isScale ? 0.1 : 0.3);
    const wide = ndarray(Float64Array.from(drawn.data as Float32Array, (x) => isScale ? x + 1 : x));
    return [name, { ...wide, shape }];
  }));
  const head = {
    w: transposed(draw("head.weight", [settings.classes, width], 0.3)),
    b: draw("head.bias", [settings.classes], 0.3),
  };
  return { encoder: bertFromCheckpoint(config, tensors), head: widened(head) };
}

/** P and Q as the reference script draws them, Λ = 0. */
function adapters(encoder: BertParams<NdArray>): SvdAdapters<NdArray> {
  const rank = settings.initialRank;
  const own = initSvdAdapters(stream(1), encoder, { rank });
  return widened(Object.fromEntries(modules.map((module) => {
    const { q, lambda, p } = own[pathOf(module)];
    const adapter: SvdAdapter<NdArray> = {
      q: transposed(draw(`${module}.lora_A`, [rank, q.shape[0]], 0.02)),
      lambda,
      p: transposed(draw(`${module}.lora_B`, [p.shape[1], rank], 0.02)),
    };
    return [pathOf(module), adapter];
  })));
}

type Head = LinearParams;
type Batch<L = Tensor> = { ids: L; labels: L };
type State = PrunedTrainingState<AdapterTrained<Head>>;

const { encoder, head } = model();
const start = adapters(encoder);
const scale = adapterScale(settings.alpha, settings.initialRank);
const training = adaloraTraining<Head>({
  like: start,
  optimizer: adam({ decay: "decoupled", weightDecay: settings.weightDecay }),
  clip: settings.clip,
  gamma: settings.gamma,
});
const groups = modules.length * settings.initialRank;
const plan: BudgetPlan = budgetPlan({
  initial: groups,
  final: modules.length * settings.targetRank,
  warmup: settings.warmup,
  cooldown: settings.cooldown,
  steps: settings.steps,
  every: settings.every,
  cooldownMask: "frozen",
});

const loss = (encoder: BertParams) => (adapters: SvdAdapters, head: Head, batch: Batch) => {
  const { last } = bert(config, withSvdAdapters(encoder, adapters, scale), { ids: batch.ids });
  const first = reshape(
    slice(last, [0, 0, 0], [settings.batch, 1, config.width]),
    [settings.batch, config.width],
  );
  return crossEntropy(linear(head, first), batch.labels);
};

const batches: Batch<NdArray>[] = Array.from({ length: settings.steps }, (_, step) => ({
  ids: stream(SEED, "ids", step).integers(0, config.vocab, [settings.batch, settings.length]),
  labels: stream(SEED, "labels", step).integers(0, settings.classes, [settings.batch]),
}));

function inputsOf(first: number, count: number): PrunedTrainingInputs<Batch<NdArray>, NdArray> {
  const part = batches.slice(first, first + count);
  const cut = ({ data, dtype }: NdArray): NdArray => ({
    dtype,
    shape: [count],
    data: data.slice(first, first + count),
  });
  return {
    batch: {
      ids: stackArrays(part.map(({ ids }) => ids)),
      labels: stackArrays(part.map(({ labels }) => labels)),
    },
    lr: ndarray(new Float64Array(count).fill(settings.lr)),
    plan: treeMap<BudgetPlan>((leaf) => cut(leaf as NdArray), plan),
  };
}

async function runner(count: number) {
  const f = (encoder: BertParams, state: State, inputs: PrunedTrainingInputs<Batch>) => {
    const [next, trace] = training.run(loss(encoder), state, inputs);
    return { next, trace, scores: training.scores(next) };
  };
  const program = compile(f, [encoder, training.init(start, head), inputsOf(0, count)]);
  const executable = await load(program, { provider: "cpu" });
  return {
    run: (state: Host<State>, first: number) =>
      executable.run(encoder, state, inputsOf(first, count)),
    dispose: () => executable.dispose(),
  };
}

/** Values of triplets in PEFT's order of modules. */
function inReferenceOrder(values: readonly number[]): number[] {
  const paths = Object.keys(start).sort(), rank = settings.initialRank;
  return modules.flatMap((module) => {
    const at = paths.indexOf(pathOf(module)) * rank;
    return values.slice(at, at + rank);
  });
}

const lambdas = (state: Host<State>): number[] => {
  const found = training.layout.unpack<SvdAdapters<NdArray>>(state.trained.adapters);
  return Object.keys(found).sort().flatMap((path) => toNumbers(found[path].lambda));
};

Deno.test("losses, scores, budgets and masks are PEFT's at each of 50 steps", async () => {
  const { run, dispose } = await runner(1);
  const losses = numbersOf(reference.task), alive = numbersOf(reference.alive);
  assert.deepEqual(toNumbers(plan.keep), numbersOf(reference.budget));
  let state: Host<State> = training.init(start, head);
  for (let step = 0; step < settings.steps; step++) {
    const { next, trace, scores } = await run(state, step);
    state = next;
    assert.ok(Math.abs(Number(trace.loss.data[0]) - losses[step]) < 1e-9, `loss of step ${step}`);
    assert.equal(Number(trace.pruning!.alive.data[0]), alive[step], `step ${step}`);
    const mask = inReferenceOrder(lambdas(state)).map((x) => x === 0 ? "0" : "1").join("");
    assert.equal(mask, reference.masks[step], `mask of step ${step}`);
    const expected = (reference.scores as Record<string, string>)[step];
    if (expected === undefined) continue;
    const error = relativeError(inReferenceOrder(toNumbers(scores)), numbersOf(expected));
    assert.ok(error < 1e-8, `scores of step ${step} differ by ${error} of the largest`);
  }
  await dispose();
});

Deno.test("one scan over all steps ends where PEFT ends, with its budget realised", async () => {
  const { run, dispose } = await runner(settings.steps);
  const { next, trace } = await run(training.init(start, head), 0);
  await dispose();
  const found = training.layout.unpack<SvdAdapters<NdArray>>(next.trained.adapters);
  const final = reference.final as Record<string, Compact>;
  for (const module of modules) {
    const { q, lambda, p } = found[pathOf(module)];
    const parts = { lora_A: transposed(q), lora_E: lambda, lora_B: transposed(p) };
    for (const [name, array] of Object.entries(parts)) {
      const expected = numbersOf(final[`${module}.${name}`].values);
      const error = relativeError(toNumbers(array), expected, 1e-3);
      assert.ok(error < 1e-8, `${module}.${name} differs by ${error} of its largest`);
    }
  }
  const realised = assertRealised(plan, trace.pruning!, { count: groups });
  assert.equal(realised.kept, modules.length * settings.targetRank);
  assert.equal(realised.alive, realised.kept);
  assert.equal(realised.ties, 0);
});
