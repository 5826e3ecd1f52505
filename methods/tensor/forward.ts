// Forward-mode differentiation: tangents pushed through a traced graph beside its values.
import { TensorError } from "./types.ts";
import { asTensor, isFloat, isTensorLike, leaf, type Node, type Tensor } from "./node.ts";
import { add } from "./ops/elementwise.ts";
import { inheriting, madeAt } from "./origin.ts";
import { flatten, unflatten } from "./tree.ts";
import { dependents, fresh, grad, matching, pullback } from "./autodiff.ts";
import { zerosLike } from "./ops/structure.ts";

/**
 * Tangents of one node's outputs. A cotangent's pullback is linear in it, so pulling back through the pullback
 * pushes forward: every operator that has a reverse rule has this one.
 */
function pushNode(node: Node, tangents: readonly (Tensor | null)[]): readonly (Tensor | null)[] {
  const { vjp, jvp, name } = node.primitive;
  if (jvp) return jvp(node, tangents);
  if (!node.outputs.some((y) => isFloat(y.dtype))) return node.outputs.map(() => null);
  if (vjp === undefined) {
    throw new TensorError("derivative", `${name}: has no derivative; wrap it in stopGradient()`, {
      madeAt: madeAt(node),
    });
  }
  // The probes are never evaluated: what is linear in them has a derivative without them.
  const probes = node.outputs.map((y, i) => isFloat(y.dtype) ? leaf(y, `probe ${i}`) : null);
  const pulled = vjp(node, probes);
  const rows = pulled.flatMap((p, i) => p && tangents[i] ? [{ p, t: tangents[i]! }] : []);
  const floats = probes.flatMap((p) => p ? [p] : []);
  const pushed = pullback(rows.map(({ p }) => p), rows.map(({ t }) => t), floats);
  return probes.map((p) => p && pushed[floats.indexOf(p)]);
}

/**
 * Tangents of `outputs` given those of `inputs` (null: none); null where nothing depends.
 * @throws TensorError `derivative` at an operator without a rule
 */
export function pushforward(
  outputs: readonly Tensor[],
  inputs: readonly Tensor[],
  tangents: readonly (Tensor | null)[],
): (Tensor | null)[] {
  if (inputs.length === 0) return outputs.map(() => null);
  const known = new Map<Tensor, Tensor | null>();
  inputs.forEach((t, i) => {
    const [before, now] = [known.get(t) ?? null, tangents[i]];
    known.set(t, before && now ? add(before, now) : before ?? now);
  });
  for (const node of dependents(outputs, inputs).reverse()) {
    const given = node.inputs.map((t) => known.get(t) ?? null);
    if (given.every((t) => t === null)) continue;
    inheriting(node, () => pushNode(node, given), "tangent")
      .forEach((t, i) => known.set(node.outputs[i], t));
  }
  return outputs.map((t) => known.get(t) ?? null);
}

/**
 * The value of `f` at a tree of floats and its derivative along a tangent of the same form, in one forward pass.
 *
 * ```ts
 * import { compile, jvp, sin, type Tensor } from "./mod.ts";
 *
 * const spec = { dtype: "float32", shape: [3] } as const;
 * compile((x: Tensor, dx: Tensor) => jvp((x: Tensor) => sin(x), x, dx), [spec, spec]);
 * ```
 * @throws TensorError `shape` or `tree` when the tangent does not fit
 */
export function jvp<P, R>(f: (params: P) => R, params: P, tangent: P): [R, R] {
  const { inputs, tree } = fresh(params, "jvp");
  const form = flatten(params, isTensorLike).tree;
  const tangents = matching("jvp", "tangent", tangent, inputs, form);
  const result = f(tree as P);
  const flat = flatten(result, isTensorLike);
  const outputs = flat.leaves.map((x) => asTensor(x));
  const pushed = pushforward(outputs, inputs, tangents);
  return [result, unflatten<R>(flat.tree, pushed.map((t, i) => t ?? zerosLike(outputs[i])))];
}

/**
 * H v for the Hessian H of a scalar function at a tree of floats and a tree v of the same form: forward over
 * reverse, at a small multiple of the cost of one gradient and without ever forming H.
 * Pearlmutter, Fast exact multiplication by the Hessian, Neural Computation 6 (1994).
 *
 * ```ts
 * import { compile, hessianVectorProduct, sin, sum, type Tensor } from "./mod.ts";
 *
 * const spec = { dtype: "float32", shape: [3] } as const;
 * compile(
 *   (x: Tensor, v: Tensor) => hessianVectorProduct((x: Tensor) => sum(sin(x)), x, v),
 *   [spec, spec],
 * );
 * ```
 */
export function hessianVectorProduct<P>(f: (params: P) => Tensor, params: P, vector: P): P {
  return jvp(grad(f), params, vector)[1];
}
