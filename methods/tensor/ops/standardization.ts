// Normalisation by statistics over any axes: batch, group, instance and root-mean-square norms.
import { describe, TensorError } from "../types.ts";
import { sizeOf } from "../ndarray.ts";
import {
  apply,
  asTensor,
  constant,
  isFloat,
  type Primitive,
  type Tensor,
  type TensorLike,
} from "../node.ts";
import { axisOf, sameDType, sameShape } from "../shape.ts";
import { broadcastTo, reshape, sum, sumTo } from "./structure.ts";
import { add, mul, sub } from "./elementwise.ts";
import { rsqrt, square } from "./unary.ts";
import { mean } from "./reduction.ts";
import { stopGradient } from "./logic.ts";
import { layerNorm } from "./normalization.ts";

interface StatisticsAttributes {
  readonly axes: readonly number[];
  readonly epsilon: number;
}

const unitSizes = (x: Tensor, axes: readonly number[]) => ({
  dtype: x.dtype,
  shape: x.shape.map((d, i) => axes.includes(i) ? 1 : d),
});

const plus = (a: Tensor | null, b: Tensor) => a === null ? b : add(a, b);

const further = ({ axes, epsilon }: StatisticsAttributes) => ({
  axes: axes.map((a) => a + 1),
  epsilon,
});

/** Outputs: (x − mean)·inverse, mean, variance (divisor n), inverse = 1/√(variance + ε). */
const standardizePrimitive: Primitive<StatisticsAttributes> = {
  name: "standardize",
  infer: ([x], { axes }) => [x, unitSizes(x, axes), unitSizes(x, axes), unitSizes(x, axes)],
  lower: ([x], { axes, epsilon }) => {
    const center = mean(x, axes, { keepDims: true });
    const centered = sub(x, center);
    const spread = mean(square(centered), axes, { keepDims: true });
    const inverse = rsqrt(add(spread, epsilon));
    return [mul(centered, inverse), center, spread, inverse];
  },
  emit: () => {
    throw new TensorError("unsupported", "standardize is always lowered");
  },
  vjp: (node, [g, gMean, gVariance, gInverse]) => {
    const [x] = node.inputs;
    const [unit, center, , inverse] = node.outputs;
    const { axes } = node.attributes;
    const rows = (t: Tensor) => mean(t, axes, { keepDims: true });
    const share = 1 / sizeOf(axes.map((a) => x.shape[a]));
    let gx: Tensor | null = null;
    if (g) gx = mul(sub(sub(g, rows(g)), mul(unit, rows(mul(g, unit)))), inverse);
    if (gMean) gx = plus(gx, broadcastTo(mul(gMean, share), x.shape));
    if (gVariance) gx = plus(gx, mul(sub(x, center), mul(gVariance, 2 * share)));
    // ∂inverse/∂x = −inverse³ (x − mean)/n = −inverse² unit/n.
    if (gInverse) gx = plus(gx, mul(unit, mul(mul(gInverse, square(inverse)), -share)));
    return [gx];
  },
  batch: ([x], _, attributes) => apply(standardizePrimitive, [x], further(attributes)),
  flops: (node) => 7 * sizeOf(node.inputs[0].shape),
};

/**
 * Inputs x, scale, bias; outputs (x − mean)·inverse·scale + bias, mean, variance, inverse. One primitive,
 * so that scale and inverse are joined before they meet x, and the sums that are the derivatives of
 * scale and bias serve that of x too: four passes over x fewer than its parts take.
 */
const scaledStandardizePrimitive: Primitive<StatisticsAttributes> = {
  name: "scaledStandardize",
  infer: ([x], { axes }) => [x, unitSizes(x, axes), unitSizes(x, axes), unitSizes(x, axes)],
  lower: ([x, scale, bias], { axes, epsilon }) => {
    const center = mean(x, axes, { keepDims: true });
    const centered = sub(x, center);
    const spread = mean(square(centered), axes, { keepDims: true });
    const inverse = rsqrt(add(spread, epsilon));
    return [add(mul(centered, mul(inverse, scale)), bias), center, spread, inverse];
  },
  emit: () => {
    throw new TensorError("unsupported", "scaledStandardize is always lowered");
  },
  vjp: (node, [g, gMean, gVariance, gInverse]) => {
    const [x, scale, bias] = node.inputs;
    const [, center, , inverse] = node.outputs;
    const { axes } = node.attributes;
    const share = 1 / sizeOf(axes.map((a) => x.shape[a]));
    const centered = sub(x, center);
    let gx: Tensor | null = null, gScale: Tensor | null = null, gBias: Tensor | null = null;
    if (g) {
      const total = sum(g, axes, { keepDims: true });
      const along = mul(sum(mul(g, centered), axes, { keepDims: true }), inverse);
      gScale = sumTo(along, scale.shape);
      gBias = sumTo(total, bias.shape);
      const rest = mul(centered, mul(mul(along, inverse), share));
      gx = mul(sub(sub(g, mul(total, share)), rest), mul(scale, inverse));
    }
    if (gMean) gx = plus(gx, broadcastTo(mul(gMean, share), x.shape));
    if (gVariance) gx = plus(gx, mul(centered, mul(gVariance, 2 * share)));
    // ∂inverse/∂x = −inverse³ (x − mean)/n.
    if (gInverse) {
      const slope = mul(mul(gInverse, mul(square(inverse), inverse)), -share);
      gx = plus(gx, mul(centered, slope));
    }
    return [gx, gScale, gBias];
  },
  batch: ([x, scale, bias], batched, attributes, size) => {
    const all = batched[0] ? x : broadcastTo(reshape(x, [1, ...x.shape]), [size, ...x.shape]);
    // A batched vector of channels keeps its distance from the last axis.
    const beside = (t: Tensor, own: boolean) =>
      own
        ? reshape(t, [
          size,
          ...new Array(all.shape.length - t.shape.length).fill(1),
          ...t.shape.slice(1),
        ])
        : t;
    const [unit, ...statistics] = apply(standardizePrimitive, [all], further(attributes));
    const scaled = mul(unit, beside(scale, batched[1]));
    return [add(scaled, beside(bias, batched[2])), ...statistics];
  },
  flops: (node) => 8 * sizeOf(node.inputs[0].shape),
};

