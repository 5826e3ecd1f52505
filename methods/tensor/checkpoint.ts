// checkpoint: a function whose inner values are computed again in the backward pass instead of being kept.
import { TensorError } from "./types.ts";
import {
  apply,
  apply1,
  type Body,
  constantArray,
  isFloat,
  leafPrimitive,
  madeBy,
  type Node,
  type Primitive,
  type Tensor,
} from "./node.ts";
import { sizeOf } from "./ndarray.ts";
import { unflatten } from "./tree.ts";
import { close, inline, topological, traceApart } from "./body.ts";
import { batchBody } from "./batching.ts";
import { pullback } from "./autodiff.ts";
import { pushforward } from "./forward.ts";
import { spread } from "./ops/batching.ts";
import { mul } from "./ops/elementwise.ts";
import { aliasPrimitive, cast, less } from "./ops/logic.ts";
import { concat, slice } from "./ops/slicing.ts";
import { broadcastSource, reshape, sum } from "./ops/structure.ts";

/** x + z for a z that is always −0, so x to the last bit, but not before z is known and not shared. */
const barrierPrimitive: Primitive = {
  name: "barrier",
  elementwise: true,
  key: () => null,
  infer: ([x]) => [x],
  emit: (writer, inputs) => writer.node("Add", inputs),
  vjp: (_, [g]) => [g, null],
  batch: ([x, z], [ofX, ofZ], _, size) => {
    const one = ofZ ? reshape(slice(z, [0], [1]), []) : z;
    return [spread(apply1(barrierPrimitive, [x, one], {}), ofX, size)];
  },
};

/** Whether a tensor is known while tracing: nothing can be waited for. */
function isKnown(t: Tensor): boolean {
  return constantArray(broadcastSource(t) ?? t) !== null;
}

/** Whether a tensor is given from outside: it is there in any case. */
function isGiven(t: Tensor): boolean {
  if (madeBy(t, aliasPrimitive)) return isGiven(t.node.inputs[0]);
  return madeBy(t, leafPrimitive);
}

/**
 * Which inputs must wait so that nothing of the body can be shared with the forward pass: all that are computed,
 * and those given ones, parameters usually, from which alone something is computed.
 */
function waiting({ leaves, outputs }: Body, inputs: readonly Tensor[]): boolean[] {
  const eligible = inputs.map((t) => isFloat(t.dtype) && sizeOf(t.shape) > 1 && !isKnown(t));
  const late = new Set(leaves.filter((_, i) => eligible[i] && !isGiven(inputs[i])));
  if (late.size === 0) return eligible;
  const depends = new Set<Node>();
  const alone = new Set<Tensor>();
  for (const node of topological(outputs, () => false)) {
    if (node.inputs.some((t) => late.has(t) || depends.has(t.node))) depends.add(node);
    else node.inputs.forEach((t) => alone.add(t));
  }
  return leaves.map((t, i) => eligible[i] && (late.has(t) || alone.has(t)));
}

/** −0, once all of `tensors` are known. */
function whenKnown(tensors: readonly Tensor[]): Tensor {
  const firsts = tensors.map((t) => slice(reshape(t, [sizeOf(t.shape)]), [0], [1]));
  const all = concat(firsts);
  // x < x is false for every number, also for NaN, which no optimiser knows.
  return mul(sum(cast(less(all, all), all.dtype)), -1);
}

function wait(t: Tensor, z: Tensor): Tensor {
  return apply1(barrierPrimitive, [t, cast(z, t.dtype)], {});
}

/** The inputs of a body for its second run, not before one of the cotangents where they must wait. */
function later(
  body: Body,
  inputs: readonly Tensor[],
  cotangents: readonly (Tensor | null)[],
): Tensor[] {
  const token = cotangents.find((g) => g !== null && !isKnown(g) && sizeOf(g.shape) > 0);
  if (!token) return [...inputs];
  const z = whenKnown([token]);
  const waits = waiting(body, inputs);
  return inputs.map((t, i) => waits[i] ? wait(t, z) : t);
}

