// Reverse-mode differentiation of traced graphs; the rules build the same primitives, so any order follows.
import { describe, TensorError } from "./types.ts";
import {
  apply1,
  asTensor,
  constant,
  isFloat,
  isTensorLike,
  type Node,
  Tensor,
  type TensorLike,
} from "./node.ts";
import { inheriting, madeAt } from "./origin.ts";
import { add } from "./ops/elementwise.ts";
import { aliasPrimitive } from "./ops/logic.ts";
import { zerosLike } from "./ops/structure.ts";
import { type Flat, flatten, kindOf, sameTree, type TreeShape, unflatten } from "./tree.ts";
import { sameSpec } from "./ndarray.ts";

/** Nodes between `outputs` and `stops` through which a derivative can flow, latest first. */
export function dependents(outputs: readonly Tensor[], stops: readonly Tensor[]): Node[] {
  const flows = new Map<Node, boolean>(stops.map((t) => [t.node, true]));
  const oldest = Math.min(...stops.map((t) => t.node.id));
  const stack = outputs.map((t) => t.node);
  while (stack.length > 0) {
    const node = stack[stack.length - 1];
    if (flows.has(node)) {
      stack.pop();
    } else if (node.id < oldest) {
      flows.set(node, false);
    } else {
      const open = node.inputs.filter((t) => !flows.has(t.node));
      if (open.length > 0) {
        for (const t of open) stack.push(t.node);
        continue;
      }
      flows.set(node, node.inputs.some((t) => flows.get(t.node)));
    }
  }
  const stopNodes = new Set(stops.map((t) => t.node));
  return [...flows].filter(([node, flow]) => flow && !stopNodes.has(node))
    .map(([node]) => node)
    .sort((a, b) => b.id - a.id);
}

/** Cotangents of a node's inputs by its rule; errors name the operator, and its line if recorded. */
function cotangentsOf(
  node: Node,
  g: readonly (Tensor | null)[],
): readonly (Tensor | null)[] {
  const { vjp, name } = node.primitive;
  if (vjp === undefined) {
    throw new TensorError("derivative", `${name}: has no derivative; wrap it in stopGradient()`, {
      madeAt: madeAt(node),
    });
  }
  try {
    return vjp(node, g);
  } catch (error) {
    if (!(error instanceof TensorError) || error.code === "derivative") throw error;
    throw new TensorError(error.code, `gradient of ${name}: ${error.problem}`, {
      cause: error,
      madeAt: madeAt(node),
    });
  }
}

/**
 * Cotangents of `inputs` given those of `outputs` (null: none). Null where nothing depends.
 * @throws TensorError `derivative` at an operator without a rule.
 */
export function pullback(
  outputs: readonly Tensor[],
  cotangents: readonly (Tensor | null)[],
  inputs: readonly Tensor[],
): (Tensor | null)[] {
  if (inputs.length === 0) return [];
  const adjoints = new Map<Node, (Tensor | null)[]>();
  const accumulate = (t: Tensor, g: Tensor | null) => {
    if (g === null || !isFloat(t.dtype)) return;
    let list = adjoints.get(t.node);
    if (list === undefined) adjoints.set(t.node, list = t.node.outputs.map(() => null));
    const known = list[t.index];
    list[t.index] = known === null ? g : add(known, g);
  };
  const path = dependents(outputs, inputs);
  const onPath = new Set<Node>([...path, ...inputs.map((t) => t.node)]);
  outputs.forEach((t, i) => accumulate(t, cotangents[i]));
  for (const node of path) {
    const g = adjoints.get(node);
    if (g === undefined || g.every((x) => x === null)) continue;
    const contributions = inheriting(node, () => cotangentsOf(node, g), "gradient");
    node.inputs.forEach((t, i) => {
      if (onPath.has(t.node)) accumulate(t, contributions[i] ?? null);
    });
  }
  return inputs.map((t) => adjoints.get(t.node)?.[t.index] ?? null);
}

/** Options of {@linkcode valueAndGrad} and {@linkcode grad}. */
export interface GradOptions {
  /** `f` returns `[value, aux]`; aux is passed through undifferentiated. @default false */
  readonly hasAux?: boolean;
}

/** A tree of float leaves as fresh nodes, to differentiate with respect to them alone. */
export function fresh(tree: unknown, op = "grad"): { inputs: Tensor[]; tree: unknown } {
  const flat = flatten(tree, isTensorLike);
  const inputs = flat.leaves.map((x, i) => {
    const t = asTensor(x);
    if (!isFloat(t.dtype)) {
      const path = flat.paths[i] === "" ? "the argument" : `leaf "${flat.paths[i]}"`;
      throw new TensorError(
        "derivative",
        `${op}: ${path} is ${
          describe(t)
        }; only floats can be differentiated, pass it as another argument`,
      );
    }
    return apply1(aliasPrimitive, [t], {});
  });
  return { inputs, tree: unflatten(flat.tree, inputs) };
}

/**
 * The leaves of a tangent or cotangent, which must be of the form and shapes of `targets`.
 * @throws TensorError `tree` or `shape` naming the leaf
 */