/** Outputs: x·inverse, inverse = 1/√(mean of squares + ε). */
const rootMeanSquarePrimitive: Primitive<StatisticsAttributes> = {
  name: "rootMeanSquare",
  infer: ([x], { axes }) => [x, unitSizes(x, axes)],
  lower: ([x], { axes, epsilon }) => {
    const inverse = rsqrt(add(mean(square(x), axes, { keepDims: true }), epsilon));
    return [mul(x, inverse), inverse];
  },
  emit: () => {
    throw new TensorError("unsupported", "rootMeanSquare is always lowered");
  },
  vjp: (node, [g, gInverse]) => {
    const [x] = node.inputs;
    const [unit, inverse] = node.outputs;
    const { axes } = node.attributes;
    const share = 1 / sizeOf(axes.map((a) => x.shape[a]));
    let gx: Tensor | null = null;
    if (g) {
      gx = mul(sub(g, mul(unit, mean(mul(g, unit), axes, { keepDims: true }))), inverse);
    }
    if (gInverse) gx = plus(gx, mul(unit, mul(mul(gInverse, square(inverse)), -share)));
    return [gx];
  },
  batch: ([x], _, attributes) => apply(rootMeanSquarePrimitive, [x], further(attributes)),
  flops: (node) => 4 * sizeOf(node.inputs[0].shape),
};

function floatInput(op: string, x: TensorLike): Tensor {
  const input = asTensor(x);
  if (isFloat(input.dtype)) return input;
  throw new TensorError(
    "dtype",
    `${op}: expected a float tensor, got ${describe(input)}; convert it with cast()`,
  );
}

/** Vectors [c] as [c, 1, …], to broadcast along axis `axis` of x. */
function perChannel(
  op: string,
  x: Tensor,
  axis: number,
  ...vectors: readonly TensorLike[]
): Tensor[] {
  const channels = x.shape[axis];
  return vectors.map((vector) => {
    const v = asTensor(vector, x.dtype);
    sameDType(op, x, v);
    if (v.shape.length !== 1 || v.shape[0] !== channels) {
      throw new TensorError(
        "shape",
        `${op}: ${describe(v)} does not fit the ${channels} channels of ${
          describe(x)
        } (axis ${axis})`,
      );
    }
    return reshape(v, [channels, ...x.shape.slice(axis + 1).map(() => 1)]);
  });
}

/** Mean and variance [c] that batch normalisation uses outside training. */
export interface RunningStatistics {
  readonly mean: Tensor;
  readonly variance: Tensor;
}

/** Options of {@linkcode batchNorm} and {@linkcode batchNormTraining}. */
export interface BatchNormOptions {
  /** The axis of channels. @default 1 */
  readonly axis?: number;
  /** Added to the variance. @default 1e-5 */
  readonly epsilon?: number;
  /** Weight of the new statistics in the running ones; training only. @default 0.1 */
  readonly momentum?: number;
}

/**
 * Batch normalisation outside training: (x − mean)/√(variance + ε)·scale + bias for each channel, with
 * running statistics. Ioffe and Szegedy, arXiv:1502.03167.
 * @param x [n, c, …]
 * @param scale [c]
 * @param bias [c]
 */
export function batchNorm(
  x: TensorLike,
  scale: TensorLike,
  bias: TensorLike,
  running: { readonly mean: TensorLike; readonly variance: TensorLike },
  { axis = 1, epsilon = 1e-5 }: BatchNormOptions = {},
): Tensor {
  const input = floatInput("batchNorm", x);
  const along = axisOf("batchNorm", axis, input.shape.length);
  const [s, b, center, spread] = perChannel(
    "batchNorm",
    input,
    along,
    scale,
    bias,
    running.mean,
    running.variance,
  );
  const factor = mul(s, rsqrt(add(spread, epsilon)));
  return add(mul(input, factor), sub(b, mul(center, factor)));
}

