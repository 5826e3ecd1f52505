// cond: one of two functions by a value known only at run time, lowered to ONNX If.
import { describe, type NdArray, TensorError, type TensorErrorCode } from "./types.ts";
import { apply, asTensor, constantArray, type Tensor } from "./node.ts";
import { sameSpec } from "./ndarray.ts";
import { sameTree, unflatten } from "./tree.ts";
import { close, traceApart } from "./body.ts";
import { condPrimitive } from "./cond_primitive.ts";

function fail(code: TensorErrorCode, message: string): never {
  throw new TensorError(code, `cond: ${message}`);
}

/**
 * `onTrue(...operands)` where the predicate holds, else `onFalse(...operands)`; only that branch runs. Branches
 * may use outer tensors. Differentiable to any order; under `vmap` with a predicate that differs between examples
 * both branches run and `where` selects. A constant predicate leaves one branch and no If.
 *
 * ```ts
 * import { compile, cond, less, neg, sqrt, sum, type Tensor } from "./mod.ts";
 *
 * const root = (x: Tensor) => cond(less(sum(x), 0), (x) => neg(x), (x) => sqrt(x), x);
 * compile(root, [{ dtype: "float32", shape: [3] }]);
 * ```
 * @param predicate a bool scalar
 * @throws TensorError `dtype` or `shape` when the predicate is no bool scalar or the branches differ, `tree` when
 * their results differ in form
 */
export function cond<Operands extends readonly unknown[], R>(
  predicate: Tensor | NdArray | boolean,
  onTrue: (...operands: Operands) => R,
  onFalse: (...operands: Operands) => R,
  ...operands: Operands
): R {
  if (typeof predicate === "boolean") return (predicate ? onTrue : onFalse)(...operands);
  const p = asTensor(predicate);
  if (p.dtype !== "bool") {
    fail("dtype", `the predicate is ${describe(p)}; compare it to get a bool`);
  }
  if (p.shape.length > 0) {
    fail(
      "shape",
      `the predicate is ${describe(p)}; a scalar expected (vmap maps cond over examples)`,
    );
  }
  const known = constantArray(p);
  if (known !== null) return (known.data[0] ? onTrue : onFalse)(...operands);

  const yes = traceApart(() => onTrue(...operands)), no = traceApart(() => onFalse(...operands));
  if (!sameTree(yes.tree, no.tree)) {
    fail("tree", `the branches return different forms: [${yes.paths}] and [${no.paths}]`);
  }
  yes.outputs.forEach((a, i) => {
    const b = no.outputs[i];
    if (sameSpec(a, b)) return;
    const path = yes.paths[i] === "" ? "the result" : `result "${yes.paths[i]}"`;
    const code = a.dtype === b.dtype ? "shape" : "dtype";
    fail(code, `${path} is ${describe(a)} in one branch and ${describe(b)} in the other`);
  });
  if (yes.outputs.length === 0) fail("tree", "the branches return no tensor");
  const captured = [...new Set([...yes.captured, ...no.captured])];
  const outputs = apply(condPrimitive, [p, ...captured], {
    onTrue: close(yes.outputs, captured),
    onFalse: close(no.outputs, captured),
  });
  return unflatten<R>(yes.tree, outputs);
}
