// Rearranging elements: flip, roll, tile, repeat, triangles, diagonals; and ready-made vectors and matrices.
import { describe, type DType, TensorError } from "../types.ts";
import { fromNumbers, sizeOf } from "../ndarray.ts";
import { asTensor, constant, type Tensor, type TensorLike } from "../node.ts";
import { axesOf, axisOf, requireList } from "../shape.ts";
import { broadcastTo, expandDims, reshape, sum, transpose } from "./structure.ts";
import { concat, pad, slice } from "./slicing.ts";
import { fixedIndices, take } from "./indexing.ts";
import { where } from "./logic.ts";

/** The elements in opposite order along `axes` (default all). */
export function flip(x: TensorLike, axes?: number | readonly number[]): Tensor {
  const input = asTensor(x);
  return axesOf("flip", axes, input.shape.length).reduce((y, axis) => {
    const size = y.shape[axis];
    return size < 2
      ? y
      : take(y, fixedIndices(Array.from({ length: size }, (_, i) => size - 1 - i)), axis);
  }, input);
}

/**
 * The elements moved by `shift` places towards the end along `axis`; those that leave come in again
 * at the front. Without an axis, in the flattened tensor.
 */
export function roll(x: TensorLike, shift: number, axis?: number): Tensor {
  const input = asTensor(x);
  if (!Number.isInteger(shift)) {
    throw new TensorError("argument", `roll: shift ${shift} is not an integer`);
  }
  if (axis === undefined) {
    return reshape(roll(reshape(input, [sizeOf(input.shape)]), shift, 0), input.shape);
  }
  const along = axisOf("roll", axis, input.shape.length);
  const size = input.shape[along];
  const by = size === 0 ? 0 : ((shift % size) + size) % size;
  if (by === 0) return input;
  const part = (from: number, to: number) =>
    slice(
      input,
      input.shape.map((_, i) => i === along ? from : 0),
      input.shape.map((d, i) => i === along ? to : d),
    );
  return concat([part(size - by, size), part(0, size - by)], along);
}

function requireCounts(op: string, counts: readonly number[]): void {
  requireList(op, "the counts", counts);
  if (!counts.every((n) => Number.isInteger(n) && n >= 1)) {
    throw new TensorError("argument", `${op}: counts [${counts.join(", ")}] must be integers ≥ 1`);
  }
}

/** The whole tensor `counts[i]` times along axis i; missing leading counts or axes are 1. */
export function tile(x: TensorLike, counts: readonly number[]): Tensor {
  requireCounts("tile", counts);
  const input = asTensor(x);
  const rank = Math.max(input.shape.length, counts.length);
  const front = (
    list: readonly number[],
  ) => [...new Array<number>(rank - list.length).fill(1), ...list];
  const sizes = front(input.shape), times = front(counts);
  const apart = reshape(input, sizes.flatMap((d) => [1, d]));
  const wide = broadcastTo(apart, sizes.flatMap((d, i) => [times[i], d]));
  return reshape(wide, sizes.map((d, i) => d * times[i]));
}

/** Each element `count` times in a row along `axis`. */
export function repeat(x: TensorLike, count: number, axis: number): Tensor {
  requireCounts("repeat", [count]);
  const input = asTensor(x);
  const along = axisOf("repeat", axis, input.shape.length);
  const { shape } = input;
  const wide = broadcastTo(expandDims(input, along + 1), [
    ...shape.slice(0, along + 1),
    count,
    ...shape.slice(along + 1),
  ]);
  return reshape(wide, shape.map((d, i) => i === along ? d * count : d));
}

/** A bool matrix of a condition on row and column. */
function mask(rows: number, columns: number, holds: (i: number, j: number) => boolean): Tensor {
  const values = Array.from(
    { length: rows * columns },
    (_, at) => Number(holds(Math.floor(at / columns), at % columns)),
  );
  return constant(fromNumbers(values, [rows, columns], "bool"));
}

function triangle(op: string, x: TensorLike, holds: (i: number, j: number) => boolean): Tensor {
  const input = asTensor(x);
  const rank = input.shape.length;
  if (rank < 2) {
    throw new TensorError("shape", `${op}: expected a matrix [..., m, n], got ${describe(input)}`);
  }
  return where(mask(input.shape[rank - 2], input.shape[rank - 1], holds), input, 0);
}

/** Zeros above the diagonal `offset` of the last two axes. */
export function tril(x: TensorLike, offset = 0): Tensor {
  return triangle("tril", x, (i, j) => j <= i + offset);
}

