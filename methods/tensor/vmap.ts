// vmap: a function of examples becomes a function of batches, one operator for all examples.
import { describe, TensorError, type TensorErrorCode } from "./types.ts";
import { asTensor, isTensorLike, leaf, Tensor, type TensorLike } from "./node.ts";
import { axisOf } from "./shape.ts";
import { flatten, unflatten } from "./tree.ts";
import { batchGraph, whole } from "./batching.ts";
import { moveAxis } from "./ops/batching.ts";

/**
 * Where the batch axis is: a number for all leaves below, null for values that all examples share, or a list or
 * record of these with the form of the tree, which may stop early.
 */
export type MapAxes = number | null | readonly MapAxes[] | { readonly [key: string]: MapAxes };

/** Options of {@linkcode vmap}. */
export interface VmapOptions {
  /** Batch axes of the arguments; a list gives one entry an argument. @default 0 */
  readonly inAxes?: MapAxes;
  /** Batch axes of the result; null where the result is the same for all examples. @default 0 */
  readonly outAxes?: MapAxes;
}

function fail(code: TensorErrorCode, message: string): never {
  throw new TensorError(code, `vmap: ${message}`);
}

/** One entry of `axes` for each leaf of `tree`, in the order of its leaves. */
function axesOfLeaves(what: string, axes: MapAxes, tree: unknown): (number | null)[] {
  const found: (number | null)[] = [];
  const visit = (axes: MapAxes, tree: unknown, path: string) => {
    if (axes === null || typeof axes === "number") {
      for (const _ of flatten(tree, isTensorLike).leaves) found.push(axes);
      return;
    }
    const at = path === "" ? what : `${what} at ${path}`;
    if (isTensorLike(tree) || typeof tree !== "object" || tree === null) {
      fail("tree", `${at} has entries below a tensor; give a number or null`);
    }
    const [given, expected] = [axes, tree].map((x) => Object.keys(x).sort());
    if (Array.isArray(axes) !== Array.isArray(tree) || given.join() !== expected.join()) {
      fail("tree", `${at} has entries [${given}]; the tree has [${expected}]`);
    }
    for (const key of Array.isArray(tree) ? Object.keys(tree) : expected) {
      visit(
        (axes as { [key: string]: MapAxes })[key],
        (tree as Record<string, unknown>)[key],
        path === "" ? key : `${path}.${key}`,
      );
    }
  };
  visit(axes, tree, "");
  return found;
}

/**
 * The function `f` of single examples as a function of batches: every operator is applied once to all examples,
 * as `jax.vmap` does. What does not depend on a mapped argument is computed once. Composes with `grad`, `scan`,
 * `cond` and itself in any order; operators without a batching rule are refused by name.
 *
 * ```ts
 * import { compile, grad, matmul, square, sub, sum, type Tensor, vmap } from "./mod.ts";
 *
 * // Gradients of 32 examples, each by itself: weights [8] shared, x [32, 8], y [32] → [32, 8].
 * const loss = (w: Tensor, x: Tensor, y: Tensor) => square(sub(sum(matmul(x, w)), y));
 * compile(vmap(grad(loss), { inAxes: [null, 0, 0] }), [
 *   { dtype: "float32", shape: [8] },
 *   { dtype: "float32", shape: [32, 8] },
 *   { dtype: "float32", shape: [32] },
 * ]);
 * ```
 * @throws TensorError `shape` when mapped axes differ in size, `argument` when an axis is out of range or nothing
 * is mapped, `tree` when the axes do not fit the arguments, `unsupported` at an operator without a rule
 */
export function vmap<Args extends readonly unknown[], R>(
  f: (...args: Args) => R,
  { inAxes = 0, outAxes = 0 }: VmapOptions = {},
): (...args: Args) => R {
  return (...args) => {
    const flat = flatten(args, isTensorLike);
    const axes = axesOfLeaves("inAxes", inAxes, args);
    const given = new Map<Tensor, Tensor>();
    let size = 0, first = "";
    const inputs = flat.leaves.map((x: TensorLike, i): TensorLike => {
      const axis = axes[i];
      if (axis === null) return x;
      const t = asTensor(x);
      const path = `argument ${flat.paths[i]}`;
      if (t.shape.length === 0) {
        fail(
          "argument",
          `${path} is the scalar ${describe(t)}, which has no axis; map it with null`,
        );
      }
      const along = axisOf(`vmap: ${path}`, axis, t.shape.length);
      if (given.size > 0 && t.shape[along] !== size) {
        fail(
          "shape",
          `${path} is ${describe(t)} with ${
            t.shape[along]
          } examples along axis ${along}, ${first} has ${size}`,
        );
      }
      if (given.size === 0) [size, first] = [t.shape[along], path];
      const batch = moveAxis(t, along, 0);
      const example = leaf({ dtype: t.dtype, shape: batch.shape.slice(1) }, `vmap ${path}`);
      given.set(example, batch);
      return example;
    });
    if (given.size === 0) fail("argument", "no argument is mapped; give inAxes a number for one");

    const result = f(...unflatten<Args>(flat.tree, inputs));
    const out = flatten(result, isTensorLike);
    const to = axesOfLeaves("outAxes", outAxes, result);
    const results = batchGraph(out.leaves.map((x) => asTensor(x)), given, size);
    return unflatten<R>(
      out.tree,
      results.map((r, i) => {
        const axis = to[i];
        const path = out.paths[i] === "" ? "the result" : `result ${out.paths[i]}`;
        if (axis === null) {
          if (r.batched) {
            fail("argument", `${path} differs between examples; its outAxes cannot be null`);
          }
          return r.tensor;
        }
        const all = whole(r, size);
        return moveAxis(all, 0, axisOf(`vmap: ${path}`, axis, all.shape.length));
      }),
    );
  };
}
