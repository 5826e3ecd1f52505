// Loops over the leading axis, lowered to ONNX Loop: state stays inside the runtime between steps.
import { describe, type Spec, TensorError, type TensorErrorCode } from "./types.ts";
import { asTensor, isTensorLike, leaf } from "./node.ts";
import { sameSpec } from "./ndarray.ts";
import { flatten, sameTree, unflatten } from "./tree.ts";
import { applyScan } from "./scan_primitive.ts";

function fail(code: TensorErrorCode, message: string): never {
  throw new TensorError(code, `scan: ${message}`);
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
  const start = flatten(init, isTensorLike);
  const series = flatten(xs, isTensorLike);
  const initial = start.leaves.map((x) => asTensor(x));
  const scanned = series.leaves.map((x) => asTensor(x));
  const steps = scanned[0]?.shape[0] ?? 0;
  scanned.forEach((x, i) => {
    if (x.shape.length === 0 || x.shape[0] !== steps) {
      fail("shape", `xs.${series.paths[i]} is ${describe(x)}; its leading size must be ${steps}`);
    }
  });
  if (!Number.isInteger(steps) || steps < 1) {
    fail("argument", "xs must hold at least one tensor of at least one step");
  }

  const carry = initial.map((t, i) => leaf(t, `carry.${start.paths[i]}`));
  const slices = scanned.map((t, i) =>
    leaf({ dtype: t.dtype, shape: t.shape.slice(1) } satisfies Spec, `x.${series.paths[i]}`)
  );
  const [next, y] = f(
    unflatten<C>(start.tree, carry),
    unflatten<X>(series.tree, slices),
  );
  const after = flatten(next, isTensorLike);
  if (!sameTree(after.tree, start.tree)) {
    fail("tree", `the carry changes its form from [${start.paths}] to [${after.paths}]`);
  }
  const carried = after.leaves.map((x, i) => asTensor(x, initial[i].dtype));
  carried.forEach((t, i) => {
    if (!sameSpec(t, initial[i])) {
      fail(
        "shape",
        `carry "${start.paths[i]}" changes from ${describe(initial[i])} to ${describe(t)}`,
      );
    }
  });
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
