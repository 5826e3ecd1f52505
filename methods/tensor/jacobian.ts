// Jacobians and Hessians of small problems: one pullback or pushforward for each unit vector, batched by vmap.
import { describe, TensorError } from "./types.ts";
import { asTensor, constant, isFloat, isTensorLike, Tensor } from "./node.ts";
import { fromNumbers, sizeOf } from "./ndarray.ts";
import { flatten, unflatten } from "./tree.ts";
import { grad, vjp } from "./autodiff.ts";
import { zerosLike } from "./ops/structure.ts";
import { jvp } from "./forward.ts";
import { vmap } from "./vmap.ts";
import { reshape } from "./ops/structure.ts";
import { moveAxis } from "./ops/batching.ts";

/** The tree of a result with, at each tensor, the tree of the parameters: leaves [...result, ...parameter]. */
export type Jacobian<R, P> = R extends Tensor ? P
  : R extends readonly unknown[] | object ? { [K in keyof R]: Jacobian<R[K], P> }
  : P;

/** All unit vectors of a tensor's elements: [n, ...shape]. */
function basis(x: Tensor): Tensor {
  const n = sizeOf(x.shape);
  const eye = Array.from({ length: n * n }, (_, i) => i % (n + 1) === 0 ? 1 : 0);
  return constant(fromNumbers(eye, [n, ...x.shape], x.dtype));
}

function floats(op: string, tree: unknown): Tensor[] {
  const { leaves, paths } = flatten(tree, isTensorLike);
  return leaves.map((x, i) => {
    const t = asTensor(x);
    if (isFloat(t.dtype)) return t;
    const path = paths[i] === "" ? "the value" : `"${paths[i]}"`;
    throw new TensorError(
      "derivative",
      `${op}: ${path} is ${describe(t)}; only floats can be differentiated`,
    );
  });
}

/**
 * The Jacobian of `f` by reverse mode: one pullback an element of the result, all in one batch. Fits functions
 * of many parameters and few results; the whole Jacobian is held in memory.
 *
 * ```ts
 * import { compile, jacrev, softmax, type Tensor } from "./mod.ts";
 *
 * compile(jacrev((x: Tensor) => softmax(x)), [{ dtype: "float32", shape: [4] }]); // → [4, 4]
 * ```
 * @throws TensorError `derivative` when a parameter or a result is not float
 */
export function jacrev<P, Rest extends readonly unknown[], R>(
  f: (params: P, ...rest: Rest) => R,
): (params: P, ...rest: Rest) => Jacobian<R, P> {
  return (params, ...rest) => {
    const [value, pull] = vjp((p: P) => f(p, ...rest), params);
    const out = flatten(value, isTensorLike);
    const results = floats("jacrev", value);
    const form = flatten(params, isTensorLike);
    const blocks = results.map((y, i) => {
      const one = (unit: Tensor) =>
        pull(unflatten<R>(out.tree, results.map((z, j) => j === i ? unit : zerosLike(z))));
      const rows = flatten(vmap(one)(basis(y)), isTensorLike).leaves as Tensor[];
      return unflatten<P>(
        form.tree,
        rows.map((t) => reshape(t, [...y.shape, ...t.shape.slice(1)])),
      );
    });
    return unflatten<Jacobian<R, P>>(out.tree, blocks);
  };
}

/**
 * The Jacobian of `f` by forward mode: one pushforward an element of the parameters, all in one batch. Fits
 * functions of few parameters and many results.
 *
 * ```ts
 * import { compile, jacfwd, softmax, type Tensor } from "./mod.ts";
 *
 * compile(jacfwd((x: Tensor) => softmax(x)), [{ dtype: "float32", shape: [4] }]); // → [4, 4]
 * ```
 * @throws TensorError `derivative` when a parameter or a result is not float
 */
export function jacfwd<P, Rest extends readonly unknown[], R>(
  f: (params: P, ...rest: Rest) => R,
): (params: P, ...rest: Rest) => Jacobian<R, P> {
  return (params, ...rest) => {
    const form = flatten(params, isTensorLike);
    const inputs = floats("jacfwd", params);
    const columns = inputs.map((x, i) => {
      const one = (unit: Tensor) => {
        const direction = inputs.map((z, j) => j === i ? unit : zerosLike(z));
        const [value, pushed] = jvp(
          (p: P) => f(p, ...rest),
          params,
          unflatten<P>(form.tree, direction),
        );
        floats("jacfwd", value);
        return pushed;
      };
      // [...result, n]: the axes of the parameter come last.
      return flatten(vmap(one)(basis(x)), isTensorLike);
    });
    const out = columns[0];
    const blocks = out.leaves.map((_, k) =>
      unflatten<P>(
        form.tree,
        columns.map(({ leaves }, i) => {
          const t = leaves[k] as Tensor;
          const last = moveAxis(t, 0, t.shape.length - 1);
          return reshape(last, [...t.shape.slice(1), ...inputs[i].shape]);
        }),
      )
    );
    return unflatten<Jacobian<R, P>>(out.tree, blocks);
  };
}

/**
 * The Hessian of a scalar function of a tree of floats, forward over reverse: for parameters `p` and `q` of the
 * tree a block [...p, ...q]. For small problems; {@linkcode hessianVectorProduct} never forms it.
 *
 * ```ts
 * import { compile, hessian, sin, sum, type Tensor } from "./mod.ts";
 *
 * compile(hessian((x: Tensor) => sum(sin(x))), [{ dtype: "float64", shape: [3] }]); // → [3, 3]
 * ```
 * @throws TensorError `derivative` when the value is not a float scalar
 */
export function hessian<P, Rest extends readonly unknown[]>(
  f: (params: P, ...rest: Rest) => Tensor,
): (params: P, ...rest: Rest) => Jacobian<P, P> {
  return jacfwd<P, Rest, P>(grad(f));
}
