// The data-dependent loop: one closed body, forward mode and batching; reverse mode is refused.
import { TensorError } from "./types.ts";
import {
  apply,
  type Body,
  constant,
  isFloat,
  type Node,
  type Primitive,
  type Tensor,
} from "./node.ts";
import { copyBody, freshLeaves } from "./body.ts";
import { batchBody, dependence, whole } from "./batching.ts";
import { pushforward } from "./forward.ts";
import { spread } from "./ops/batching.ts";
import { cast, greater, logicalAnd, where } from "./ops/logic.ts";
import { reduceMax } from "./ops/reduction.ts";
import { broadcastTo, reshape } from "./ops/structure.ts";

/** Body: leaves for the carry and for captured tensors; outputs whether to go on, then the next carry. */
export interface WhileAttributes {
  readonly carries: number;
  readonly body: Body;
}

/** Inputs: whether to begin, the initial carry, captured tensors. */
export const whilePrimitive: Primitive<WhileAttributes> = {
  name: "whileLoop",
  key: () => null,
  infer: (_, { body }) => body.outputs.slice(1),
  emit: () => {
    throw new TensorError("unsupported", "whileLoop is written by the lowering pass");
  },
  bodies: ({ body }) => [body],
  withBodies: (inputs, { carries }, [body]) => apply(whilePrimitive, inputs, { carries, body }),
  vjp: () => {
    throw new TensorError(
      "derivative",
      "whileLoop: reverse mode (grad, vjp) needs a number of steps known in advance; use scan() with that many " +
        "steps and where() to stop early, use jvp(), or wrap the result in stopGradient()",
    );
  },
  jvp: (node, tangents) => pushWhile(node, tangents),
  batch: (inputs, batched, attributes, size) => batchWhile(inputs, batched, attributes, size),
};

/** Which leaves depend on `first` leaves through any number of steps. */
function spreading({ carries, body }: WhileAttributes, first: readonly boolean[]): boolean[] {
  const yes = [...first];
  for (let grown = true; grown;) {
    grown = false;
    const sources = new Set(body.leaves.filter((_, i) => yes[i]));
    dependence(body.outputs.slice(1, 1 + carries), sources).forEach((depends, i) => {
      if (!depends || yes[i]) return;
      yes[i] = grown = true;
    });
  }
  return yes;
}

/** The loop with the tangents of the carry beside it; they do not decide when it ends. */
function pushWhile(
  { inputs, attributes, outputs }: Node<WhileAttributes>,
  tangents: readonly (Tensor | null)[],
): (Tensor | null)[] {
  const { carries, body } = attributes;
  const [go, ...operands] = inputs;
  const given = operands.map((t, i) => tangents[1 + i] !== null && isFloat(t.dtype));
  const moves = spreading(attributes, given).map((yes, i) => yes && isFloat(operands[i].dtype));
  const active = operands.flatMap((_, i) => moves[i] ? [i] : []);
  const inCarry = active.filter((i) => i < carries), captured = active.filter((i) => i >= carries);
  const zero = (t: Tensor) => broadcastTo(constant(0, t.dtype), t.shape);
  const { leaves, outputs: next } = copyBody(body);
  const directions = freshLeaves(active.map((i) => leaves[i]), "tangent");
  const pushed = pushforward(next.slice(1), active.map((i) => leaves[i]), directions);
  const results = apply(whilePrimitive, [
    go,
    ...operands.slice(0, carries),
    ...inCarry.map((i) => tangents[1 + i] ?? zero(operands[i])),
    ...operands.slice(carries),
    ...captured.map((i) => tangents[1 + i]!),
  ], {
    carries: carries + inCarry.length,
    body: {
      leaves: [
        ...leaves.slice(0, carries),
        ...directions.slice(0, inCarry.length),
        ...leaves.slice(carries),
        ...directions.slice(inCarry.length),
      ],
      outputs: [...next, ...inCarry.map((i) => pushed[i] ?? zero(leaves[i]))],
    },
  });
  const perOutput: (Tensor | null)[] = outputs.map(() => null);
  inCarry.forEach((i, k) => perOutput[i] = results[carries + k]);
  return perOutput;
}

/** Whether any element holds. */
function any(flags: Tensor): Tensor {
  return greater(reduceMax(cast(flags, "float32")), 0.5);
}

/** One loop for the batch: it goes on while any example does, and changes only the examples that do. */
function batchWhile(
  [go, ...operands]: readonly Tensor[],
  [goBatched, ...batched]: readonly boolean[],
  attributes: WhileAttributes,
  size: number,
): readonly Tensor[] {
  const { carries, body } = attributes;
  let flags = spreading(attributes, batched);
  const sources = new Set(body.leaves.filter((_, i) => flags[i]));
  const differs = goBatched || dependence(body.outputs.slice(0, 1), sources)[0];
  // Where examples end at different steps, all that is carried differs.
  if (differs) flags = flags.map((yes, i) => yes || i < carries);
  const { leaves, results } = batchBody(body, flags, size);
  const [further, ...next] = results;
  const carried = next.map((r, i) => flags[i] ? whole(r, size) : r.tensor);
  const init = operands.map((t, i) => flags[i] ? spread(t, batched[i], size) : t);
  if (!differs) {
    return apply(whilePrimitive, [go, ...init], {
      carries,
      body: { leaves, outputs: [further.tensor, ...carried] },
    }).map((t, i) => spread(t, flags[i], size));
  }
  const active = spread(go, goBatched, size);
  const [on] = freshLeaves([active], "active");
  const kept = carried.map((t, i) =>
    where(reshape(on, [size, ...t.shape.slice(1).map(() => 1)]), t, leaves[i])
  );
  // An example that is done stays so, whatever its kept carry would say.
  const still = logicalAnd(on, whole(further, size));
  const [, ...last] = apply(whilePrimitive, [any(active), active, ...init], {
    carries: carries + 1,
    body: { leaves: [on, ...leaves], outputs: [any(still), still, ...kept] },
  });
  return last;
}
