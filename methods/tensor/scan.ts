// Loops over the leading axis, lowered to ONNX Loop: state stays inside the runtime between steps.
import { describe, type Spec, TensorError, type TensorErrorCode } from "./types.ts";
import { asTensor, isTensorLike, leaf } from "./node.ts";
import { sameSpec } from "./ndarray.ts";
import { type Flat, flatten, kindOf, sameTree, unflatten } from "./tree.ts";
import { applyScan } from "./scan_primitive.ts";

function fail(code: TensorErrorCode, message: string): never {
  throw new TensorError(code, `scan: ${message}`);
}

/** `carry.layers.0.w`, or `carry` when it is a single tensor. */
function at(root: string, path: string): string {
  return path === "" ? root : `${root}.${path}`;
}

/** `{w, b.0}`: the leaves of a carry, for messages. */
function formOf({ paths }: Flat<unknown>): string {
  return paths.length === 1 && paths[0] === "" ? "a tensor" : `{${paths.join(", ")}}`;
}

/**
 * Runs `(carry, x) => [carry, y]` for each slice of `xs` along the leading axis; returns the last
 * carry and the stacked ys. The body may use outer tensors. The number of steps is static.
 * @param f traced once; the carry must keep its form, shapes and dtypes
 * @param init a tree of tensors
 * @param xs a tree of tensors with one common leading size; iota(n) counts n steps
 * @throws TensorError `shape` or `tree` naming the leaf that changes
 */
export function scan<C, X, Y>(
  f: (carry: C, x: X) => readonly [C, Y],
  init: C,
  xs: X,
): [C, Y] {
  if (typeof xs === "number") {
    fail("argument", `xs is the number ${xs}; iota(${xs}) counts ${xs} steps`);
  }
  const start = flatten(init, isTensorLike);
  const series = flatten(xs, isTensorLike);
  const initial = start.leaves.map((x) => asTensor(x));
  const scanned = series.leaves.map((x) => asTensor(x));
  const steps = scanned[0]?.shape[0] ?? 0;
  scanned.forEach((x, i) => {
    if (x.shape.length === 0 || x.shape[0] !== steps) {
      fail(
        "shape",
        `${at("xs", series.paths[i])} is ${describe(x)}; its leading size must be ${steps}`,
      );
    }
  });
  if (!Number.isInteger(steps) || steps < 1) {
    fail("argument", "xs must hold at least one tensor of at least one step");
  }

  const carry = initial.map((t, i) => leaf(t, at("carry", start.paths[i])));
  const slices = scanned.map((t, i) =>
    leaf({ dtype: t.dtype, shape: t.shape.slice(1) } satisfies Spec, at("x", series.paths[i]))
  );
  const result: unknown = f(
    unflatten<C>(start.tree, carry),
    unflatten<X>(series.tree, slices),
  );
  if (!Array.isArray(result) || result.length !== 2) {
    fail("tree", `the body must return [carry, y], got ${kindOf(result)}`);
  }
  const [next, y] = result as unknown as readonly [C, Y];
  const after = flatten(next, isTensorLike);
  if (!sameTree(after.tree, start.tree)) {
    fail("tree", `the carry changes its form from ${formOf(start)} to ${formOf(after)}`);
  }
  const carried = after.leaves.map((x, i) => asTensor(x, initial[i].dtype));
  carried.forEach((t, i) => {
    if (!sameSpec(t, initial[i])) {
      fail(
        "shape",
        `${start.paths[i] === "" ? "the carry" : `carry "${start.paths[i]}"`} changes from ${
          describe(initial[i])
        } to ${describe(t)}`,
      );
    }
  });
  if (y === null || y === undefined) {
    fail("tree", `y is ${y}; return [carry, []] where nothing is to be stacked`);
  }
  const stacked = flatten(y, isTensorLike);
  const outputs = applyScan(initial, scanned, {
    steps,
    carries: carried.length,
    leaves: [...carry, ...slices],
    outputs: [...carried, ...stacked.leaves.map((x) => asTensor(x))],
  });
  return [
    unflatten<C>(start.tree, outputs.slice(0, carried.length)),
    unflatten<Y>(stacked.tree, outputs.slice(carried.length)),
  ];
}
