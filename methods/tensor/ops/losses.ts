// Losses of regression and classification beside cross-entropy, with PyTorch's definitions.
import { describe, TensorError } from "../types.ts";
import { asTensor, isFloat, type Tensor, type TensorLike } from "../node.ts";
import { requireDType, sameDType, sameShape } from "../shape.ts";
import { expandDims, squeeze, sum } from "./structure.ts";
import { add, mul, sub } from "./elementwise.ts";
import { abs, exp, neg, square } from "./unary.ts";
import { lessEqual, where } from "./logic.ts";
import { labelOperators } from "./labels.ts";
import { logSoftmax } from "./normalization.ts";
import { requireOptions } from "./options.ts";
import { mean } from "./reduction.ts";
import { softplus } from "./rectifiers.ts";

/** What becomes of the losses of single elements. */
export type Reduction = "mean" | "sum" | "none";

/** Options of the losses. */
export interface LossOptions {
  /** @default "mean" */
  readonly reduction?: Reduction;
}

/** Losses reduced as asked. @throws TensorError `argument` for an unknown reduction */
export function reduced(op: string, losses: Tensor, reduction: Reduction): Tensor {
  switch (reduction) {
    case "mean":
      return mean(losses);
    case "sum":
      return sum(losses);
    case "none":
      return losses;
    default:
      throw new TensorError(
        "argument",
        `${op}: reduction must be "mean", "sum" or "none", got "${reduction}"`,
      );
  }
}

/** Prediction and target of one float dtype and one shape: broadcasting here is nearly always a mistake. */
function pair(op: string, prediction: TensorLike, target: TensorLike): [Tensor, Tensor] {
  const x = asTensor(prediction), y = asTensor(target, x.dtype);
  sameDType(op, x, y);
  if (!isFloat(x.dtype) || !sameShape(x.shape, y.shape)) {
    throw new TensorError(
      "shape",
      `${op}: ${describe(x)} and ${describe(y)}; floats of one shape expected`,
    );
  }
  return [x, y];
}

/** Mean of (prediction − target)². */
export function meanSquaredError(
  prediction: TensorLike,
  target: TensorLike,
  options: LossOptions = {},
): Tensor {
  requireOptions("meanSquaredError", options, ["reduction"]);
  const { reduction = "mean" } = options;
  const [x, y] = pair("meanSquaredError", prediction, target);
  return reduced("meanSquaredError", square(sub(x, y)), reduction);
}

/** Mean of |prediction − target|. */
export function meanAbsoluteError(
  prediction: TensorLike,
  target: TensorLike,
  options: LossOptions = {},
): Tensor {
  requireOptions("meanAbsoluteError", options, ["reduction"]);
  const { reduction = "mean" } = options;
  const [x, y] = pair("meanAbsoluteError", prediction, target);
  return reduced("meanAbsoluteError", abs(sub(x, y)), reduction);
}

/** Half the square up to `knee`, a line beyond. */
function kinked(
  op: string,
  prediction: TensorLike,
  target: TensorLike,
  knee: number,
  scale: number,
  reduction: Reduction,
): Tensor {
  if (!(knee > 0)) {
    throw new TensorError("argument", `${op}: the knee ${knee} must be above 0`);
  }
  const [x, y] = pair(op, prediction, target);
  const error = sub(x, y), size = abs(error);
  const line = mul(sub(size, 0.5 * knee), knee * scale);
  return reduced(
    op,
    where(lessEqual(size, knee), mul(square(error), 0.5 * scale), line),
    reduction,
  );
}

/** Options of {@linkcode huber}. */
export interface HuberOptions extends LossOptions {
  /** Where the square becomes a line. @default 1 */
  readonly delta?: number;
}

/** Huber's loss: ½e² for |e| ≤ δ, else δ(|e| − ½δ), with e = prediction − target. */
export function huber(
  prediction: TensorLike,
  target: TensorLike,
  options: HuberOptions = {},
): Tensor {
  requireOptions("huber", options, ["reduction", "delta"]);
  const { reduction = "mean", delta = 1 } = options;
  return kinked("huber", prediction, target, delta, 1, reduction);
}

/** Options of {@linkcode smoothL1}. */
export interface SmoothL1Options extends LossOptions {
  /** Where the square becomes a line. @default 1 */
  readonly beta?: number;
}

