// whileLoop: repeats a function while a condition holds, lowered to ONNX Loop without a number of steps.
import { describe, TensorError, type TensorErrorCode } from "./types.ts";
import { apply, asTensor, isTensorLike, leaf, type Tensor } from "./node.ts";
import { sameSpec } from "./ndarray.ts";
import { flatten, sameTree, unflatten } from "./tree.ts";
import { close, traceApart } from "./body.ts";
import { whilePrimitive } from "./while_primitive.ts";

function fail(code: TensorErrorCode, message: string): never {
  throw new TensorError(code, `whileLoop: ${message}`);
}

/**
 * Applies `body` to the carry as long as `condition` of it holds. Both may use outer tensors. Works under `vmap`
 * (until no example goes on; those that are done keep their carry) and `jvp`; reverse mode would need the values of
 * an unknown number of steps and is refused: use `scan` with a static number of steps and `where` to stop early.
 *
 * ```ts
 * import { abs, add, compile, div, greater, mul, sub, type Tensor, whileLoop } from "./mod.ts";
 *
 * // Heron's square root to a tolerance.
 * const root = (a: Tensor) =>
 *   whileLoop(
 *     (x) => greater(abs(sub(mul(x, x), a)), 1e-4),
 *     (x) => mul(add(x, div(a, x)), 0.5),
 *     a,
 *   );
 * compile(root, [{ dtype: "float32", shape: [] }]);
 * ```
 * @param condition a bool scalar of the carry
 * @param init a tree of tensors; `body` keeps its form, shapes and dtypes
 * @throws TensorError `shape`, `dtype` or `tree` naming what does not fit
 */
export function whileLoop<C>(
  condition: (carry: C) => Tensor,
  body: (carry: C) => C,
  init: C,
): C {
  const start = flatten(init, isTensorLike);
  const initial = start.leaves.map((x) => asTensor(x));
  if (initial.length === 0) fail("tree", "the carry holds no tensor");
  const check = (t: unknown): Tensor => {
    const p = isTensorLike(t) ? asTensor(t) : fail("dtype", `the condition is a ${typeof t}`);
    if (p.dtype === "bool" && p.shape.length === 0) return p;
    return fail(
      p.dtype === "bool" ? "shape" : "dtype",
      `the condition is ${describe(p)}; bool[] expected`,
    );
  };
  const carry = initial.map((t, i) => leaf(t, `carry.${start.paths[i]}`));
  const traced = traceApart(() => {
    const next = body(unflatten<C>(start.tree, carry));
    const after = flatten(next, isTensorLike);
    if (!sameTree(after.tree, start.tree)) {
      fail("tree", `the carry changes its form from [${start.paths}] to [${after.paths}]`);
    }
    const leaves = after.leaves.map((x, i) => asTensor(x, initial[i].dtype));
    leaves.forEach((t, i) => {
      if (sameSpec(t, initial[i])) return;
      const [was, is] = [describe(initial[i]), describe(t)];
      fail("shape", `carry "${start.paths[i]}" changes from ${was} to ${is}`);
    });
    return [check(condition(unflatten<C>(start.tree, leaves))), leaves];
  });
  const free = traced.captured.filter((t) => !carry.includes(t));
  const go = check(condition(unflatten<C>(start.tree, initial)));
  const results = apply(whilePrimitive, [go, ...initial, ...free], {
    carries: initial.length,
    body: close(traced.outputs, [...carry, ...free]),
  });
  return unflatten<C>(start.tree, results);
}
