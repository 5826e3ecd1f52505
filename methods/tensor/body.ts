// Graphs inside nodes: how one is closed over what it uses, how it is copied, what it captures.
import {
  apply,
  asTensor,
  type Body,
  constantArray,
  isolated,
  isTensorLike,
  leaf,
  type Node,
  type Tensor,
} from "./node.ts";
import { inheriting } from "./origin.ts";
import { flatten, type TreeShape } from "./tree.ts";

/** Nodes that `roots` need, inputs before users, without those that `done` says need no visit. */
export function topological(roots: readonly Tensor[], done: (t: Tensor) => boolean): Node[] {
  const seen = new Set<Node>();
  const stack = roots.filter((t) => !done(t)).map((t) => t.node);
  while (stack.length > 0) {
    const node = stack.pop()!;
    if (seen.has(node)) continue;
    seen.add(node);
    for (const t of node.inputs) if (!done(t)) stack.push(t.node);
  }
  return [...seen].sort((a, b) => a.id - b.id);
}

/** Tensors that a body uses without depending on its leaves; constants apart. */
export function captures(outputs: readonly Tensor[], leaves: readonly Tensor[]): Tensor[] {
  const inside = new Map<Node, boolean>(leaves.map((t) => [t.node, true]));
  const stack = outputs.map((t) => t.node);
  while (stack.length > 0) {
    const node = stack[stack.length - 1];
    if (inside.has(node)) {
      stack.pop();
      continue;
    }
    const open = node.inputs.filter((t) => !inside.has(t.node));
    if (open.length > 0) { for (const t of open) stack.push(t.node); }
    else inside.set(node, node.inputs.some((t) => inside.get(t.node)));
  }
  const found = new Set<Tensor>();
  const consider = (t: Tensor) => {
    if (!inside.get(t.node) && constantArray(t) === null) found.add(t);
  };
  outputs.forEach(consider);
  for (const [node, yes] of inside) if (yes) node.inputs.forEach(consider);
  return [...found].sort((a, b) => a.node.id - b.node.id || a.index - b.index);
}

/** The graph under `roots` with some tensors replaced; graphs within it get leaves of their own. */
export function replay(
  roots: readonly Tensor[],
  replacements: ReadonlyMap<Tensor, Tensor>,
): Tensor[] {
  const made = new Map<Node, readonly Tensor[]>();
  const swapped = new Map(replacements);
  // Nodes older than all that is replaced cannot depend on it.
  let oldest = Infinity;
  for (const t of swapped.keys()) oldest = Math.min(oldest, t.node.id);
  const done = (t: Tensor) => t.node.id < oldest || swapped.has(t) || made.has(t.node);
  const swap = (t: Tensor) => swapped.get(t) ?? made.get(t.node)?.[t.index] ?? t;
  const visit = (outputs: readonly Tensor[]): Tensor[] => {
    for (const node of topological(outputs, done)) {
      const inputs = node.inputs.map(swap);
      const { bodies, withBodies } = node.primitive;
      if (inputs.every((t, i) => t === node.inputs[i])) made.set(node, node.outputs);
      else if (bodies === undefined) {
        made.set(node, inheriting(node, () => apply(node.primitive, inputs, node.attributes)));
      } else {
        const copies = bodies(node.attributes).map((body) => {
          const leaves = freshLeaves(body.leaves);
          body.leaves.forEach((t, i) => {
            swapped.set(t, leaves[i]);
            oldest = Math.min(oldest, t.node.id);
          });
          return { leaves, outputs: visit(body.outputs) };
        });
        made.set(node, inheriting(node, () => withBodies!(inputs, node.attributes, copies)));
      }
    }
    return outputs.map(swap);
  };
  return visit(roots);
}

/** New leaves of the same types. */
export function freshLeaves(leaves: readonly Tensor[], stem = "inner"): Tensor[] {
  return leaves.map((t, i) => leaf(t, `${stem} ${i}`));
}

/** A copy of a body with leaves of its own. */
export function copyBody({ leaves, outputs }: Body, stem?: string): Body {
  const own = freshLeaves(leaves, stem);
  return { leaves: own, outputs: replay(outputs, new Map(leaves.map((t, i) => [t, own[i]]))) };
}

/** The outputs of a body for given values of its leaves. */
export function inline({ leaves, outputs }: Body, values: readonly Tensor[]): Tensor[] {
  return replay(outputs, new Map(leaves.map((t, i) => [t, values[i]])));
}

/** What a traced function computes and which outer tensors it needs. */
export interface Traced {
  readonly outputs: readonly Tensor[];
  readonly tree: TreeShape;
  readonly paths: readonly string[];
  readonly captured: readonly Tensor[];
}

/** Traces `f` apart from the code around it. */
export function traceApart(f: () => unknown): Traced {
  const { result, since } = isolated(() => {
    const flat = flatten(f(), isTensorLike);
    return { ...flat, outputs: flat.leaves.map((x) => asTensor(x)) };
  });
  const captured = new Set<Tensor>();
  const outer = (t: Tensor) => {
    if (t.node.id >= since) return false;
    if (constantArray(t) === null) captured.add(t);
    return true;
  };
  result.outputs.forEach(outer);
  for (const node of topological(result.outputs, (t) => t.node.id < since)) {
    node.inputs.forEach(outer);
  }
  const { outputs, tree, paths } = result;
  return { outputs, tree, paths, captured: [...captured] };
}

/** The traced graph as a body with a leaf for each of `captured`, which holds all that it needs. */
export function close(outputs: readonly Tensor[], captured: readonly Tensor[]): Body {
  const leaves = freshLeaves(captured, "captured");
  return { leaves, outputs: replay(outputs, new Map(captured.map((t, i) => [t, leaves[i]]))) };
}
