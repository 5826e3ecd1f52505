// Passes over a finished graph: drop aliases, lower what the runtime lacks, share again, fuse biases.
import { apply, leafPrimitive, madeBy, type Node, type Tensor, traced } from "./node.ts";
import { inheriting } from "./origin.ts";
import { fuseUpdate } from "./product_updates.ts";
import { onRows } from "./rows.ts";
import { geluSource, normalCdf, normalCdfSource } from "./ops/activation.ts";
import { gemmPrimitive } from "./ops/linear.ts";
import { div, isAdd, mul, scaledByReciprocal } from "./ops/elementwise.ts";
import { reshape, reshapeSource } from "./ops/structure.ts";

/** All nodes that `outputs` need, bodies of loops and branches apart, inputs before users. */
export function reachable(outputs: readonly Tensor[], known?: ReadonlySet<Node>): Node[] {
  const seen = new Set<Node>();
  const stack = outputs.map((t) => t.node);
  while (stack.length > 0) {
    const node = stack.pop()!;
    if (seen.has(node) || known?.has(node)) continue;
    seen.add(node);
    for (const t of node.inputs) stack.push(t.node);
  }
  return [...seen].sort((a, b) => a.id - b.id);
}

type Rule = (node: Node, inputs: readonly Tensor[]) => readonly Tensor[] | null;

/** Rebuilds the graph under `outputs`, replacing nodes by what `rule` gives. */
function rebuild(outputs: readonly Tensor[], rule: Rule): Tensor[] {
  const made = new Map<Node, readonly Tensor[]>();
  const visit = (roots: readonly Tensor[]): Tensor[] => {
    for (const node of reachable(roots, new Set(made.keys()))) {
      const inputs = node.inputs.map((t) => made.get(t.node)![t.index]);
      made.set(node, inheriting(node, () => one(node, inputs)));
    }
    return roots.map((t) => made.get(t.node)![t.index]);
  };
  const one = (node: Node, inputs: readonly Tensor[]): readonly Tensor[] => {
    if (node.primitive === leafPrimitive as unknown) return node.outputs;
    const replaced = rule(node, inputs);
    if (replaced) return replaced;
    const { bodies, withBodies } = node.primitive;
    if (bodies === undefined) return apply(node.primitive, inputs, node.attributes);
    const rebuilt = bodies(node.attributes).map(({ leaves, outputs }) => {
      for (const t of leaves) made.set(t.node, t.node.outputs);
      return { leaves, outputs: visit(outputs) };
    });
    return withBodies!(inputs, node.attributes, rebuilt);
  };
  return visit(outputs);
}

/** The first rule that applies. */
function first(...rules: readonly Rule[]): Rule {
  return (node, inputs) => {
    for (const rule of rules) {
      const replaced = rule(node, inputs);
      if (replaced) return replaced;
    }
    return null;
  };
}

/** How often each node is used, in all bodies. */
function countUses(outputs: readonly Tensor[]): Map<Node, number> {
  const uses = new Map<Node, number>();
  const seen = new Set<Node>();
  const visit = (roots: readonly Tensor[]) => {
    for (const t of roots) uses.set(t.node, (uses.get(t.node) ?? 0) + 1);
    for (const node of reachable(roots, seen)) {
      seen.add(node);
      for (const t of node.inputs) uses.set(t.node, (uses.get(t.node) ?? 0) + 1);
      for (const body of node.primitive.bodies?.(node.attributes) ?? []) visit(body.outputs);
    }
  };
  visit(outputs);
  return uses;
}

/** (reshape of) a·b + bias as one Gemm, when the product has no other use. */
function fuseBias(uses: Map<Node, number>): Rule {
  return (node, inputs) => {
    if (!isAdd(node.outputs[0])) return null;
    for (const [i, j] of [[0, 1], [1, 0]]) {
      const bias = inputs[j];
      const [old, product] = [node.inputs[i], inputs[i]];
      const oldGemm = reshapeSource(old) ?? old;
      const gemm = reshapeSource(product) ?? product;
      const single = uses.get(old.node) === 1 && uses.get(oldGemm.node) === 1;
      const last = product.shape[product.shape.length - 1];
      if (
        single && madeBy(gemm, gemmPrimitive) && gemm.node.inputs.length === 2 &&
        bias.shape.length === 1 && bias.shape[0] === last && gemm.shape[1] === last
      ) {
        const fused = apply(
          gemmPrimitive,
          [...gemm.node.inputs, bias],
          gemm.node.attributes as never,
        );
        return [reshape(fused[0], product.shape)];
      }
    }
    return null;
  };
}

/** x·Φ(x) in place of Gelu(x) where the gradient needs Φ(x) anyway. */
function shareCdf(nodes: readonly Node[]): Rule {
  const shared = new Set(nodes.map((n) => n.outputs[0] && normalCdfSource(n.outputs[0])));
  return (node, [x]) => {
    const source = geluSource(node.outputs[0]);
    return source !== null && shared.has(source) ? [mul(x, normalCdf(x))] : null;
  };
}

/**
 * x·(1/b) as x/b where x is a result. ONNX Runtime 1.30 makes this change itself, but then loses x: "Node input
 * is not a graph input, initializer, or output of a previous node".
 */
function quotients(uses: Map<Node, number>, outputs: readonly Tensor[]): Rule {
  const results = new Set(outputs);
  return (node, inputs) => {
    const found = scaledByReciprocal(node.outputs[0]);
    if (!found || !results.has(found.x) || uses.get(found.inverse.node) !== 1) return null;
    const [x, inverse] = node.inputs[0] === found.x ? inputs : [inputs[1], inputs[0]];
    const [, b] = inverse.node.inputs;
    return b === undefined ? null : [div(x, b)];
  };
}

/** The graph as it will be written: lowered, shared, biases fused. */
export function optimise(outputs: readonly Tensor[]): Tensor[] {
  const lowered = traced(() => rebuild(outputs, () => null), { lower: true });
  const uses = countUses(lowered);
  return traced(
    () =>
      rebuild(
        lowered,
        first(
          quotients(uses, lowered),
          fuseBias(uses),
          fuseUpdate(uses),
          shareCdf([...uses.keys()]),
          onRows,
        ),
      ),
    {
      lower: true,
    },
  );
}
