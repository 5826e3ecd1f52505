// Softmax and its logarithm, logSumExp, layer normalisation.
import { describe, TensorError } from "../types.ts";
import { sizeOf } from "../ndarray.ts";
import {
  apply,
  apply1,
  asTensor,
  constant,
  isFloat,
  type Primitive,
  type Tensor,
  type TensorLike,
} from "../node.ts";
import { axesOf, axisOf, sameDType, sameShape } from "../shape.ts";
import { spread } from "./batching.ts";
import { broadcastTo, type ReduceOptions, reshape, sum, sumTo } from "./structure.ts";
import { add, mul, sub } from "./elementwise.ts";
import { abs, exp, log, rsqrt, square } from "./unary.ts";
import { maxKernel, mean } from "./reduction.ts";
import { cast, less, where } from "./logic.ts";

interface AxisAttribute {
  readonly axis: number;
}

const inputElements = (factor: number) => (node: { inputs: readonly Tensor[] }) =>
  factor * sizeOf(node.inputs[0].shape);

const softmaxPrimitive: Primitive<AxisAttribute> = {
  name: "softmax",
  infer: ([x]) => [x],
  emit: (writer, inputs, node) =>
    writer.node("Softmax", inputs, { axis: { int: node.attributes.axis } }),
  vjp: (node, [g]) => {
    const [y] = node.outputs;
    const { axis } = node.attributes;
    return [g && mul(y, sub(g, sum(mul(g, y), axis, { keepDims: true })))];
  },
  batch: ([x], _, { axis }) => [softmax(x, axis + 1)],
  flops: /* @__PURE__ */ inputElements(5),
};

const logSoftmaxPrimitive: Primitive<AxisAttribute> = {
  name: "logSoftmax",
  infer: ([x]) => [x],
  // WebGPU has no kernel for LogSoftmax.
  lower: ([x], { axis }) => {
    const shifted = sub(x, apply1(maxKernel, [x], { axes: [axis], keepDims: true }));
    return [sub(shifted, log(sum(exp(shifted), axis, { keepDims: true })))];
  },
  emit: () => {
    throw new TensorError("unsupported", "logSoftmax is always lowered");
  },
  vjp: (node, [g]) => {
    const [y] = node.outputs;
    const { axis } = node.attributes;
    return [g && sub(g, mul(exp(y), sum(g, axis, { keepDims: true })))];
  },
  batch: ([x], _, { axis }) => [logSoftmax(x, axis + 1)],
  flops: /* @__PURE__ */ inputElements(5),
};

function floatInput(op: string, x: TensorLike): Tensor {
  const input = asTensor(x);
  if (isFloat(input.dtype)) return input;
  throw new TensorError(
    "dtype",
    `${op}: expected a float tensor, got ${describe(input)}; convert it with cast()`,
  );
}

/** exp(x) / Σ exp(x) along `axis`. */
export function softmax(x: TensorLike, axis = -1): Tensor {
  const input = floatInput("softmax", x);
  return apply1(softmaxPrimitive, [input], { axis: axisOf("softmax", axis, input.shape.length) });
}

/** log softmax, computed without overflow. */
export function logSoftmax(x: TensorLike, axis = -1): Tensor {
  const input = floatInput("logSoftmax", x);
  const along = axisOf("logSoftmax", axis, input.shape.length);
  return apply1(logSoftmaxPrimitive, [input], { axis: along });
}

/** log Σ exp(x) over `axes` (default all), computed without overflow; −∞ over none. */
export function logSumExp(
  x: TensorLike,
  axes?: number | readonly number[],
  options: ReduceOptions = {},
): Tensor {
  const input = floatInput("logSumExp", x);
  const over = axesOf("logSumExp", axes, input.shape.length);
  const keepDims = true;
  const top = sizeOf(input.shape) === 0
    ? sum(input, over, { keepDims })
    : apply1(maxKernel, [input], { axes: over, keepDims });
  // An infinite largest element is the result, which ∞ − ∞ would hide.
  const largest = where(less(abs(top), Infinity), top, 0);
  const total = add(log(sum(exp(sub(input, largest)), axes, { keepDims: true })), largest);
  return options.keepDims ? total : reshape(total, sum(input, axes).shape);
}

/** Attributes of layerNorm: first normalised axis, and what is added to the variance. */
export interface NormAttributes {
  readonly axis: number;
  readonly epsilon: number;
}

