// What a model is judged by, computed in the program beside its loss.

import {
  argmax,
  asTensor,
  cast,
  div,
  equal,
  maximum,
  mean,
  mul,
  sum,
  type Tensor,
  TensorError,
  type TensorLike,
} from "../tensor/mod.ts";
import { sameShape } from "../tensor/shape.ts";
import { describe } from "../tensor/types.ts";

/** Options of {@link accuracy}. */
export interface AccuracyOptions {
  /** 1 (or true) where a label counts, 0 where not, in the shape of the labels. @default all count */
  mask?: TensorLike;
}

/**
 * Share of labels whose class has the largest score, in the scores' dtype; scalar. Of equal scores the
 * first counts. Constant in pieces: not to be differentiated, but reported beside a loss.
 *
 * @param scores float [..., classes]: logits or probabilities.
 * @param labels int32 or int64 [...], from 0.
 * @throws TensorError `shape` or `dtype` naming scores and labels that do not fit.
 *
 * @example
 * ```ts
 * import { compile, crossEntropy, type Tensor, valueAndGrad, zeros } from "../tensor/mod.ts";
 * import { accuracy, linear, type LinearParams } from "./mod.ts";
 *
 * const loss = (p: LinearParams, x: Tensor, labels: Tensor) => {
 *   const scores = linear(p, x);
 *   return [crossEntropy(scores, labels), accuracy(scores, labels)] as const;
 * };
 * const params = { w: zeros([8, 10]), b: zeros([10]) };
 * compile(valueAndGrad(loss, { hasAux: true }), [params, zeros([32, 8]), zeros([32], "int32")]);
 * ```
 */
export function accuracy(
  scores: TensorLike,
  labels: TensorLike,
  { mask }: AccuracyOptions = {},
): Tensor {
  const x = asTensor(scores), y = asTensor(labels, "int64");
  if (!x.dtype.startsWith("float")) {
    throw new TensorError("dtype", `accuracy: scores ${describe(x)} are no floats`);
  }
  if (y.dtype !== "int32" && y.dtype !== "int64") {
    throw new TensorError(
      "dtype",
      `accuracy: labels ${describe(y)} are not int32 or int64; cast() them, or take argmax() of ` +
        "one-hot rows",
    );
  }
  const wanted = x.shape.slice(0, -1);
  if (x.shape.length === 0 || !sameShape(y.shape, wanted)) {
    throw new TensorError(
      "shape",
      `accuracy: labels ${describe(y)} do not fit scores ${describe(x)}; ${
        describe({ dtype: y.dtype, shape: wanted })
      } expected`,
    );
  }
  const correct = cast(equal(argmax(x, -1), cast(y, "int64")), x.dtype);
  if (mask === undefined) return mean(correct);
  const keep = asTensor(mask, x.dtype);
  if (!sameShape(keep.shape, y.shape)) {
    throw new TensorError(
      "shape",
      `accuracy: mask ${describe(keep)} does not fit labels ${describe(y)}`,
    );
  }
  const weights = cast(keep, x.dtype);
  return div(sum(mul(correct, weights)), maximum(sum(weights), 1));
}
