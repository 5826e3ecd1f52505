// The branching primitive: both branches as graphs of their own, its derivatives, its batching.
import { TensorError } from "./types.ts";
import {
  apply,
  type Body,
  constant,
  constantArray,
  isFloat,
  type Node,
  type Primitive,
  type Tensor,
} from "./node.ts";
import { copyBody, freshLeaves, inline } from "./body.ts";
import { batchBody, whole } from "./batching.ts";
import { pullback } from "./autodiff.ts";
import { pushforward } from "./forward.ts";
import { spread } from "./ops/batching.ts";
import { where } from "./ops/logic.ts";
import { broadcastTo, reshape } from "./ops/structure.ts";

/** Two closed graphs with a leaf for each operand and outputs of the same types. */
export interface CondAttributes {
  readonly onTrue: Body;
  readonly onFalse: Body;
}

const zero = (t: Tensor) => broadcastTo(constant(0, t.dtype), t.shape);

/** Applies a change to both branches. */
function both({ onTrue, onFalse }: CondAttributes, change: (body: Body) => Body): CondAttributes {
  return { onTrue: change(onTrue), onFalse: change(onFalse) };
}

/** Inputs: the predicate, then the operands of both branches. */
export const condPrimitive: Primitive<CondAttributes> = {
  name: "cond",
  key: () => null,
  infer: (_, { onTrue }) => onTrue.outputs,
  simplify: ([predicate, ...operands], { onTrue, onFalse }) => {
    const known = constantArray(predicate);
    return known && inline(known.data[0] ? onTrue : onFalse, operands);
  },
  emit: () => {
    throw new TensorError("unsupported", "cond is written by the lowering pass");
  },
  bodies: ({ onTrue, onFalse }) => [onTrue, onFalse],
  withBodies: (inputs, _, [onTrue, onFalse]) => apply(condPrimitive, inputs, { onTrue, onFalse }),
  vjp: (node, cotangents) => pullbackCond(node, cotangents),
  jvp: (node, tangents) => pushCond(node, tangents),
  batch: (inputs, batched, attributes, size) => batchCond(inputs, batched, attributes, size),
};

/** The cond of the branches' pullbacks, each of which runs its branch again. */
function pullbackCond(
  { inputs, attributes }: Node<CondAttributes>,
  cotangents: readonly (Tensor | null)[],
): (Tensor | null)[] {
  const [predicate, ...operands] = inputs;
  const given = cotangents.flatMap((g, i) => g ? [{ g, i }] : []);
  const floats = operands.flatMap((t, i) => isFloat(t.dtype) ? [i] : []);
  const result: (Tensor | null)[] = inputs.map(() => null);
  if (given.length === 0 || floats.length === 0) return result;
  const pulled = apply(
    condPrimitive,
    [predicate, ...operands, ...given.map(({ g }) => g)],
    both(attributes, (branch) => {
      const { leaves, outputs } = copyBody(branch);
      const own = freshLeaves(given.map(({ g }) => g), "cotangent");
      const gs: (Tensor | null)[] = outputs.map(() => null);
      given.forEach(({ i }, k) => gs[i] = own[k]);
      const targets = floats.map((i) => leaves[i]);
      const toOperands = pullback(outputs, gs, targets).map((g, k) => g ?? zero(targets[k]));
      return { leaves: [...leaves, ...own], outputs: toOperands };
    }),
  );
  floats.forEach((i, k) => result[1 + i] = pulled[k]);
  return result;
}

/** The cond of the branches' pushforwards. */
function pushCond(
  { inputs, attributes, outputs }: Node<CondAttributes>,
  tangents: readonly (Tensor | null)[],
): (Tensor | null)[] {
  const [predicate, ...operands] = inputs;
  const moving = operands.flatMap((t, i) => tangents[1 + i] && isFloat(t.dtype) ? [i] : []);
  const floats = outputs.flatMap((y, i) => isFloat(y.dtype) ? [i] : []);
  const result: (Tensor | null)[] = outputs.map(() => null);
  if (moving.length === 0 || floats.length === 0) return result;
  const pushed = apply(
    condPrimitive,
    [predicate, ...operands, ...moving.map((i) => tangents[1 + i]!)],
    both(attributes, (branch) => {
      const { leaves, outputs } = copyBody(branch);
      const own = freshLeaves(moving.map((i) => leaves[i]), "tangent");
      const all = pushforward(outputs, moving.map((i) => leaves[i]), own);
      return {
        leaves: [...leaves, ...own],
        outputs: floats.map((i) => all[i] ?? zero(outputs[i])),
      };
    }),
  );
  floats.forEach((i, k) => result[i] = pushed[k]);
  return result;
}

/** One If for a common predicate; where examples differ, both branches and a selection. */
function batchCond(
  [predicate, ...operands]: readonly Tensor[],
  [differs, ...batched]: readonly boolean[],
  attributes: CondAttributes,
  size: number,
): readonly Tensor[] {
  if (differs) {
    const [a, b] = [attributes.onTrue, attributes.onFalse].map((branch) => {
      const { leaves, results } = batchBody(branch, batched, size);
      return inline({ leaves, outputs: results.map((r) => whole(r, size)) }, operands);
    });
    return a.map((t, i) =>
      where(reshape(predicate, [size, ...t.shape.slice(1).map(() => 1)]), t, b[i])
    );
  }
  const yes = batchBody(attributes.onTrue, batched, size);
  const no = batchBody(attributes.onFalse, batched, size);
  const wide = yes.results.map((r, i) => r.batched || no.results[i].batched);
  const body = ({ leaves, results }: typeof yes): Body => ({
    leaves,
    outputs: results.map((r, i) => wide[i] ? whole(r, size) : r.tensor),
  });
  return apply(condPrimitive, [predicate, ...operands], { onTrue: body(yes), onFalse: body(no) })
    .map((t, i) => spread(t, wide[i], size));
}
