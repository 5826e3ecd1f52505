// Shape arithmetic: broadcasting, axes, permutations; errors name the operator and both shapes.
import { describe, type Spec, TensorError } from "./types.ts";
import { kindOf } from "./tree.ts";

/** NumPy broadcasting of two shapes, or null when they do not fit. */
export function broadcastShapes(a: readonly number[], b: readonly number[]): number[] | null {
  const rank = Math.max(a.length, b.length);
  const out = new Array<number>(rank);
  for (let i = 1; i <= rank; i++) {
    const x = i <= a.length ? a[a.length - i] : 1;
    const y = i <= b.length ? b[b.length - i] : 1;
    if (x !== y && x !== 1 && y !== 1) return null;
    out[rank - i] = x === 1 ? y : x;
  }
  return out;
}

/** `3 ≠ 4 on axis -1`: the last axis on which two shapes do not broadcast. */
function clash(a: readonly number[], b: readonly number[]): string {
  for (let i = 1; i <= Math.min(a.length, b.length); i++) {
    const x = a[a.length - i], y = b[b.length - i];
    if (x !== y && x !== 1 && y !== 1) return `${x} ≠ ${y} on axis -${i}`;
  }
  return "";
}

/** Broadcast shape of the operands of `op`. @throws TensorError `shape` naming both shapes. */
export function broadcastOf(op: string, ...operands: readonly Spec[]): number[] {
  let shape: number[] = [];
  for (const operand of operands) {
    const next = broadcastShapes(shape, operand.shape);
    if (next === null) {
      throw new TensorError(
        "shape",
        `${op}: ${operands.map(describe).join(" and ")} do not broadcast: ${
          clash(shape, operand.shape)
        }`,
      );
    }
    shape = next;
  }
  return shape;
}

/** @throws TensorError `dtype` unless all operands have one dtype. */
export function sameDType(op: string, ...operands: readonly Spec[]): void {
  if (operands.some((o) => o.dtype !== operands[0].dtype)) {
    throw new TensorError(
      "dtype",
      `${op}: dtypes differ: ${operands.map(describe).join(" and ")}; convert one with cast()`,
    );
  }
}

/** @throws TensorError `dtype` for bool, which ONNX has no arithmetic for. */
export function requireNumbers(op: string, x: Spec): void {
  if (x.dtype !== "bool") return;
  throw new TensorError(
    "dtype",
    `${op}: ${describe(x)} is no number; cast() it, or use logicalNot(), logicalAnd(), where()`,
  );
}

/** @throws TensorError `dtype` unless the operand is one of `dtypes`. */
export function requireDType(op: string, x: Spec, ...dtypes: readonly string[]): void {
  if (!dtypes.includes(x.dtype)) {
    const hint = dtypes.includes("bool")
      ? "compare it first, as greater(x, 0) does"
      : "convert it with cast()";
    throw new TensorError(
      "dtype",
      `${op}: expected ${dtypes.join(" or ")}, got ${describe(x)}; ${hint}`,
    );
  }
}

/**
 * For arguments that PyTorch takes one by one, and here are a list.
 * @throws TensorError `argument` unless the value is one
 */
export function requireList(op: string, name: string, value: unknown): void {
  if (Array.isArray(value)) return;
  throw new TensorError(
    "argument",
    `${op}: ${name} must be a list, as in [${typeof value === "number" ? value : "…"}], got ${
      kindOf(value)
    }`,
  );
}

/** An axis counted from the front. @throws TensorError `argument` when out of range. */
export function axisOf(op: string, axis: number, rank: number): number {
  const positive = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || positive < 0 || positive >= rank) {
    throw new TensorError(
      "argument",
      `${op}: axis ${axis} is out of range for rank ${rank}${
        rank > 0 ? `; use ${-rank} … ${rank - 1}` : ""
      }`,
    );
  }
  return positive;
}

/** Sorted distinct axes; undefined means all. */
export function axesOf(
  op: string,
  axes: number | readonly number[] | undefined,
  rank: number,
): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, i) => i);
  const list = typeof axes === "number" ? [axes] : axes;
  return [...new Set(list.map((a) => axisOf(op, a, rank)))].sort((a, b) => a - b);
}

/** The shape after reducing `axes`. */
export function reducedShape(
  shape: readonly number[],
  axes: readonly number[],
  keepDims: boolean,
): number[] {
  return keepDims
    ? shape.map((d, i) => axes.includes(i) ? 1 : d)
    : shape.filter((_, i) => !axes.includes(i));
}

/** Whether two shapes are equal. */
export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((d, i) => d === b[i]);
}