/** ½e²/β for |e| ≤ β, else |e| − ½β: Huber's loss divided by β. */
export function smoothL1(
  prediction: TensorLike,
  target: TensorLike,
  options: SmoothL1Options = {},
): Tensor {
  requireOptions("smoothL1", options, ["reduction", "beta"]);
  const { reduction = "mean", beta = 1 } = options;
  return kinked("smoothL1", prediction, target, beta, 1 / beta, reduction);
}

/** Options of {@linkcode binaryCrossEntropyWithLogits}. */
export interface BinaryCrossEntropyOptions extends LossOptions {
  /** Weight of the positive class; broadcasts. @default 1 */
  readonly positiveWeight?: TensorLike;
}

/**
 * −[w·y·log σ(x) + (1 − y)·log(1 − σ(x))] without overflow.
 * @param logits x, of any shape
 * @param targets y in [0, 1], of the same shape
 */
export function binaryCrossEntropyWithLogits(
  logits: TensorLike,
  targets: TensorLike,
  options: BinaryCrossEntropyOptions = {},
): Tensor {
  requireOptions("binaryCrossEntropyWithLogits", options, ["reduction", "positiveWeight"]);
  const { reduction = "mean", positiveWeight } = options;
  const [x, y] = pair("binaryCrossEntropyWithLogits", logits, targets);
  // softplus(−x) = softplus(x) − x.
  const losses = positiveWeight === undefined ? sub(softplus(x), mul(x, y)) : add(
    mul(sub(1, y), x),
    mul(add(mul(sub(asTensor(positiveWeight, x.dtype), 1), y), 1), softplus(neg(x))),
  );
  return reduced("binaryCrossEntropyWithLogits", losses, reduction);
}

/** Options of {@linkcode klDivergence}. */
export interface KlDivergenceOptions extends LossOptions {
  /** τ: logits are divided by it and the loss multiplied by τ². @default 1 */
  readonly temperature?: number;
}

/**
 * τ² Σ p log(p/q) over the last axis, p = softmax(targetLogits/τ), q = softmax(logits/τ); the mean is
 * taken over all other axes. The distillation loss of Hinton et al., arXiv:1503.02531. Derivatives
 * flow to both arguments: wrap the teacher's in stopGradient().
 * @param logits [..., classes], finite
 * @param targetLogits the same shape
 */
export function klDivergence(
  logits: TensorLike,
  targetLogits: TensorLike,
  options: KlDivergenceOptions = {},
): Tensor {
  requireOptions("klDivergence", options, ["reduction", "temperature"]);
  const { reduction = "mean", temperature = 1 } = options;
  const [x, y] = pair("klDivergence", logits, targetLogits);
  if (!(temperature > 0)) {
    throw new TensorError("argument", `klDivergence: temperature ${temperature} must be above 0`);
  }
  const logQ = logSoftmax(mul(x, 1 / temperature)), logP = logSoftmax(mul(y, 1 / temperature));
  const rows = sum(mul(exp(logP), sub(logP, logQ)), -1);
  return reduced("klDivergence", mul(rows, temperature ** 2), reduction);
}

const likelihoodLabels = /* @__PURE__ */ labelOperators("negativeLogLikelihood");

/**
 * −logProbabilities[label], the cross-entropy of what logSoftmax() gave.
 * @param logProbabilities [..., classes]
 * @param labels int32 or int64 [...], each in 0 … classes − 1: others fail at run time, except on webgpu
 */
export function negativeLogLikelihood(
  logProbabilities: TensorLike,
  labels: TensorLike,
  options: LossOptions = {},
): Tensor {
  requireOptions("negativeLogLikelihood", options, ["reduction"]);
  const { reduction = "mean" } = options;
  const x = asTensor(logProbabilities), y = asTensor(labels, "int64");
  requireDType("negativeLogLikelihood", y, "int32", "int64");
  if (!isFloat(x.dtype) || !sameShape(x.shape.slice(0, -1), y.shape)) {
    throw new TensorError(
      "shape",
      `negativeLogLikelihood: labels ${describe(y)} do not fit ${describe(x)}`,
    );
  }
  const last = x.shape.length - 1;
  const { guard, pick } = likelihoodLabels;
  const at = guard(y, x.shape[last]).at;
  const picked = squeeze(pick(x, expandDims(at, last), last), last);
  return reduced("negativeLogLikelihood", neg(picked), reduction);
}
