// Cross-entropy over classes, fused so that its gradient is softmax minus one-hot without a one-hot.
import { describe, type DType, TensorError } from "../types.ts";
import { sizeOf } from "../ndarray.ts";
import {
  apply1,
  asTensor,
  constant,
  isFloat,
  type Primitive,
  type Tensor,
  type TensorLike,
} from "../node.ts";
import { axisOf, requireDType, sameShape } from "../shape.ts";
import { moveAxis, spreadAll } from "./batching.ts";
import { broadcastTo, reshape, sum } from "./structure.ts";
import { add, div, maximum, mul, sub } from "./elementwise.ts";
import { exp, log, neg } from "./unary.ts";
import { cast, equal, stopGradient, where } from "./logic.ts";
import { labelOperators } from "./labels.ts";
import { type LossOptions, reduced } from "./losses.ts";
import { requireOptions } from "./options.ts";
import { maxKernel } from "./reduction.ts";

const labelled = /* @__PURE__ */ labelOperators("crossEntropy");

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
    return [sub(log(total), labelled.pick(shifted, labels, 1))];
  },
  emit: () => {
    throw new TensorError("unsupported", "rowCrossEntropy is always lowered");
  },
  vjp: (node, [g]) => {
    const [x, labels] = node.inputs;
    if (!g) return [null, null];
    const { powers, total } = exponentials(x);
    return [labelled.spread(mul(powers, div(g, total)), labels, neg(g), 1), null];
  },
  batch: (inputs, batched, _, size) => {
    const [x, labels] = spreadAll(inputs, batched, size);
    const rows = [reshape(x, [-1, x.shape[2]]), reshape(labels, [-1, 1])];
    return [reshape(apply1(rowEntropy, rows, {}), labels.shape)];
  },
  flops: (node) => 5 * sizeOf(node.inputs[0].shape),
};

/**
 * −Σ t·log p over the classes: [n, classes] logits and weights t that broadcast to them → [n, 1]. Of the same
 * exponentials as the rows' entropy, which are computed once.
 */
function weighedEntropy(x: Tensor, t: Tensor): Tensor {
  const { shifted, total } = exponentials(x);
  const whole = sum(broadcastTo(t, [x.shape[0], x.shape[1]]), 1, { keepDims: true });
  return sub(mul(log(total), whole), sum(mul(t, shifted), 1, { keepDims: true }));
}

/** Options of {@linkcode crossEntropy}. */
export interface CrossEntropyOptions extends LossOptions {
  /**
   * 1 (or true) where a label counts, 0 where not; shape of the labels. A factor of the loss: masked labels must be in
   * range, and their losses finite.
   */
  readonly mask?: TensorLike;
  /** A label that does not count, in range or not; −100 is PyTorch's. Integer labels only. @default none */
  readonly ignore?: number;
  /** ε in [0, 1]: the target is 1 − ε at the label plus ε/classes everywhere. @default 0 */
  readonly labelSmoothing?: number;
  /** Factor of each class [classes]; means over integer labels are divided by the sum of their weights. */
  readonly weights?: TensorLike;
  /** The axis of the classes; PyTorch's is 1. @default -1 */
  readonly axis?: number;
}

const known = ["mask", "ignore", "labelSmoothing", "weights", "axis", "reduction"];

/** Options as tensors: `mask` of the shape of the rows, `weights` [1, classes]. */
interface Target {
  readonly mask: Tensor | null;
  readonly ignore?: number;
  readonly smoothing: number;
  readonly weights: Tensor | null;
}

/** The loss of each row [n, 1], and how much it counts in a mean; null: each the same. */
interface RowLosses {
  readonly losses: Tensor;
  readonly counts: Tensor | null;
}

/** a·b, where null stands for 1. */
function times(a: Tensor | null, b: Tensor | null): Tensor | null {
  return a === null ? b : b === null ? a : mul(a, b);
}

/** Labels that are indices. */
function hardLosses(x: Tensor, y: Tensor, { mask, ignore, smoothing, weights }: Target): RowLosses {
  const classes = x.shape[1];
  const guarded = labelled.guard(y, classes, ignore);
  const at = reshape(guarded.at, [-1, 1]);
  const weight = weights && labelled.pick(reshape(weights, [-1, 1]), at, 0);
  let losses = apply1(rowEntropy, [x, at], {});
  if (weight !== null) losses = mul(losses, weight);
  if (smoothing > 0) {
    const every = weights ?? broadcastTo(constant(1, x.dtype), [1, classes]);
    const spreadOut = mul(weighedEntropy(x, every), smoothing / classes);
    losses = add(mul(losses, 1 - smoothing), spreadOut);
  }
  const kept = mask && reshape(mask, [-1, 1]);
  let counts = times(kept, weight);
  if (guarded.counted !== null) {
    // Not a product: the row of a label that does not count may be infinite.
    const counted = reshape(guarded.counted, [-1, 1]);
    losses = where(counted, losses, 0);
    counts = times(counts, cast(counted, x.dtype));
  }
  return { losses: times(losses, kept)!, counts };
}

/** Labels that are probabilities. */
function softLosses(x: Tensor, y: Tensor, { mask, smoothing, weights }: Target): RowLosses {
  const smooth = smoothing > 0 ? add(mul(y, 1 - smoothing), smoothing / x.shape[1]) : y;
  const losses = weighedEntropy(x, times(smooth, weights)!);
  const kept = mask && reshape(mask, [-1, 1]);
  return { losses: times(losses, kept)!, counts: kept };
}