/**
 * The cotangents, those of computed inputs not before all others: ONNX Runtime would put off the gradients of
 * parameters to the end, and with them keep alive what they are computed from.
 */
function together(
  inputs: readonly Tensor[],
  cotangents: readonly (Tensor | null)[],
): (Tensor | null)[] {
  const dynamic = cotangents.flatMap((g) => g && !isKnown(g) && sizeOf(g.shape) > 0 ? [g] : []);
  return cotangents.map((g, i) => {
    if (g === null || isGiven(inputs[i]) || !dynamic.includes(g)) return g;
    const others = dynamic.filter((t) => t !== g && t.dtype === g.dtype);
    return others.length === 0 ? g : wait(g, whenKnown(others));
  });
}

interface CheckpointAttributes {
  readonly body: Body;
}

/** A closed graph with a leaf for each input; written as if it stood there. */
const checkpointPrimitive: Primitive<CheckpointAttributes> = {
  name: "checkpoint",
  key: () => null,
  infer: (_, { body }) => body.outputs,
  lower: (inputs, { body }) => inline(body, inputs),
  emit: () => {
    throw new TensorError("unsupported", "checkpoint is always lowered");
  },
  bodies: ({ body }) => [body],
  withBodies: (inputs, _, [body]) => apply(checkpointPrimitive, inputs, { body }),
  vjp: (node, cotangents) => pullbackCheckpoint(node, cotangents),
  jvp: ({ inputs, attributes }, tangents) => {
    const values = inputs.map((t) => apply1(aliasPrimitive, [t], {}));
    return pushforward(inline(attributes.body, values), values, tangents);
  },
  batch: (inputs, batched, { body }, size) => {
    const { leaves, results } = batchBody(body, batched, size);
    const outputs = results.map((r) => r.tensor);
    return apply(checkpointPrimitive, inputs, { body: { leaves, outputs } })
      .map((t, i) => spread(t, results[i].batched, size));
  },
};

function pullbackCheckpoint(
  { inputs, attributes }: Node<CheckpointAttributes>,
  cotangents: readonly (Tensor | null)[],
): (Tensor | null)[] {
  const again = later(attributes.body, inputs, cotangents).map((t) =>
    apply1(aliasPrimitive, [t], {})
  );
  const floats = again.filter((t) => isFloat(t.dtype));
  const pulled = pullback(inline(attributes.body, again), cotangents, floats);
  return together(inputs, again.map((t) => isFloat(t.dtype) ? pulled[floats.indexOf(t)] : null));
}

/**
 * The function `f`, whose inner values are not kept for its derivative but computed again when the backward pass
 * comes there: less memory, about one more forward pass. Wrap each layer of a deep network, or groups of √n of n
 * layers. Arguments, outer tensors that `f` uses and its result are kept. Higher derivatives recompute likewise.
 * Chen et al., Training deep nets with sublinear memory cost, arXiv:1604.06174.
 *
 * ```ts
 * import { checkpoint, compile, grad, matmul, sum, tanh, type Tensor } from "./mod.ts";
 *
 * const layer = checkpoint((x: Tensor, w: Tensor) => tanh(matmul(x, w)));
 * const loss = (w: Tensor[], x: Tensor) => sum(w.reduce((h, w) => layer(h, w), x));
 * const weight = { dtype: "float32", shape: [64, 64] } as const;
 * compile(grad(loss), [[weight, weight, weight], { dtype: "float32", shape: [512, 64] }]);
 * ```
 */
export function checkpoint<Args extends readonly unknown[], R>(
  f: (...args: Args) => R,
): (...args: Args) => R {
  return (...args) => {
    const { outputs, tree, captured } = traceApart(() => f(...args));
    if (outputs.length === 0) {
      throw new TensorError("tree", "checkpoint: the function returns no tensor");
    }
    const results = apply(checkpointPrimitive, captured, { body: close(outputs, captured) });
    return unflatten<R>(tree, results);
  };
}