/** Outputs: result, mean, inverse deviation. */
export const layerNormPrimitive: Primitive<NormAttributes> = {
  name: "layerNorm",
  infer: ([x], { axis }) => {
    const kept = { dtype: x.dtype, shape: x.shape.map((d, i) => i < axis ? d : 1) };
    return [x, kept, kept];
  },
  emit: (writer, inputs, { attributes: { axis, epsilon } }) =>
    writer.node(
      "LayerNormalization",
      inputs,
      { axis: { int: axis }, epsilon: { float: epsilon } },
      3,
    ),
  // ONNX keeps the statistics in float32 whatever the input, so float64 is composed.
  lower: ([x, scale, bias], { axis, epsilon }) => {
    if (x.dtype === "float32") return null;
    if (x.dtype === "float16") {
      // Its sums of squares overflow soon, and small epsilons are 0.
      const single = [x, scale, bias].map((t) => cast(t, "float32"));
      return apply(layerNormPrimitive, single, { axis, epsilon }).map((y) => cast(y, x.dtype));
    }
    const axes = x.shape.flatMap((_, i) => i < axis ? [] : [i]);
    const center = mean(x, axes, { keepDims: true });
    const inverse = rsqrt(add(mean(square(sub(x, center)), axes, { keepDims: true }), epsilon));
    return [add(mul(mul(sub(x, center), inverse), scale), bias), center, inverse];
  },
  vjp: (node, [g, gMean, gInverse]) => {
    const [x, scale, bias] = node.inputs;
    const [, center, inverse] = node.outputs;
    const { axis } = node.attributes;
    const axes = x.shape.flatMap((_, i) => i < axis ? [] : [i]);
    const count = sizeOf(axes.map((a) => x.shape[a]));
    const rows = (t: Tensor) => mean(t, axes, { keepDims: true });
    const centered = sub(x, center);
    let gx: Tensor | null = null, gScale: Tensor | null = null, gBias: Tensor | null = null;
    if (g) {
      const unit = mul(centered, inverse);
      const gUnit = mul(g, scale);
      const along = rows(mul(gUnit, unit));
      gx = mul(sub(sub(gUnit, rows(gUnit)), mul(unit, along)), inverse);
      gScale = sumTo(mul(g, unit), scale.shape);
      gBias = sumTo(g, bias.shape);
    }
    // Only higher derivatives reach the statistics: ∂mean/∂x = 1/n, ∂inverse/∂x = −inverse³(x−mean)/n.
    if (gMean) gx = plus(gx, broadcastTo(mul(gMean, 1 / count), x.shape));
    if (gInverse) {
      const slope = mul(mul(gInverse, mul(square(inverse), inverse)), -1 / count);
      gx = plus(gx, mul(centered, slope));
    }
    return [gx, gScale, gBias];
  },
  batch: ([x, scale, bias], [ofX, ofScale, ofBias], { axis, epsilon }, size) => {
    if (!ofScale && !ofBias) {
      return apply(layerNormPrimitive, [x, scale, bias], { axis: axis + 1, epsilon });
    }
    // The kernel takes one scale and shift: those of a batch are applied after it.
    const from = axis + (ofX ? 1 : 0);
    const neutral = (value: number) => broadcastTo(constant(value, x.dtype), x.shape.slice(from));
    const [unit, center, inverse] = apply(layerNormPrimitive, [x, neutral(1), neutral(0)], {
      axis: from,
      epsilon,
    });
    const ones = Array<number>(axis).fill(1);
    const beside = (t: Tensor, batched: boolean) =>
      batched ? reshape(t, [size, ...ones, ...t.shape.slice(1)]) : t;
    return [
      add(mul(unit, beside(scale, ofScale)), beside(bias, ofBias)),
      spread(center, ofX, size),
      spread(inverse, ofX, size),
    ];
  },
  flops: /* @__PURE__ */ inputElements(8),
};

function plus(a: Tensor | null, b: Tensor): Tensor {
  return a ? add(a, b) : b;
}

/**
 * Normalises the axes from `axis` to the last to zero mean and unit variance (divisor n), then
 * scales and shifts. Ba et al., arXiv:1607.06450.
 * @param scale shape of the normalised axes
 * @param bias shape of the normalised axes
 */
export function layerNorm(
  x: TensorLike,
  scale: TensorLike,
  bias: TensorLike,
  epsilon = 1e-5,
  axis = -1,
): Tensor {
  const input = floatInput("layerNorm", x);
  const s = asTensor(scale, input.dtype), b = asTensor(bias, input.dtype);
  sameDType("layerNorm", input, s, b);
  const from = axisOf("layerNorm", axis, input.shape.length);
  const normal = input.shape.slice(from);
  if (!sameShape(s.shape, normal) || !sameShape(b.shape, normal)) {
    throw new TensorError(
      "shape",
      `layerNorm: scale ${describe(s)} and bias ${describe(b)} must have shape [${
        normal.join(", ")
      }] to normalise ${describe(input)} from axis ${from}`,
    );
  }
  if (sizeOf(input.shape) === 0) return input;
  return apply(layerNormPrimitive, [input, s, b], { axis: from, epsilon })[0];
}