/**
 * Batch normalisation in training: the statistics are those of the batch. Returns the result and the
 * running statistics moved towards them by `momentum`; as in PyTorch the running variance takes the
 * sample variance (divisor n − 1), and no derivative flows through them.
 * @param x [n, c, …] with more than one element a channel
 */
export function batchNormTraining(
  x: TensorLike,
  scale: TensorLike,
  bias: TensorLike,
  running: { readonly mean: TensorLike; readonly variance: TensorLike },
  { axis = 1, epsilon = 1e-5, momentum = 0.1 }: BatchNormOptions = {},
): [Tensor, RunningStatistics] {
  const input = floatInput("batchNormTraining", x);
  const along = axisOf("batchNormTraining", axis, input.shape.length);
  const [s, b] = perChannel("batchNormTraining", input, along, scale, bias);
  perChannel("batchNormTraining", input, along, running.mean, running.variance);
  const channels = input.shape[along];
  const count = sizeOf(input.shape) / channels;
  if (!(count > 1)) {
    throw new TensorError(
      "shape",
      `batchNormTraining: ${describe(input)} has no more than one element a channel`,
    );
  }
  const axes = input.shape.map((_, i) => i).filter((i) => i !== along);
  const attributes = { axes, epsilon };
  const [y, center, spread] = apply(scaledStandardizePrimitive, [input, s, b], attributes);
  const moved = (old: TensorLike, now: Tensor, factor: number) =>
    stopGradient(
      add(
        mul(asTensor(old, input.dtype), 1 - momentum),
        mul(reshape(now, [channels]), momentum * factor),
      ),
    );
  return [y, {
    mean: moved(running.mean, center, 1),
    variance: moved(running.variance, spread, count / (count - 1)),
  }];
}

/**
 * Normalises each of `groups` parts of the channels of each example to zero mean and unit variance,
 * then scales and shifts channels. Wu and He, arXiv:1803.08494.
 * @param x [n, c, …]
 * @param scale [c]
 * @param bias [c]
 */
export function groupNorm(
  x: TensorLike,
  groups: number,
  scale: TensorLike,
  bias: TensorLike,
  epsilon = 1e-5,
): Tensor {
  return normalizeGroups("groupNorm", floatInput("groupNorm", x), groups, scale, bias, epsilon);
}

/** Normalises each channel of each example; see {@linkcode groupNorm}. Ulyanov et al., arXiv:1607.08022. */
export function instanceNorm(
  x: TensorLike,
  scale: TensorLike,
  bias: TensorLike,
  epsilon = 1e-5,
): Tensor {
  const input = floatInput("instanceNorm", x);
  return normalizeGroups("instanceNorm", input, input.shape[1], scale, bias, epsilon);
}

function normalizeGroups(
  op: string,
  x: Tensor,
  groups: number,
  scale: TensorLike,
  bias: TensorLike,
  epsilon: number,
): Tensor {
  if (x.shape.length < 2 || !Number.isInteger(groups) || groups < 1 || x.shape[1] % groups !== 0) {
    throw new TensorError(
      "shape",
      `${op}: ${groups} groups do not divide the channels of ${describe(x)}`,
    );
  }
  const [s, b] = perChannel(op, x, 1, scale, bias);
  const width = sizeOf(x.shape.slice(1)) / groups;
  const parts = reshape(x, [x.shape[0] * groups, width]);
  const fill = (value: number) => broadcastTo(constant(value, x.dtype), [width]);
  const unit = layerNorm(parts, fill(1), fill(0), epsilon);
  return add(mul(reshape(unit, x.shape), s), b);
}

/**
 * x / √(mean of x² + ε) · scale over the axes from `axis` to the last. Zhang and Sennrich,
 * arXiv:1910.07467.
 * @param scale shape of the normalised axes
 */
export function rmsNorm(x: TensorLike, scale: TensorLike, epsilon = 1e-5, axis = -1): Tensor {
  const input = floatInput("rmsNorm", x);
  const s = asTensor(scale, input.dtype);
  sameDType("rmsNorm", input, s);
  const from = axisOf("rmsNorm", axis, input.shape.length);
  const normal = input.shape.slice(from);
  if (!sameShape(s.shape, normal)) {
    throw new TensorError(
      "shape",
      `rmsNorm: scale ${describe(s)} must have shape [${normal.join(", ")}] to normalise ${
        describe(input)
      } from axis ${from}`,
    );
  }
  const axes = normal.map((_, i) => from + i);
  return mul(apply(rootMeanSquarePrimitive, [input], { axes, epsilon })[0], s);
}
