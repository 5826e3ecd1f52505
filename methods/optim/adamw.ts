// AdamW (Loshchilov and Hutter, arXiv 1711.05101) on one flat vector, as pure functions.
//
// Every parameter lives in one vector, so that a step costs a fixed, small number of passes however
// many arrays the model has. Moments follow torch.optim.AdamW exactly, bias correction included.

import {
  add,
  asTensor,
  broadcastTo,
  concat,
  constant,
  div,
  isNdArray,
  minimum,
  mul,
  type NdArray,
  reshape,
  slice,
  sqrt,
  square,
  sub,
  Tensor,
  treeLeaves,
} from "../tensor/mod.ts";
import { describe } from "../tensor/types.ts";
import { biasCorrection } from "./bias_correction.ts";
import type { Layout } from "./layout.ts";
import { Refusal, told } from "./refusal.ts";
import { shown } from "../tensor/tree.ts";
import { atLeast0, below1, requireSettings, type SettingRules } from "./settings.ts";
import { stepChecks } from "./step_checks.ts";

/** Settings of AdamW. */
export interface AdamWOptions {
  /** @default 0.9 */
  beta1?: number;
  /** @default 0.999 */
  beta2?: number;
  /** Added to the root of the second moment. @default 1e-8 */
  eps?: number;
  /** Decoupled weight decay, times the learning rate. @default 0.01 */
  weightDecay?: number;
  /** 1 where weights decay, 0 elsewhere, [N]; see {@link matrixDecayMask}. @default all ones */
  decayMask?: NdArray;
  /**
   * Lengths of consecutive parts of the vector that are updated or left alone together; their sum
   * is N. Each part counts its own steps. @default one part
   */
  segments?: readonly number[];
}

/** Parameters [N], moments [N] and steps taken by each segment [segments], all float32. */
export type AdamWState<L = Tensor> = { params: L; m: L; v: L; t: L };

/** What varies from step to step. */
export interface AdamWStepOptions {
  /** Learning rate. */
  lr: Tensor | number;
  /**
   * 1 for segments to update, 0 for those that keep parameters, moments and step count, and do not
   * decay, [segments]. Gradients of masked entries must be finite. @default all ones
   */
  updateMask?: Tensor;
  /** Scalar factor on the gradient, e.g. from `clipFactor`. @default 1 */
  gradientScale?: Tensor | number;
}

/** An optimiser: its initial state for a vector, and one step of it. */
export interface AdamW {
  /**
   * Zero moments for the parameters `params` [N], float32.
   *
   * @throws TensorError `argument` for a tree, `shape` or `dtype` for another array.
   */
  init(params: NdArray): AdamWState<NdArray>;
  /**
   * The state after one step along `gradient` [N].
   *
   * @throws TensorError `shape` or `dtype` unless gradient and moments are like the parameters;
   *   `argument` for another optimiser's state and for options that are missing or unknown.
   */
  step(state: AdamWState, gradient: Tensor, options: AdamWStepOptions): AdamWState;
}

function zeros(n: number): NdArray {
  return { dtype: "float32", shape: [n], data: new Float32Array(n) };
}

/** Zero moments, [n], and zero step counts, [segments]. */
export function adamwInit(n: number, segments = 1): { m: NdArray; v: NdArray; t: NdArray } {
  return { m: zeros(n), v: zeros(n), t: zeros(segments) };
}

/** Values [segments] repeated to [N]; a single segment stays a scalar, which broadcasts. */
function spread(perSegment: Tensor, segments: readonly number[]): Tensor {
  if (segments.length === 1) return reshape(perSegment, []);
  return concat(
    segments.map((length, i) => broadcastTo(slice(perSegment, [i], [i + 1]), [length])),
    0,
  );
}

const rules: SettingRules<AdamWOptions> = {
  beta1: below1,
  beta2: below1,
  eps: atLeast0,
  weightDecay: atLeast0,
  decayMask: { ok: isNdArray, words: "an array [N] of the host; see matrixDecayMask()" },
  segments: { ok: Array.isArray, words: "a list of lengths" },
};
const checks = stepChecks("adamw");
const STATE = "make it with init()";
const OPTIONS = ["lr", "updateMask", "gradientScale"];

/** How trees are given. @throws Refusal unless `x` is one flat float32 vector. */
function requireVector(what: string, x: unknown): void {
  const array = x instanceof Tensor || isNdArray(x);
  if (array && x.dtype === "float32" && x.shape.length === 1) return;
  const trees = `adam({ decay: "decoupled" }) takes trees of any shapes and float dtypes`;
  if (array) {
    throw new Refusal(
      x.dtype === "float32" ? "shape" : "dtype",
      `adamw: ${what} is ${describe(x)}; one flat float32 vector [N] is needed: ${trees}`,
    );
  }
  const tree = typeof x === "object" && x !== null && treeLeaves(x).length > 0;
  throw new Refusal(
    "argument",
    `adamw: ${what} is ${tree ? "a tree" : shown(x)}; one flat vector [N] is needed: pack a tree ` +
      `by layoutOf(tree).pack(tree) and train by trainSteps(), or ravel() it; ${trees}`,
  );
}

const segmentsOf = ({ segments }: AdamWOptions, n: number) => segments ?? [n];

