// checkpoint: a function whose inner values are computed again in the backward pass instead of being kept.
import { TensorError } from "./types.ts";
import {
  apply,
  apply1,
  type Body,
  constant,
  constantArray,
  isFloat,
  type Node,
  type Primitive,
  type Tensor,
} from "./node.ts";
import { fromNumbers, sizeOf } from "./ndarray.ts";
import { unflatten } from "./tree.ts";
import { close, inline, traceApart } from "./body.ts";
import { batchBody } from "./batching.ts";
import { pullback } from "./autodiff.ts";
import { pushforward } from "./forward.ts";
import { spread } from "./ops/batching.ts";
import { add } from "./ops/elementwise.ts";
import { aliasPrimitive, cast, less } from "./ops/logic.ts";
import { concat, slice } from "./ops/slicing.ts";
import { broadcastSource, reshape } from "./ops/structure.ts";

/**
 * x, at the earliest when `shape` is known: a barrier to sharing and to early execution. The shape is computed from
 * a value of the backward pass in a way that no optimiser can fold, and ONNX Runtime's Reshape copies nothing.
 */
const barrierPrimitive: Primitive = {
  name: "barrier",
  key: () => null,
  infer: ([x]) => [x],
  emit: (writer, inputs, node) => {
    const names = writer.node("Reshape", inputs);
    // Shape inference cannot see the shape, and memory is planned by it.
    writer.declare(names[0], node.outputs[0]);
    return names;
  },
  vjp: (_, [g]) => [g, null],
  batch: ([x, shape], [ofX, ofShape], _, size) => {
    const one = ofShape ? reshape(slice(shape, [0], [1]), [-1]) : shape;
    if (!ofX) return [spread(apply1(barrierPrimitive, [x, one], {}), false, size)];
    const wide = concat([constant(fromNumbers([size], [1], "int64")), one]);
    return [apply1(barrierPrimitive, [x, wide], {})];
  },
};

/** Whether a tensor is known while tracing: nothing can be waited for. */
function isKnown(t: Tensor): boolean {
  const source = broadcastSource(t) ?? t;
  return constantArray(source) !== null;
}

/** The tensors, not before one of the cotangents. */
function after(tensors: readonly Tensor[], cotangents: readonly (Tensor | null)[]): Tensor[] {
  const token = cotangents.find((g) => g !== null && !isKnown(g) && sizeOf(g.shape) > 0);
  if (!token) return [...tensors];
  const first = slice(reshape(token, [-1]), [0], [1]);
  // 0 for every number, also for NaN.
  const zero = cast(less(first, first), "int64");
  return tensors.map((t) => {
    if (isKnown(t)) return t;
    const shape = constant(fromNumbers(t.shape, [t.shape.length], "int64"));
    return apply1(barrierPrimitive, [t, add(shape, zero)], {});
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
  const again = after(inputs, cotangents).map((t) => apply1(aliasPrimitive, [t], {}));
  const floats = again.filter((t) => isFloat(t.dtype));
  const pulled = pullback(inline(attributes.body, again), cotangents, floats);
  return again.map((t) => isFloat(t.dtype) ? pulled[floats.indexOf(t)] : null);
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
