// The elementary layers: linear maps, layer normalisation and embeddings, as functions over parameters.

import {
  add,
  layerNorm as normalise,
  matmul,
  mul,
  type NdArray,
  reshape,
  rsqrt,
  square,
  sum,
  take,
  type Tensor,
} from "../tensor/mod.ts";
import type { Stream } from "../tensor/random.ts";
import { requireSizes } from "./checks.ts";

/** Standard deviation of the truncated normal that weights start from (ViT and CoCa practice). */
export const INITIAL_STD = 0.02;

/** Epsilon of layer normalisation, PyTorch's default. */
export const LAYER_NORM_EPSILON = 1e-5;

/** Weights `w` [in, out] and bias `b` [out]. */
export type LinearParams<L = Tensor> = { w: L; b: L };

/** Any function in a linear map's place, x [..., in] → [..., out]: an adapter or a factorised map. */
export type LinearFunction = (x: Tensor) => Tensor;

/** What layers take where they need a linear map; see `mapLinears` for putting functions there. */
export type Linear = LinearParams | LinearFunction;

/** Scale and bias, each [width]. */
export type LayerNormParams<L = Tensor> = { scale: L; bias: L };

/** Zeros, float32. */
export function initZeros(shape: readonly number[]): NdArray {
  return { dtype: "float32", shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) };
}

/** Truncated normal weights (±2 standard deviations of {@link INITIAL_STD}), float32. */
export function initWeights(stream: Stream, shape: readonly number[]): NdArray {
  return stream.truncatedNormal(shape, { std: INITIAL_STD });
}

/** Weights from the stream's child "w", zero bias. */
export function initLinear(stream: Stream, inputs: number, outputs: number): LinearParams<NdArray> {
  requireSizes("initLinear", { inputs, outputs });
  return { w: initWeights(stream.child("w"), [inputs, outputs]), b: initZeros([outputs]) };
}

/** Ones and zeros. */
export function initLayerNorm(width: number): LayerNormParams<NdArray> {
  requireSizes("initLayerNorm", { width });
  return {
    scale: { dtype: "float32", shape: [width], data: new Float32Array(width).fill(1) },
    bias: initZeros([width]),
  };
}

/** `x` [..., n] seen as a matrix [rows, n], so that products over it are one plain product. */
export function asMatrix(x: Tensor): Tensor {
  return x.shape.length === 2 ? x : reshape(x, [-1, x.shape[x.shape.length - 1]]);
}

/** `x w` without bias; x [..., in], w [in, out] → [..., out]. */
export function project(w: Tensor, x: Tensor): Tensor {
  const product = matmul(asMatrix(x), w);
  return x.shape.length === 2 ? product : reshape(product, [...x.shape.slice(0, -1), w.shape[1]]);
}

/** `x w + b`, or whatever function stands in its place; x [..., in] → [..., out]. */
export function linear(p: Linear, x: Tensor): Tensor {
  if (typeof p === "function") return p(x);
  const y = add(matmul(asMatrix(x), p.w), p.b);
  return x.shape.length === 2 ? y : reshape(y, [...x.shape.slice(0, -1), p.w.shape[1]]);
}

/** Layer normalisation over the last axis. */
export function layerNorm(
  p: LayerNormParams,
  x: Tensor,
  epsilon: number = LAYER_NORM_EPSILON,
): Tensor {
  return normalise(x, p.scale, p.bias, epsilon);
}

/** Rows of `table` [vocabulary, width] at integer `indices` [...] → [..., width]. */
export function embedding(table: Tensor, indices: Tensor): Tensor {
  return take(table, indices, 0);
}

/** `x` scaled to unit Euclidean length along its last axis (1e-12 added to the squared length). */
export function unitLength(x: Tensor): Tensor {
  return mul(x, rsqrt(add(sum(square(x), [-1], { keepDims: true }), 1e-12)));
}
