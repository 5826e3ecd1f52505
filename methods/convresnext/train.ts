// Trains many replicates at once: one ONNX Loop over steps, every operator for all replicates.

import {
  add,
  compile,
  type Executable,
  type Host,
  load,
  type NdArray,
  ndarray,
  type Provider,
  scan,
  type Tensor,
  valueAndGrad,
  vmap,
} from "../tensor/mod.ts";
import { stream } from "../tensor/random.ts";
import { adam, type Optimizer, type OptimizerState, sgd } from "../optim/mod.ts";
import {
  type Architecture,
  convResNeXt,
  initialParameters,
  type Parameters,
  stackParameters,
} from "./network.ts";
import { type Decay, empiricalRisk, penalty, type Risk } from "./objective.ts";

/** How a network is trained. Adam's decay is coupled, since the penalty is part of the loss. */
export interface TrainingPlan {
  readonly risk: Risk;
  readonly optimizer: "adam" | "sgd";
  /** η, the largest learning rate; it rises over the first twentieth of the steps, then falls to 0 (half a cosine). */
  readonly lr: number;
  readonly steps: number;
  /** Examples a step; at most the number of examples. */
  readonly batch: number;
}

/** One network to train: n examples x [n, D], y [n], its seed, and λ₁, λ₂. */
export interface Replicate {
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly seed: number;
  readonly decay: Decay<number>;
}

/** Where tensors run, and whom to tell. */
export interface Execution {
  readonly provider: Provider;
  readonly threads: number;
  readonly onSteps?: (step: number, loss: number) => void;
}

/** Trained replicates. */
export interface Trained {
  /** Weights, stacked along a leading axis of replicates. */
  readonly parameters: Parameters<NdArray>;
  /** Penalised loss on the batch of each step: [steps] of each replicate. */
  readonly losses: readonly Float32Array[];
}

/** Steps in one run of the program; what the host prepares at a time. */
const CHUNK = 50;

type State = { readonly parameters: Parameters; readonly optimizer: OptimizerState<Parameters> };
type Batches = { readonly x: Tensor; readonly y: Tensor };

/** Learning rate of each step. */
export function learningRates({ lr, steps }: Pick<TrainingPlan, "lr" | "steps">): Float32Array {
  const rise = Math.ceil(steps / 20);
  return Float32Array.from(
    { length: steps },
    (_, i) =>
      i < rise
        ? lr * (i + 1) / rise
        : lr * (1 + Math.cos(Math.PI * (i - rise) / Math.max(1, steps - rise))) / 2,
  );
}

/**
 * Trains all replicates, each on its own examples in its own order.
 * @throws RangeError when replicates differ in size or the batch is larger than the data
 */
export async function trainReplicates(
  architecture: Architecture,
  plan: TrainingPlan,
  replicates: readonly Replicate[],
  { provider, threads, onSteps }: Execution,
): Promise<Trained> {
  const n = replicates[0].y.length, R = replicates.length;
  if (replicates.some((r) => r.y.length !== n || r.x.length !== n * architecture.D)) {
    throw new RangeError(`each replicate needs ${n} examples of ${architecture.D} coordinates`);
  }
  if (plan.batch > n) throw new RangeError(`a batch of ${plan.batch} does not fit ${n} examples`);
  const optimizer = plan.optimizer === "adam" ? adam() : sgd({ momentum: 0.9 });
  const parameters = stackParameters(
    replicates.map((r) => initialParameters(architecture, stream(r.seed, "convresnext"))),
  );
  const rates = learningRates(plan);
  const orders = replicates.map((r) => epochs(n, r.seed));
  const decay = {
    paths: ndarray(Float32Array.from(replicates, (r) => r.decay.paths), [R]),
    out: ndarray(Float32Array.from(replicates, (r) => r.decay.out), [R]),
  };
  let state: Host<State> = { parameters, optimizer: optimizer.init(parameters) };
  const losses = replicates.map(() => new Float32Array(plan.steps));
  const programs = new Map<number, Executable<TrainingArguments, [State, Tensor]>>();
  try {
    for (let from = 0; from < plan.steps; from += CHUNK) {
      const steps = Math.min(CHUNK, plan.steps - from);
      let program = programs.get(steps);
      if (program === undefined) {
        const compiled = trainingProgram(architecture, plan, optimizer, R, steps, state, decay);
        program = await load(compiled, { provider, threads });
        programs.set(steps, program);
      }
      const lr = ndarray(rates.slice(from, from + steps), [steps]);
      const batches = gather(replicates, orders, architecture.D, steps, plan.batch);
      const [next, loss] = await program.run(state, decay, batches, lr);
      state = next;
      losses.forEach((own, r) =>
        own.set((loss.data as Float32Array).subarray(r * steps, (r + 1) * steps), from)
      );
      onSteps?.(from + steps, (loss.data as Float32Array)[steps - 1]);
    }
  } finally {
    await Promise.all([...programs.values()].map((program) => program.dispose()));
  }
  return { parameters: state.parameters, losses };
}

type TrainingArguments = [State, Decay, Batches, Tensor];

function trainingProgram(
  architecture: Architecture,
  { risk, batch }: TrainingPlan,
  optimizer: Optimizer,
  R: number,
  steps: number,
  state: Host<State>,
  decay: Decay<NdArray>,
) {
  const objective = (p: Parameters, { x, y }: Batches, decay: Decay) =>
    add(empiricalRisk(risk, convResNeXt(architecture, p, x), y), penalty(p, decay));
  const train = (state: State, decay: Decay, batches: Batches, rates: Tensor) =>
    scan(
      (s: State, { batch, lr }: { batch: Batches; lr: Tensor }) => {
        const [loss, gradients] = valueAndGrad(objective)(s.parameters, batch, decay);
        const [parameters, next] = optimizer.step(s.parameters, gradients, s.optimizer, { lr });
        return [{ parameters, optimizer: next }, loss] as const;
      },
      state,
      { batch: batches, lr: rates },
    );
  const axes = { parameters: 0, optimizer: { step: null, slots: 0 } };
  return compile(
    vmap(train, { inAxes: [axes, 0, 0, null], outAxes: [axes, 0] }),
    [
      state,
      decay,
      {
        x: { dtype: "float32", shape: [R, steps, batch, architecture.D] },
        y: { dtype: "float32", shape: [R, steps, batch] },
      },
      { dtype: "float32", shape: [steps] },
    ],
    { name: "convresnext-training" },
  );
}

/** Indices of examples without end, a new random order each epoch. */
function* epochs(n: number, seed: number): Generator<number, never> {
  for (let epoch = 0;; epoch++) yield* stream(seed, "convresnext", "order", epoch).permutation(n);
}

function gather(
  replicates: readonly Replicate[],
  orders: readonly Iterator<number>[],
  D: number,
  steps: number,
  batch: number,
): { x: NdArray; y: NdArray } {
  const R = replicates.length;
  const x = new Float32Array(R * steps * batch * D), y = new Float32Array(R * steps * batch);
  let at = 0;
  replicates.forEach((replicate, r) => {
    for (let i = 0; i < steps * batch; i++, at++) {
      const example = orders[r].next().value;
      x.set(replicate.x.subarray(example * D, (example + 1) * D), at * D);
      y[at] = replicate.y[example];
    }
  });
  return { x: ndarray(x, [R, steps, batch, D]), y: ndarray(y, [R, steps, batch]) };
}
