// Calls by name, continued: rearrangement, order, scatter, windows, normalisation, losses.
import * as t from "../../methods/tensor/mod.ts";

/** Options of operators, as JSON. */
export interface Options {
  readonly [name: string]: unknown;
}

type Inputs = readonly t.TensorLike[];

/** One operator applied to inputs. */
export type Call = (x: Inputs, o: Options) => t.Tensor | readonly t.Tensor[];

const count = (x: unknown) => x as number;
const maybe = (x: unknown) => x as number | undefined;
const counts = (x: unknown) => x as number[];

type Axes = number | readonly number[] | undefined;

/** A loss of two tensors of one shape. */
const loss = (f: (x: t.TensorLike, y: t.TensorLike, o?: never) => t.Tensor): Call => ([x, y], o) =>
  f(x, y, o as never);

/** Part of {@linkcode operators}. */
export const furtherOperators: Record<string, Call> = {
  elu: ([x], { alpha }) => t.elu(x, maybe(alpha)),
  leakyRelu: ([x], { slope }) => t.leakyRelu(x, maybe(slope)),
  hardtanh: ([x], { low, high }) => t.hardtanh(x, maybe(low), maybe(high)),
  std: ([x], { axes, ...o }) => t.std(x, axes as Axes, o as t.StdOptions),
  norm: ([x], { axes, p, ...o }) =>
    t.norm(x, axes as Axes, {
      ...o,
      ...(p === undefined ? {} : { p: p === "inf" ? Infinity : count(p) }),
    }),
  l2Normalize: ([x], { axes, epsilon }) =>
    t.l2Normalize(x, axes as number | undefined, maybe(epsilon)),
  cumsum: ([x], { axis, ...o }) => t.cumsum(x, count(axis), o as t.CumulativeOptions),
  cumprod: ([x], { axis, ...o }) => t.cumprod(x, count(axis), o as t.CumulativeOptions),
  sort: ([x], { axis, ...o }) => t.sort(x, maybe(axis), o as t.SortOptions),
  argsort: ([x], { axis, ...o }) => t.argsort(x, maybe(axis), o as t.SortOptions),
  topK: ([x], { k, ...o }) => t.topK(x, count(k), o as t.TopKOptions),
  arange: (_, { start, stop, step, dtype }) =>
    t.arange(count(start), count(stop), maybe(step), dtype as t.DType),
  linspace: (_, o) => t.linspace(count(o.start), count(o.stop), count(o.count), o.dtype as t.DType),
  eye: (_, { rows, columns, dtype }) => t.eye(count(rows), count(columns), dtype as t.DType),
  diagonal: ([x], o) => t.diagonal(x, o as t.DiagonalOptions),
  trace: ([x], o) => t.trace(x, o as t.DiagonalOptions),
  diagonalMatrix: ([x], { offset }) => t.diagonalMatrix(x, maybe(offset)),
  flip: ([x], { axes }) => t.flip(x, axes as Axes),
  repeat: ([x], o) => t.repeat(x, count(o.count), count(o.axis)),
  roll: ([x], { shift, axis }) => t.roll(x, count(shift), maybe(axis)),
  tile: ([x], o) => t.tile(x, counts(o.counts)),
  tril: ([x], { offset }) => t.tril(x, maybe(offset)),
  triu: ([x], { offset }) => t.triu(x, maybe(offset)),
  putAlongAxis: ([x, i, u], { axis }) => t.putAlongAxis(x, i, u, count(axis)),
  scatter: ([x, i, u], { axis }) => t.scatter(x, i, u, maybe(axis)),
  scatterND: ([x, i, u]) => t.scatterND(x, i, u),
  scatterAddND: ([x, i, u]) => t.scatterAddND(x, i, u),
  dynamicSlice: ([x, ...starts], { sizes }) => t.dynamicSlice(x, starts, counts(sizes)),
  dynamicUpdateSlice: ([x, u, ...starts]) => t.dynamicUpdateSlice(x, u, starts),
  conv1d: ([x, w], o) => t.conv1d(x, w, o as t.ConvOptions),
  conv2d: ([x, w], o) => t.conv2d(x, w, o as t.ConvOptions),
  convTranspose1d: ([x, w], o) => t.convTranspose1d(x, w, o as t.ConvTransposeOptions),
  convTranspose2d: ([x, w], o) => t.convTranspose2d(x, w, o as t.ConvTransposeOptions),
  maxPool: ([x], { size, ...o }) => t.maxPool(x, size as t.PerAxis, o as t.PoolOptions),
  averagePool: ([x], { size, ...o }) => t.averagePool(x, size as t.PerAxis, o),
  globalAveragePool: ([x], o) => t.globalAveragePool(x, o as t.ReduceOptions),
  batchNorm: ([x, s, b, mean, variance], o) => t.batchNorm(x, s, b, { mean, variance }, o),
  batchNormTraining: ([x, s, b, mean, variance], o) => {
    const [y, running] = t.batchNormTraining(x, s, b, { mean, variance }, o);
    return [y, running.mean, running.variance];
  },
  groupNorm: ([x, s, b], { groups, epsilon }) =>
    t.groupNorm(x, count(groups), s, b, maybe(epsilon)),
  instanceNorm: ([x, s, b], { epsilon }) => t.instanceNorm(x, s, b, maybe(epsilon)),
  rmsNorm: ([x, s], { epsilon, axis }) => t.rmsNorm(x, s, maybe(epsilon), maybe(axis)),
  meanSquaredError: loss(t.meanSquaredError),
  meanAbsoluteError: loss(t.meanAbsoluteError),
  huber: loss(t.huber),
  smoothL1: loss(t.smoothL1),
  binaryCrossEntropyWithLogits: loss(t.binaryCrossEntropyWithLogits),
  klDivergence: loss(t.klDivergence),
  negativeLogLikelihood: loss(t.negativeLogLikelihood),
  einsum: (x, { equation }) => t.einsum(equation as string, ...x),
};