export function matching(
  op: string,
  what: "tangent" | "cotangent",
  value: unknown,
  targets: readonly Tensor[],
  form: TreeShape,
): Tensor[] {
  const given: Flat<TensorLike> = flatten(value, isTensorLike);
  const whose = what === "tangent" ? "the argument" : "the value";
  if (!sameTree(given.tree, form)) {
    throw new TensorError("tree", `${op}: the ${what} must have the form of ${whose}`);
  }
  return given.leaves.map((x, i) => {
    const t = asTensor(x, targets[i].dtype);
    if (sameSpec(t, targets[i])) return t;
    const name = given.paths[i] === "" ? `the ${what}` : `${what} "${given.paths[i]}"`;
    throw new TensorError(
      "shape",
      `${op}: ${name} is ${describe(t)}; expected ${describe(targets[i])}`,
    );
  });
}

/**
 * A function that returns the scalar value of `f` and its gradient with respect to the first
 * argument, a tree of float tensors. May be nested for higher derivatives.
 * @throws TensorError `derivative` when the value is not a float scalar.
 */
export function valueAndGrad<P, Rest extends readonly unknown[], Aux>(
  f: (params: P, ...rest: Rest) => readonly [Tensor, Aux],
  options: { readonly hasAux: true },
): (params: P, ...rest: Rest) => [[Tensor, Aux], P];
export function valueAndGrad<P, Rest extends readonly unknown[]>(
  f: (params: P, ...rest: Rest) => Tensor,
  options?: { readonly hasAux?: false },
): (params: P, ...rest: Rest) => [Tensor, P];
export function valueAndGrad<P, Rest extends readonly unknown[]>(
  f: (params: P, ...rest: Rest) => unknown,
  { hasAux = false }: GradOptions = {},
): (params: P, ...rest: Rest) => [unknown, P] {
  return (params, ...rest) => {
    const { inputs, tree } = fresh(params);
    const result = f(tree as P, ...rest);
    if (hasAux && !(Array.isArray(result) && result.length === 2)) {
      throw new TensorError(
        "derivative",
        `grad: with hasAux the function must return [value, aux], got ${
          result instanceof Tensor ? describe(result) : kindOf(result)
        }`,
      );
    }
    const value = hasAux ? (result as readonly [Tensor, unknown])[0] : result as Tensor;
    if (!(value instanceof Tensor) || value.shape.length > 0 || !isFloat(value.dtype)) {
      const got = value instanceof Tensor ? describe(value) : kindOf(value);
      throw new TensorError(
        "derivative",
        `grad: the function must return a float scalar, got ${got}; ${
          Array.isArray(value)
            ? "with { hasAux: true } it may return [value, aux]"
            : "reduce it with mean() or sum()"
        }`,
      );
    }
    const gradients = pullback([value], [constant(1, value.dtype)], inputs);
    const filled = gradients.map((g, i) => g ?? zerosLike(inputs[i]));
    const flat = flatten(params, isTensorLike);
    return [result, unflatten<P>(flat.tree, filled)];
  };
}

/** The gradient alone, with `hasAux` [gradient, aux]; see {@linkcode valueAndGrad}. */
export function grad<P, Rest extends readonly unknown[], Aux>(
  f: (params: P, ...rest: Rest) => readonly [Tensor, Aux],
  options: { readonly hasAux: true },
): (params: P, ...rest: Rest) => [P, Aux];
export function grad<P, Rest extends readonly unknown[]>(
  f: (params: P, ...rest: Rest) => Tensor,
  options?: { readonly hasAux?: false },
): (params: P, ...rest: Rest) => P;
export function grad<P, Rest extends readonly unknown[]>(
  f: (params: P, ...rest: Rest) => unknown,
  { hasAux = false }: GradOptions = {},
): (params: P, ...rest: Rest) => unknown {
  const both = valueAndGrad(
    f as (params: P, ...rest: Rest) => readonly [Tensor, unknown],
    { hasAux: hasAux as true },
  );
  return (params, ...rest) => {
    const [value, gradient] = both(params, ...rest);
    return hasAux ? [gradient, value[1]] : gradient;
  };
}

/**
 * The value of `f` at a tree of floats and the function that pulls a cotangent of the value (same
 * form as the value) back to the argument.
 * @throws TensorError `shape` or `tree` when the cotangent does not fit
 */
export function vjp<P, R>(f: (params: P) => R, params: P): [R, (cotangent: R) => P] {
  const { inputs, tree } = fresh(params, "vjp");
  const result = f(tree as P);
  const values = flatten(result, isTensorLike);
  const outputs = values.leaves.map((x) => asTensor(x));
  const form = flatten(params, isTensorLike).tree;
  return [result, (cotangent) => {
    const pulled = pullback(
      outputs,
      matching("vjp", "cotangent", cotangent, outputs, values.tree),
      inputs,
    );
    return unflatten<P>(form, pulled.map((g, i) => g ?? zerosLike(inputs[i])));
  }];
}