/** @throws TensorError unless labels are integers [...] or floats of the type and shape of the logits */
function requireLabels(x: Tensor, y: Tensor, lead: readonly number[]): void {
  const soft = isFloat(y.dtype);
  if (!soft) requireDType("crossEntropy", y, "int32", "int64");
  if (soft ? y.dtype === x.dtype && sameShape(x.shape, y.shape) : sameShape(lead, y.shape)) return;
  const indices = describe({ dtype: soft ? "int64" : y.dtype, shape: lead });
  throw new TensorError(
    "shape",
    `crossEntropy: labels ${describe(y)} do not fit logits ${describe(x)}; ${indices}${
      soft ? ` or probabilities ${describe(x)}` : ""
    } expected`,
  );
}

/** Checked options. */
function targetOf(
  { mask, ignore, labelSmoothing = 0, weights }: CrossEntropyOptions,
  x: Tensor,
  y: Tensor,
  along: number,
): Target {
  const lead = y.shape.length < x.shape.length ? y.shape : y.shape.toSpliced(along, 1);
  const fail = (what: string) => {
    throw new TensorError("argument", `crossEntropy: ${what}`);
  };
  if (typeof labelSmoothing !== "number" || !(labelSmoothing >= 0 && labelSmoothing <= 1)) {
    fail(`labelSmoothing must be in [0, 1], got ${labelSmoothing}`);
  }
  if (ignore !== undefined && !Number.isSafeInteger(ignore)) {
    fail(`ignore must be an integer label, got ${ignore}`);
  }
  if (ignore !== undefined && isFloat(y.dtype)) {
    fail("ignore needs integer labels, and these are probabilities; use mask");
  }
  const dtype = computed(x.dtype);
  const keep = mask === undefined ? null : asTensor(mask, dtype);
  if (keep && !sameShape(keep.shape, lead)) {
    throw new TensorError(
      "shape",
      `crossEntropy: mask ${describe(keep)} does not fit labels ${describe(y)}`,
    );
  }
  const factors = weights === undefined ? null : asTensor(weights, x.dtype);
  if (factors && !(isFloat(factors.dtype) && sameShape(factors.shape, [x.shape[along]]))) {
    throw new TensorError(
      "shape",
      `crossEntropy: weights ${describe(factors)} do not fit logits ${describe(x)}; ${
        describe({ dtype: x.dtype, shape: [x.shape[along]] })
      } expected`,
    );
  }
  return {
    mask: keep && cast(keep, dtype),
    ignore,
    smoothing: labelSmoothing,
    weights: factors && reshape(cast(factors, dtype), [1, -1]),
  };
}

/** Sums of exponentials and of losses need more than the 11 bits of float16. */
function computed(dtype: DType): DType {
  return dtype === "float16" ? "float32" : dtype;
}

/**
 * Mean of −log softmax(logits)[label] over the labels that count, as
 * `torch.nn.functional.cross_entropy` has it (Szegedy et al., arXiv:1512.00567, for the smoothing), but 0
 * and not NaN where no label counts. float16 is computed in float32 and the loss rounded.
 * @param logits float [..., classes]
 * @param labels int32 or int64 [...], each in 0 … classes − 1; or probabilities, of dtype and shape of the
 *   logits: then the loss is −Σ labels·log softmax(logits), and the mean is one over rows, whatever the weights
 * @returns a scalar, or the shape of `logits` without classes for reduction "none"; dtype of the logits
 * @throws TensorError `shape`, `dtype` or `argument` where they do not fit, or an option is unknown; at run
 *   time `runtime` for an integer label out of range, except on webgpu, which checks none
 */
export function crossEntropy(
  logits: TensorLike,
  labels: TensorLike,
  options: CrossEntropyOptions = {},
): Tensor {
  requireOptions("crossEntropy", options, known);
  const { axis = -1, reduction = "mean" } = options;
  const x = asTensor(logits), y = asTensor(labels, "int64");
  requireDType("crossEntropy", x, "float16", "float32", "float64");
  const along = axisOf("crossEntropy", axis, x.shape.length);
  const lead = x.shape.toSpliced(along, 1);
  requireLabels(x, y, lead);
  const target = targetOf(options, x, y, along);
  const rows = (t: Tensor) => {
    const last = along === lead.length ? t : moveAxis(t, along, lead.length);
    return cast(reshape(last, [sizeOf(lead), x.shape[along]]), computed(x.dtype));
  };
  const soft = isFloat(y.dtype);
  const { losses, counts } = soft
    ? softLosses(rows(x), rows(y), target)
    : hardLosses(rows(x), y, target);
  if (reduction !== "mean" || counts === null) {
    const each = reduction === "none" ? reshape(losses, lead) : losses;
    return cast(reduced("crossEntropy", each, reduction), x.dtype);
  }
  const whole = sum(losses), count = sum(counts);
  // 0/1 and not 0/0 where nothing counts. Numbers of labels are whole, sums of weights need not be.
  const divisor = target.weights !== null && !soft
    ? where(equal(count, 0), 1, count)
    : maximum(count, 1);
  return cast(div(whole, divisor), x.dtype);
}
