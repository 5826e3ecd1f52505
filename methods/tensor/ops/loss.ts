// Cross-entropy over classes, fused so that its gradient is softmax minus one-hot without a one-hot.
import { describe, TensorError } from "../types.ts";
import { sizeOf } from "../ndarray.ts";
import { apply1, asTensor, type Primitive, type Tensor, type TensorLike } from "../node.ts";
import { requireDType, sameShape } from "../shape.ts";
import { spreadAll } from "./batching.ts";
import { reshape, sum } from "./structure.ts";
import { div, maximum, mul, sub } from "./elementwise.ts";
import { exp, log, neg } from "./unary.ts";
import { cast, stopGradient } from "./logic.ts";
import { addAlongAxis, takeAlongAxis } from "./indexing.ts";
import { maxKernel, mean } from "./reduction.ts";

/**
 * What the loss and its gradient share, so that a row is exponentiated once: x less its largest element,
 * eˣ of that, and the sum of these.
 */
function exponentials(x: Tensor): { shifted: Tensor; powers: Tensor; total: Tensor } {
  const shifted = sub(x, stopGradient(apply1(maxKernel, [x], { axes: [1], keepDims: true })));
  const powers = exp(shifted);
  return { shifted, powers, total: sum(powers, 1, { keepDims: true }) };
}

/** [n, classes] logits and [n, 1] labels → [n, 1] of −log p(label). */
const rowEntropy: Primitive = {
  name: "rowCrossEntropy",
  infer: ([x, labels]) => [{ dtype: x.dtype, shape: labels.shape }],
  lower: ([x, labels]) => {
    const { shifted, total } = exponentials(x);
    return [sub(log(total), takeAlongAxis(shifted, labels, 1))];
  },
  emit: () => {
    throw new TensorError("unsupported", "rowCrossEntropy is always lowered");
  },
  vjp: (node, [g]) => {
    const [x, labels] = node.inputs;
    if (!g) return [null, null];
    const { powers, total } = exponentials(x);
    return [addAlongAxis(mul(powers, div(g, total)), labels, neg(g), 1), null];
  },
  batch: (inputs, batched, _, size) => {
    const [x, labels] = spreadAll(inputs, batched, size);
    const rows = [reshape(x, [-1, x.shape[2]]), reshape(labels, [-1, 1])];
    return [reshape(apply1(rowEntropy, rows, {}), labels.shape)];
  },
  flops: (node) => 5 * sizeOf(node.inputs[0].shape),
};

/** Options of {@linkcode crossEntropy}. */
export interface CrossEntropyOptions {
  /** 1 (or true) where a label counts, 0 where not; shape of the labels. */
  readonly mask?: TensorLike;
}

/**
 * Mean of −log softmax(logits)[label] over all labels, or over those where the mask is 1.
 * @param logits [..., classes]
 * @param labels int32 or int64 [...], each in 0 … classes − 1
 */
export function crossEntropy(
  logits: TensorLike,
  labels: TensorLike,
  { mask }: CrossEntropyOptions = {},
): Tensor {
  const x = asTensor(logits), y = asTensor(labels, "int64");
  requireDType("crossEntropy", x, "float32", "float64");
  requireDType("crossEntropy", y, "int32", "int64");
  if (!sameShape(x.shape.slice(0, -1), y.shape)) {
    throw new TensorError(
      "shape",
      `crossEntropy: labels ${describe(y)} do not fit logits ${describe(x)}; ${
        describe({ ...y, shape: x.shape.slice(0, -1) })
      } expected`,
    );
  }
  const rows = reshape(x, [sizeOf(y.shape), x.shape[x.shape.length - 1]]);
  const losses = apply1(rowEntropy, [rows, reshape(y, [-1, 1])], {});
  if (mask === undefined) return mean(losses);
  const keep = asTensor(mask, x.dtype);
  if (!sameShape(keep.shape, y.shape)) {
    throw new TensorError(
      "shape",
      `crossEntropy: mask ${describe(keep)} does not fit labels ${describe(y)}`,
    );
  }
  const weights = reshape(cast(keep, x.dtype), [-1, 1]);
  return div(sum(mul(losses, weights)), maximum(sum(weights), 1));
}
