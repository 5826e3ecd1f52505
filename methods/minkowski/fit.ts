// Least-squares fits of many networks in one program: all seeds, and all sample sizes of each, at once.

import { adam, type OptimizerState } from "../optim/mod.ts";
import {
  asTensor,
  compile,
  less,
  mean,
  type NdArray,
  type Program,
  scan,
  type Spec,
  square,
  sub,
  take,
  type Tensor,
  treeMap,
  valueAndGrad,
  vmap,
  where,
} from "../tensor/mod.ts";
import { stream } from "../tensor/random.ts";
import { initMlp, type Mlp, mlp, type MlpShape } from "./network.ts";

/** Sizes of a program of fits. */
export interface FitShape extends MlpShape {
  readonly seeds: number;
  /** Fits of each seed; they share initial weights and differ in the rows that they draw. */
  readonly members: number;
  /** Rows of each seed. */
  readonly rows: number;
  readonly validation: number;
  readonly test: number;
  /** Times that the validation error is taken and the best weights so far are kept. */
  readonly checkpoints: number;
  /** Steps of Adam between checkpoints. */
  readonly interval: number;
  readonly batch: number;
}

/** Arguments of the program. */
export type FitInputs<L = Tensor> = {
  /** Initial weights, [seeds, …]. */
  readonly params: Mlp<L>;
  /** Adam's state; moments [seeds, …]. */
  readonly state: OptimizerState<Mlp<L>, L>;
  /** Rows of all seeds, one after another: x [seeds·rows, d], y [seeds·rows]. */
  readonly pool: { readonly x: L; readonly y: L };
  /** Rows of each batch, counted through all seeds, int32 [checkpoints, interval, seeds, members, batch]. */
  readonly order: L;
  /** Learning rates, [checkpoints, interval]. */
  readonly rates: L;
  /** x [seeds, validation, d], y [seeds, validation]. */
  readonly validation: { readonly x: L; readonly y: L };
  /** x [seeds, test, d], y [seeds, test]. */
  readonly test: { readonly x: L; readonly y: L };
};

/** Results of the program. */
export type FitOutputs<L = Tensor> = {
  /** Validation error at each checkpoint, [seeds, members, checkpoints]. */
  readonly validation: L;
  /** Mean batch loss since the checkpoint before, [seeds, members, checkpoints]. */
  readonly training: L;
  /** Test error of the weights with the least validation error, [seeds, members]. */
  readonly test: L;
};

type Examples = { readonly x: Tensor; readonly y: Tensor };
type Training = { params: Mlp; state: OptimizerState<Mlp> };
type Selection = Training & { best: Mlp; least: Tensor };

const squaredError = (params: Mlp, { x, y }: Examples): Tensor =>
  mean(square(sub(mlp(params, x), y)));

const optimizer = adam();

/** One fit: Adam on batches, with the checkpoint of least validation error kept inside the graph. */
function fit({ params, state, pool, order, rates, validation, test }: FitInputs): FitOutputs {
  const step = ({ params, state }: Training, { order, rate }: { order: Tensor; rate: Tensor }) => {
    const batch = { x: take(pool.x, order), y: take(pool.y, order) };
    const [loss, gradient] = valueAndGrad(squaredError)(params, batch);
    const [next, after] = optimizer.step(params, gradient, state, { lr: rate });
    return [{ params: next, state: after }, loss] as const;
  };
  const checkpoint = (
    { params, state, best, least }: Selection,
    steps: { order: Tensor; rate: Tensor },
  ) => {
    const [after, losses] = scan(step, { params, state }, steps);
    const error = squaredError(after.params, validation);
    const better = less(error, least);
    const kept = treeMap<Mlp>(
      (now, _, before) => where(better, asTensor(now), before),
      after.params,
      best,
    );
    const selected = { best: kept, least: where(better, error, least) };
    return [{ ...after, ...selected }, { error, training: mean(losses) }] as const;
  };
  const least = asTensor(Infinity, "float32");
  const [{ best }, { error, training }] = scan<
    Selection,
    { order: Tensor; rate: Tensor },
    { error: Tensor; training: Tensor }
  >(checkpoint, { params, state, best: params, least }, { order, rate: rates });
  return { validation: error, training, test: squaredError(best, test) };
}

/**
 * The program of all fits: the training loop is one ONNX Loop, mapped over seeds and over members, so
 * that each product is done for all networks at once.
 */
export function compileFits(shape: FitShape): Program<[FitInputs], FitOutputs> {
  const axes = (seeds: 0 | null) => ({
    inAxes: [{
      params: seeds,
      state: { step: null, slots: seeds },
      pool: null,
      order: 2, // seeds for the outer map, then members for the inner one
      rates: null,
      validation: seeds,
      test: seeds,
    }],
  });
  const all = vmap(vmap(fit, axes(null)), axes(0));
  const { seeds, members, rows, validation, test, checkpoints, interval, batch, dimension } = shape;
  const f32 = (...shape: number[]): Spec => ({ dtype: "float32", shape });
  const params = initMlp(stream(0, "shape"), shape).map(({ w, b }) => ({
    w: f32(seeds, ...w.shape),
    b: f32(seeds, ...b.shape),
  }));
  return compile(all, [{
    params,
    state: { step: f32(), slots: { m: params, v: params } },
    pool: { x: f32(seeds * rows, dimension), y: f32(seeds * rows) },
    order: { dtype: "int32", shape: [checkpoints, interval, seeds, members, batch] },
    rates: f32(checkpoints, interval),
    validation: { x: f32(seeds, validation, dimension), y: f32(seeds, validation) },
    test: { x: f32(seeds, test, dimension), y: f32(seeds, test) },
  }], { name: "fits" });
}

/** Weights and Adam's state of several seeds, stacked. */
export function stackedStart(
  starts: readonly Mlp<NdArray>[],
): Pick<FitInputs<NdArray>, "params" | "state"> {
  const params = stack(starts);
  return { params, state: optimizer.init(params) };
}

/** Stacks trees of one form, leaf by leaf, along a new first axis. */
function stack(trees: readonly Mlp<NdArray>[]): Mlp<NdArray> {
  return trees[0].map((layer, i) => {
    const leaf = (name: "w" | "b"): NdArray => ({
      dtype: "float32",
      shape: [trees.length, ...layer[name].shape],
      data: joined(trees.map((tree) => tree[i][name])),
    });
    return { w: leaf("w"), b: leaf("b") };
  });
}

/** The elements of float32 arrays, one after another. */
export function joined(arrays: readonly NdArray[]): Float32Array {
  const data = new Float32Array(arrays.reduce((n, a) => n + a.data.length, 0));
  let at = 0;
  for (const array of arrays) {
    data.set(array.data as Float32Array, at);
    at += array.data.length;
  }
  return data;
}
