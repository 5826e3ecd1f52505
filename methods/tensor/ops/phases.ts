// Images taken apart into the phases of a grid, and put together again.
import type { Tensor } from "../node.ts";
import { concat, split } from "./slicing.ts";
import { reshape, transpose } from "./structure.ts";

/**
 * [n, c, h, w] as [sh, sw, n, c, h/sh, w/sw]: phase (p, q) holds the places p, p + sh, … by q, q + sw, …
 *
 * Axis by axis: one transpose of all axes goes element by element in ONNX Runtime and takes five times as long.
 *
 * @param stride one a spatial axis; divides its size.
 */
export function apart(x: Tensor, stride: readonly number[]): Tensor {
  const [n, c, ...image] = x.shape;
  const sizes = image.map((d, i) => d / stride[i]);
  let phases = x;
  for (let i = stride.length - 1; i >= 0; i--) {
    phases = exchange(phases, null, stride[i], product(sizes.slice(i + 1)));
  }
  return reshape(phases, [...stride, n, c, ...sizes]);
}

/** The inverse of {@linkcode apart}. */
export function together(phases: Tensor, stride: readonly number[]): Tensor {
  const rank = stride.length;
  const [n, c, ...sizes] = phases.shape.slice(rank);
  let x = phases;
  for (let i = 0; i < rank; i++) x = exchange(x, stride[i], null, product(sizes.slice(i + 1)));
  return reshape(x, [n, c, ...sizes.map((d, i) => d * stride[i])]);
}

/** Exchanges two leading axes of sizes `a` and `b`, of which one follows from the other, over rows of `row`. */
function exchange(x: Tensor, a: number | null, b: number | null, row: number): Tensor {
  const count = product(x.shape) / row;
  const first = a ?? count / b!, second = b ?? count / a!;
  // Matrices have a kernel of their own. Of rows, parts that are joined are copied in half the time of a transpose.
  if (row === 1) return transpose(reshape(x, [first, second]), [1, 0]);
  const rows = reshape(x, [first, second, row]);
  const [axis, parts] = a === null ? [1, second] : [0, first];
  const across = a === null ? [1, first, row] : [second, 1, row];
  const ones = Array<number>(parts).fill(1);
  return concat(split(rows, ones, axis).map((part) => reshape(part, across)), 1 - axis);
}

const product = (list: readonly number[]) => list.reduce((a, b) => a * b, 1);