/** Zeros below the diagonal `offset` of the last two axes. */
export function triu(x: TensorLike, offset = 0): Tensor {
  return triangle("triu", x, (i, j) => j >= i + offset);
}

/** Options of {@linkcode diagonal} and {@linkcode trace}. */
export interface DiagonalOptions {
  /** Above (positive) or below the main diagonal. @default 0 */
  readonly offset?: number;
  /** The axis of rows. @default 0 */
  readonly axis1?: number;
  /** The axis of columns. @default 1 */
  readonly axis2?: number;
}

/** The diagonal of two axes, as the last axis. @throws TensorError `argument` when it has no element */
export function diagonal(
  x: TensorLike,
  { offset = 0, axis1 = 0, axis2 = 1 }: DiagonalOptions = {},
): Tensor {
  const input = asTensor(x);
  const rank = input.shape.length;
  const [a, b] = [axis1, axis2].map((axis) => axisOf("diagonal", axis, rank));
  const [rows, columns] = [input.shape[a], input.shape[b]];
  const length = Math.min(rows - Math.max(0, -offset), columns - Math.max(0, offset));
  if (a === b || !Number.isInteger(offset) || length < 1) {
    throw new TensorError(
      "argument",
      `diagonal: ${describe(input)} has no diagonal ${offset} of axes ${axis1} and ${axis2}`,
    );
  }
  const others = input.shape.map((_, i) => i).filter((i) => i !== a && i !== b);
  const last = transpose(input, [...others, a, b]);
  const flat = reshape(last, [...others.map((i) => input.shape[i]), rows * columns]);
  const start = offset < 0 ? -offset * columns : offset;
  const places = Array.from({ length }, (_, i) => start + i * (columns + 1));
  return take(flat, fixedIndices(places), others.length);
}

/** Sum of the diagonal; see {@linkcode diagonal}. */
export function trace(x: TensorLike, options: DiagonalOptions = {}): Tensor {
  return sum(diagonal(x, options), -1);
}

/** Matrices [..., n, n] with the last axis of x [..., n] on the diagonal `offset`, zeros elsewhere. */
export function diagonalMatrix(x: TensorLike, offset = 0): Tensor {
  const input = asTensor(x);
  const rank = input.shape.length;
  if (rank === 0 || !Number.isInteger(offset)) {
    throw new TensorError(
      "argument",
      `diagonalMatrix: expected [..., n] and an integer offset, got ${
        describe(input)
      } and ${offset}`,
    );
  }
  const n = input.shape[rank - 1];
  const square = where(mask(n, n, (i, j) => i === j), expandDims(input, rank), 0);
  const [up, down] = [Math.max(0, offset), Math.max(0, -offset)];
  return pad(square, [...input.shape.slice(0, -1).map(() => [0, 0]), [down, up], [up, down]]);
}

/** The matrix [rows, columns] with ones on the diagonal. */
export function eye(rows: number, columns = rows, dtype: DType = "float32"): Tensor {
  const values = Array.from(
    { length: rows * columns },
    (_, at) => Number(Math.floor(at / columns) === at % columns),
  );
  return constant(fromNumbers(values, [rows, columns], dtype));
}

/** start, start + step, … below `stop` (above it for a negative step). */
export function arange(
  start: number,
  stop: number,
  step = 1,
  dtype: DType = "float32",
): Tensor {
  const count = Math.ceil((stop - start) / step);
  if (!Number.isFinite(count)) {
    throw new TensorError(
      "argument",
      `arange: steps of ${step} do not lead from ${start} to ${stop}`,
    );
  }
  const values = Array.from({ length: Math.max(0, count) }, (_, i) => start + i * step);
  return constant(fromNumbers(values, [values.length], dtype));
}

/** `count` numbers from `start` to `stop`, both included, at equal distances. */
export function linspace(
  start: number,
  stop: number,
  count: number,
  dtype: DType = "float32",
): Tensor {
  if (!Number.isInteger(count) || count < 1) {
    throw new TensorError("argument", `linspace: count ${count} must be an integer ≥ 1`);
  }
  const step = count === 1 ? 0 : (stop - start) / (count - 1);
  // From the nearer end, so that both ends are exact.
  const at = (i: number) => 2 * i < count ? start + i * step : stop - (count - 1 - i) * step;
  return constant(fromNumbers(Array.from({ length: count }, (_, i) => at(i)), [count], dtype));
}
