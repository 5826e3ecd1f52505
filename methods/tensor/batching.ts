// Batches a traced graph: every operator that depends on a batched tensor is applied to the whole batch.
import { inheriting } from "./origin.ts";
import { TensorError } from "./types.ts";
import { apply, type Body, leaf, type Node, type Tensor } from "./node.ts";
import { freshLeaves, replay, topological } from "./body.ts";
import { broadcastSource, broadcastTo, reshape } from "./ops/structure.ts";
import { spread } from "./ops/batching.ts";

/** A tensor with a leading batch axis, or one that is the same for the whole batch. */
export interface Batched {
  readonly tensor: Tensor;
  readonly batched: boolean;
}

/** What `y` [size, …] repeats, when it is the same for the whole batch; else null. */
function repeated(y: Tensor): Tensor | null {
  const source = broadcastSource(y);
  if (source === null) return null;
  const one = y.shape.slice(1);
  if (source.shape.length < y.shape.length) return broadcastTo(source, one);
  if (source.shape[0] !== 1 || y.shape[0] === 1) return null;
  return broadcastTo(reshape(source, source.shape.slice(1)), one);
}

/** Operands of an operator that broadcasts, with the batch axis first in all that have one. */
function aligned(node: Node, inputs: readonly Tensor[], batched: readonly boolean[]): Tensor[] {
  const rank = Math.max(...node.inputs.map((t) => t.shape.length));
  return inputs.map((t, i) => {
    const missing = rank - node.inputs[i].shape.length;
    if (!batched[i] || missing === 0) return t;
    return reshape(t, [t.shape[0], ...Array<number>(missing).fill(1), ...t.shape.slice(1)]);
  });
}

function batchNode(
  node: Node,
  inputs: readonly Tensor[],
  batched: readonly boolean[],
  size: number,
): readonly Tensor[] {
  const { primitive, attributes } = node;
  if (primitive.batch) return primitive.batch(inputs, batched, attributes, size);
  if (primitive.elementwise) return apply(primitive, aligned(node, inputs, batched), attributes);
  if (primitive.reduction) {
    const { axes } = attributes as { axes: readonly number[] };
    return apply(primitive, inputs, { ...attributes, axes: axes.map((a) => a + 1) });
  }
  throw new TensorError("unsupported", `vmap: ${primitive.name} has no batching rule`);
}

/**
 * The outputs of a graph when `given` tensors are replaced by batches [size, …] of them.
 * @throws TensorError `unsupported` at an operator without a rule
 */
export function batchGraph(
  outputs: readonly Tensor[],
  given: ReadonlyMap<Tensor, Tensor>,
  size: number,
): Batched[] {
  const made = new Map<Node, readonly Batched[]>();
  const oldest = Math.min(...[...given.keys()].map((t) => t.node.id));
  const lookUp = (t: Tensor): Batched => {
    const batch = given.get(t);
    if (batch) return { tensor: batch, batched: true };
    return made.get(t.node)?.[t.index] ?? { tensor: t, batched: false };
  };
  for (const node of topological(outputs, (t) => t.node.id < oldest || given.has(t))) {
    const inputs = node.inputs.map(lookUp);
    if (!inputs.some((x) => x.batched)) {
      // Not batched, but perhaps made of what a batched operator gives for all examples alike.
      const moved = new Map(node.inputs.map((t, i) => [t, inputs[i].tensor]));
      if (node.inputs.every((t) => moved.get(t) === t)) continue;
      made.set(node, replay(node.outputs, moved).map((tensor) => ({ tensor, batched: false })));
      continue;
    }
    const results = inheriting(
      node,
      () => batchNode(node, inputs.map((x) => x.tensor), inputs.map((x) => x.batched), size),
    );
    made.set(
      node,
      results.map((tensor) => {
        const source = repeated(tensor);
        return source ? { tensor: source, batched: false } : { tensor, batched: true };
      }),
    );
  }
  return outputs.map(lookUp);
}

/** A batch [size, …] whether or not the value depends on the batch. */
export function whole({ tensor, batched }: Batched, size: number): Tensor {
  return spread(tensor, batched, size);
}

/** Which outputs can depend on tensors of `sources`. */
export function dependence(
  outputs: readonly Tensor[],
  sources: ReadonlySet<Tensor>,
): boolean[] {
  const yes = new Set<Node>();
  const depends = (t: Tensor) => sources.has(t) || yes.has(t.node);
  const oldest = Math.min(Infinity, ...[...sources].map((t) => t.node.id));
  for (const node of topological(outputs, (t) => t.node.id < oldest || sources.has(t))) {
    if (node.inputs.some(depends)) yes.add(node);
  }
  return outputs.map(depends);
}

/**
 * A body whose leaves take batches where `batched` says so, and which outputs are batches then.
 * `outer` gives batches of tensors that the body captures, `same` what stands for others of them.
 */
export function batchBody(
  { leaves, outputs }: Body,
  batched: readonly boolean[],
  size: number,
  outer: ReadonlyMap<Tensor, Tensor> = new Map(),
  same: ReadonlyMap<Tensor, Tensor> = new Map(),
): { readonly leaves: Tensor[]; readonly results: Batched[] } {
  const own = freshLeaves(leaves);
  const copy = replay(outputs, new Map([...leaves.map((t, i) => [t, own[i]] as const), ...same]));
  const given = new Map(outer);
  const taken = own.map((t, i) => {
    if (!batched[i]) return t;
    const batch = leaf({ dtype: t.dtype, shape: [size, ...t.shape] }, `batched ${i}`);
    given.set(t, batch);
    return batch;
  });
  return { leaves: taken, results: batchGraph(copy, given, size) };
}
