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
  mul,
  type NdArray,
  reshape,
  slice,
  sqrt,
  square,
  sub,
  type Tensor,
} from "../tensor/mod.ts";
import { biasCorrection } from "./bias_correction.ts";
import type { Layout } from "./layout.ts";

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
  /** Zero moments for the parameters `params` [N]. */
  init(params: NdArray): AdamWState<NdArray>;
  /** The state after one step along `gradient` [N]. */
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

/** One step of AdamW; see {@link AdamWOptions} and {@link AdamWStepOptions}. */
export function adamwStep(
  options: AdamWOptions,
  { params, m, v, t }: AdamWState,
  gradient: Tensor,
  { lr, updateMask, gradientScale }: AdamWStepOptions,
): AdamWState {
  const { beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weightDecay = 0.01, decayMask } = options;
  const n = params.shape[0];
  const segments = options.segments ?? [n];
  if (segments.reduce((a, b) => a + b, 0) !== n) {
    throw new RangeError(`segments [${segments.join(", ")}] do not add up to ${n} parameters`);
  }
  if (t.shape.length !== 1 || t.shape[0] !== segments.length) {
    throw new RangeError(
      `step counts have shape [${
        t.shape.join(", ")
      }], ${segments.length} segments want [${segments.length}]`,
    );
  }
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
  const v1 = add(mul(v, keep2), mul(square(gradient), masked(scaled(1 - beta2, squareScale))));
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

/** AdamW with its settings bound. */
export function adamw(options: AdamWOptions = {}): AdamW {
  return {
    init: (params) => ({ params, ...adamwInit(params.shape[0], options.segments?.length ?? 1) }),
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
