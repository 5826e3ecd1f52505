// What a training case of the benchmark is, and how plain functions become one.

import {
  add,
  compile,
  flatten,
  isNdArray,
  mul,
  type NdArray,
  type Program,
  scan,
  sub,
  type Tensor,
  unflatten,
  valueAndGrad,
} from "../../../methods/tensor/mod.ts";

/** One model, ready to be run in turns of `steps` training steps. */
export interface TrainingCase {
  readonly program: Program<never[], unknown>;
  readonly state: unknown;
  /** Batches of the steps from `first` on; what the program takes after the state. */
  readonly inputs: (first: number) => unknown;
  /** The last loss of a run's second result. */
  readonly loss: (trace: unknown) => number;
  readonly parameters: number;
  readonly compileSeconds: number;
}

/** Seed of every stream of the benchmark. */
export const SEED = 3;

/** Compiles with the time taken. */
export function timed<T>(f: () => T): [T, number] {
  const started = performance.now();
  const value = f();
  return [value, (performance.now() - started) / 1000];
}

/** Sums the sizes of the leaves of a tree of arrays. */
export function countParameters(tree: unknown): number {
  return flatten(tree, isNdArray).leaves.reduce((n, x) => n + x.data.length, 0);
}

const isTensor = (x: unknown): x is Tensor =>
  typeof x === "object" && x !== null && "node" in x && "index" in x;

/** A tree of the results of `f` on the leaves of trees of one form. */
function mapTrees<T>(f: (...leaves: Tensor[]) => Tensor, first: T, ...others: T[]): T {
  const flat = flatten(first, isTensor);
  const rest = others.map((tree) => flatten(tree, isTensor).leaves);
  return unflatten<T>(flat.tree, flat.leaves.map((x, i) => f(x, ...rest.map((l) => l[i]))));
}

/** SGD, with momentum if it is not 0, on a tree of parameters; torch.optim.SGD's rule. */
export function sgdCase<P, B>(options: {
  params: unknown;
  loss: (params: P, batch: B) => Tensor;
  batches: (first: number) => unknown;
  rate: number;
  momentum?: number;
}): TrainingCase {
  const { params, loss, batches, rate, momentum = 0 } = options;
  type State = { params: P; velocity: P };
  const step = ({ params, velocity }: State, batch: B) => {
    const [value, gradient] = valueAndGrad(loss)(params, batch);
    if (momentum === 0) {
      const next = mapTrees((p, g) => sub(p, mul(g, rate)), params, gradient);
      return [{ params: next, velocity }, value] as const;
    }
    const next = mapTrees((v, g) => add(mul(v, momentum), g), velocity, gradient);
    return [
      { params: mapTrees((p, v) => sub(p, mul(v, rate)), params, next), velocity: next },
      value,
    ] as const;
  };
  const flat = flatten(params, isNdArray);
  const zeros = unflatten(
    flat.tree,
    flat.leaves.map(({ shape, data }) => ({
      dtype: "float32",
      shape,
      data: new Float32Array(data.length),
    })),
  );
  const state = { params, velocity: momentum === 0 ? [] : zeros };
  const [program, compileSeconds] = timed(() =>
    compile((s: State, b: B) => scan(step, s, b), [state, batches(0)] as never, { name: "train" })
  );
  return {
    program: program as unknown as Program<never[], unknown>,
    state,
    inputs: batches,
    loss: (trace) => Number((trace as NdArray).data.at(-1)),
    parameters: countParameters(params),
    compileSeconds,
  };
}