/** @throws Refusal naming what of state, gradient and options does not fit. */
function requireStep(
  options: AdamWOptions,
  state: AdamWState,
  gradient: Tensor,
  step: AdamWStepOptions,
): void {
  const missing = ["params", "m", "v", "t"].filter((key) =>
    (state as Partial<AdamWState> | undefined)?.[key as keyof AdamWState] === undefined
  );
  if (missing.length > 0) {
    throw new Refusal(
      "argument",
      `adamw: the state has no ${
        missing.join(", ")
      }; step(state, gradient, { lr }) takes that of ` +
        `init() or of the step before`,
    );
  }
  checks.options(step, OPTIONS);
  const { params, m, v, t } = state, [n] = params.shape;
  requireVector("the state's params", params);
  checks.like("moment m", "", params, m, STATE);
  checks.like("moment v", "", params, v, STATE);
  checks.like("gradient", "", params, gradient, "differentiate with respect to the flat vector");
  const segments = segmentsOf(options, n);
  if (segments.reduce((a, b) => a + b, 0) !== n) {
    throw new Refusal(
      "shape",
      `adamw: segments [${segments.join(", ")}] do not add up to ${n} parameters`,
    );
  }
  const perSegment = [["the state's t", t], ["updateMask", step.updateMask]] as const;
  for (const [what, x] of perSegment) {
    if (x === undefined || (x.shape.length === 1 && x.shape[0] === segments.length)) continue;
    throw new Refusal(
      "shape",
      `adamw: ${what} is ${describe(x)}; ${segments.length} segments want [${segments.length}]`,
    );
  }
  const { decayMask } = options;
  if (decayMask && (decayMask.shape.length !== 1 || decayMask.shape[0] !== n)) {
    throw new Refusal(
      "shape",
      `adamw: decayMask is ${describe(decayMask)}; ${n} parameters want [${n}]`,
    );
  }
}

/**
 * One step of AdamW; see {@link AdamWOptions} and {@link AdamWStepOptions}.
 *
 * @throws TensorError as `step` of {@link AdamW}.
 */
export function adamwStep(
  options: AdamWOptions,
  state: AdamWState,
  gradient: Tensor,
  step: AdamWStepOptions,
): AdamWState {
  told(requireStep)(options, state, gradient, step);
  const { params, m, v, t } = state, { lr, updateMask, gradientScale } = step;
  const { beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weightDecay = 0.01, decayMask } = options;
  const segments = segmentsOf(options, params.shape[0]);
  // Of use only where the mask is 1, so that the count may advance here regardless.
  const advanced = add(t, 1);
  const correction1 = biasCorrection(beta1, advanced),
    correction2 = biasCorrection(beta2, advanced);
  const masked = (value: Tensor | number): Tensor | number =>
    updateMask ? spread(mul(updateMask, value), segments) : value;
  // The factors of the gradient and of its square, so that neither costs a pass of its own; the
  // square is shared with a global norm of the same gradient.
  const scale = gradientScale ?? 1;
  const keep1 = updateMask ? sub(1, masked(1 - beta1)) : beta1;
  const keep2 = updateMask ? sub(1, masked(1 - beta2)) : beta2;
  const m1 = add(mul(m, keep1), mul(gradient, masked(scaled(1 - beta1, scale))));
  const squareScale = typeof scale === "number" ? scale * scale : square(scale);
  // The square of a huge gradient is infinite, its factor then 0 by clipping.
  const squared = square(gradient);
  const power = gradientScale === undefined ? squared : minimum(squared, LARGEST);
  const v1 = add(mul(v, keep2), mul(power, masked(scaled(1 - beta2, squareScale))));
  // lr·m̂/(√v̂ + ε) with m̂ = m/c₁ and v̂ = v/c₂ is (lr √c₂/c₁)·m/(√v + ε √c₂): two passes fewer.
  const root2 = sqrt(correction2);
  const root = add(sqrt(v1), spread(mul(root2, eps), segments));
  const rate = mul(div(root2, correction1), lr);
  const change = mul(
    div(m1, root),
    spread(updateMask ? mul(updateMask, rate) : rate, segments),
  );
  return {
    params: sub(decayed(params, weightDecay, masked(lr), decayMask), change),
    m: m1,
    v: v1,
    t: updateMask ? add(t, updateMask) : advanced,
  };
}

/** The largest float32. */
const LARGEST = 3.4028234663852886e38;

const scaled = (constant: number, scale: Tensor | number): Tensor | number =>
  typeof scale === "number" ? constant * scale : mul(scale, constant);

/** params·(1 − weightDecay·lr) where the mask is 1, params elsewhere. */
function decayed(params: Tensor, weightDecay: number, lr: Tensor | number, mask?: NdArray): Tensor {
  if (weightDecay === 0) return params;
  const rate = mul(asTensor(lr), weightDecay);
  if (!mask) return mul(params, sub(1, rate));
  const keep = constant({ dtype: "float32", shape: mask.shape, data: mask.data });
  return sub(params, mul(mul(params, keep), rate));
}

/**
 * AdamW on one flat vector with its settings bound; for trees see `adam`.
 *
 * @throws TensorError `argument` naming a setting that is unknown or out of its range.
 */
export function adamw(options: AdamWOptions = {}): AdamW {
  told(requireSettings)("adamw: option", options, rules);
  return {
    init: told((params) => {
      requireVector("what init() got", params);
      return { params, ...adamwInit(params.shape[0], options.segments?.length ?? 1) };
    }),
    step: (state, gradient, step) => adamwStep(options, state, gradient, step),
  };
}

/** 1 for entries of arrays of two axes or more, 0 for biases, norms and scalars; [N]. */
export function matrixDecayMask({ size, leaves }: Layout): NdArray {
  const data = new Float32Array(size);
  leaves.forEach(({ shape, start }, i) => {
    if (shape.length >= 2) data.fill(1, start, leaves[i + 1]?.start ?? size);
  });
  return { dtype: "float32", shape: [size], data };
}
