// The loop primitive: what its body captures, how it is differentiated and batched.
import { TensorError } from "./types.ts";
import {
  apply,
  apply1,
  constant,
  isFloat,
  leaf,
  type Node,
  type Primitive,
  type Tensor,
} from "./node.ts";
import { captures, copyBody, freshLeaves, replay } from "./body.ts";
import { batchBody, dependence, whole } from "./batching.ts";
import { pullback } from "./autodiff.ts";
import { pushforward } from "./forward.ts";
import { add } from "./ops/elementwise.ts";
import { moveAxis, spread } from "./ops/batching.ts";
import { aliasPrimitive } from "./ops/logic.ts";
import { slice } from "./ops/slicing.ts";
import { broadcastTo, movedToFront } from "./ops/structure.ts";

/** A traced loop body: leaves stand for the carry, then for one slice of each scanned tensor. */
export interface ScanAttributes {
  readonly steps: number;
  readonly carries: number;
  readonly leaves: readonly Tensor[];
  /** New carry, then one slice of each stacked output. */
  readonly outputs: readonly Tensor[];
  /** Axes of the scanned tensors along which the loop runs, once lowered; default the leading ones. */
  readonly xAxes?: readonly number[];
}

/** Inputs: initial carry, scanned tensors, then outer tensors that the body uses. */
export const scanPrimitive: Primitive<ScanAttributes> = {
  name: "scan",
  key: () => null,
  infer: (_, { steps, carries, outputs }) =>
    outputs.map((y, i) =>
      i < carries
        ? { dtype: y.dtype, shape: y.shape }
        : { dtype: y.dtype, shape: [steps, ...y.shape] }
    ),
  emit: () => {
    throw new TensorError("unsupported", "scan is written by the lowering pass");
  },
  lower: (inputs, attributes) => withoutTransposes(inputs, attributes),
  bodies: (attributes) => [attributes],
  withBodies: (inputs, attributes, [{ leaves, outputs }]) => {
    const { carries } = attributes;
    const [init, xs] = [inputs.slice(0, carries), inputs.slice(carries, leaves.length)];
    return applyScan(init, xs, { ...attributes, leaves, outputs });
  },
  vjp: (node, cotangents) => pullbackScan(node, cotangents),
  jvp: (node, tangents) => pushScan(node, tangents),
  batch: (inputs, batched, attributes, size) => batchScan(inputs, batched, attributes, size),
};

/** Applies a traced body. @internal */
export function applyScan(
  init: readonly Tensor[],
  xs: readonly Tensor[],
  attributes: ScanAttributes,
): readonly Tensor[] {
  const free = captures(attributes.outputs, attributes.leaves);
  return apply(scanPrimitive, [...init, ...xs, ...free], attributes);
}

/** Slices are taken along the axis where the steps lie instead of moving it to the front first. */
function withoutTransposes(
  inputs: readonly Tensor[],
  attributes: ScanAttributes,
): readonly Tensor[] | null {
  const { carries, leaves, xAxes } = attributes;
  const moved = inputs.slice(carries, leaves.length).map((x) => movedToFront(x));
  if (xAxes !== undefined || moved.every((m) => m === null)) return null;
  return apply(
    scanPrimitive,
    inputs.map((t, i) => moved[i - carries]?.source ?? t),
    { ...attributes, xAxes: moved.map((m) => m?.axis ?? 0) },
  );
}

/** Which leaves of a body depend on `outer` tensors or on leaves that do, through any number of steps. */
function spreading(
  { carries, leaves, outputs }: ScanAttributes,
  first: readonly boolean[],
  outer: readonly Tensor[],
): boolean[] {
  const yes = [...first];
  for (let grown = true; grown;) {
    grown = false;
    const sources = new Set([...leaves.filter((_, i) => yes[i]), ...outer]);
    dependence(outputs.slice(0, carries), sources).forEach((depends, i) => {
      if (!depends || yes[i]) return;
      yes[i] = grown = true;
    });
  }
  return yes;
}

/** One loop over the whole batch; what no batched tensor reaches stays as it is. */
function batchScan(
  inputs: readonly Tensor[],
  batched: readonly boolean[],
  attributes: ScanAttributes,
  size: number,
): readonly Tensor[] {
  const { carries, leaves, outputs } = attributes;
  const free = captures(outputs, leaves);
  const outer = new Map<Tensor, Tensor>();
  const same = new Map<Tensor, Tensor>();
  free.forEach((t, k) => {
    const i = leaves.length + k;
    if (batched[i]) outer.set(t, inputs[i]);
    else if (inputs[i] !== t) same.set(t, inputs[i]);
  });
  const flags = spreading(attributes, batched.slice(0, leaves.length), [...outer.keys()]);
  const body = batchBody(attributes, flags, size, outer, same);
  const init = inputs.slice(0, carries)
    .map((t, i) => flags[i] ? spread(t, batched[i], size) : t);
  const xs = inputs.slice(carries, leaves.length)
    .map((t, i) => batched[carries + i] ? moveAxis(t, 0, 1) : t);
  const results = applyScan(init, xs, {
    ...attributes,
    leaves: body.leaves,
    outputs: body.results.map((r, i) => i < carries && flags[i] ? whole(r, size) : r.tensor),
  });
  return results.map((t, i) => {
    if (i < carries) return spread(t, flags[i], size);
    return body.results[i].batched ? moveAxis(t, 1, 0) : spread(t, false, size);
  });
}

/** One loop that carries the values and, beside those that vary, their tangents. */
function pushScan(
  node: Node<ScanAttributes>,
  tangents: readonly (Tensor | null)[],
): (Tensor | null)[] {
  const { steps, carries, leaves, outputs } = node.attributes;
  const free = node.inputs.slice(leaves.length);
  const given = (i: number) => tangents[i] !== null && isFloat(node.inputs[i].dtype);
  const outer = free.flatMap((t, k) => given(leaves.length + k) ? [t] : []);
  const moves = spreading(node.attributes, leaves.map((_, i) => given(i)), outer)
    .map((yes, i) => yes && isFloat(leaves[i].dtype));
  const active = leaves.flatMap((_, i) => moves[i] ? [i] : []);
  const inCarry = active.filter((i) => i < carries);
  const inXs = active.filter((i) => i >= carries);

  const body = copyBody(node.attributes);
  const directions = freshLeaves(active.map((i) => leaves[i]), "tangent");
  const pushed = pushforward(
    body.outputs,
    [...active.map((i) => body.leaves[i]), ...outer],
    [...directions, ...outer.map((t) => tangents[node.inputs.indexOf(t, leaves.length)])],
  );
  const zero = (t: Tensor) => broadcastTo(constant(0, t.dtype), t.shape);
  const ys = outputs.flatMap((_, i) => i >= carries && pushed[i] ? [i] : []);
  const results = applyScan(
    [...node.inputs.slice(0, carries), ...inCarry.map((i) => tangents[i] ?? zero(leaves[i]))],
    [...node.inputs.slice(carries, leaves.length), ...inXs.map((i) => tangents[i]!)],
    {
      steps,
      carries: carries + inCarry.length,
      leaves: [
        ...body.leaves.slice(0, carries),
        ...directions.slice(0, inCarry.length),
        ...body.leaves.slice(carries),
        ...directions.slice(inCarry.length),
      ],
      outputs: [
        ...body.outputs.slice(0, carries),
        ...inCarry.map((i) => pushed[i] ?? zero(leaves[i])),
        ...ys.map((i) => pushed[i]!),
      ],
    },
  );
  const perOutput: (Tensor | null)[] = outputs.map(() => null);
  inCarry.forEach((i, k) => perOutput[i] = results[carries + k]);
  ys.forEach((i, k) => perOutput[i] = results[carries + inCarry.length + k]);
  return perOutput;
}

function reversed(x: Tensor): Tensor {
  return slice(x, [null], [null], [-1]);
}

/**
 * Backpropagation through time: a second forward loop that also stacks the carry, then a loop over
 * the steps in reverse that accumulates the cotangents of captured tensors in its own carry.
 */
function pullbackScan(
  node: Node<ScanAttributes>,
  cotangents: readonly (Tensor | null)[],
): (Tensor | null)[] {
  const { steps, carries, leaves, outputs } = node.attributes;
  const init = node.inputs.slice(0, carries), xs = node.inputs.slice(carries, leaves.length);
  const free = node.inputs.slice(leaves.length).filter((t) => isFloat(t.dtype));
  const copy = () => leaves.map((t, i) => leaf(t, `step ${i}`));
  const zero = (t: Tensor) => broadcastTo(constant(0, t.dtype), t.shape);

  const again = copy();
  const forward = replay(outputs, new Map(leaves.map((t, i) => [t, again[i]])));
  const stacked = applyScan(init, xs, {
    steps,
    carries,
    leaves: again,
    outputs: [...forward.slice(0, carries), ...again.slice(0, carries)],
  }).slice(carries);

  const here = copy();
  const aliases = free.map((t) => apply1(aliasPrimitive, [t], {}));
  const body = replay(
    outputs,
    new Map([
      ...leaves.map((t, i) => [t, here[i]] as const),
      ...free.map((t, i) => [t, aliases[i]] as const),
    ]),
  );
  const floats = (list: readonly Tensor[]) => list.flatMap((t, i) => isFloat(t.dtype) ? [i] : []);
  const inCarry = floats(init), inXs = floats(xs);
  const stackedGs = cotangents.slice(carries).flatMap((g, i) => g ? [{ g, i }] : []);
  const adjoints = inCarry.map((i) => leaf(init[i], `adjoint ${i}`));
  const sums = free.map((t, i) => leaf(t, `captured ${i}`));
  const ySlices = stackedGs.map(({ i }) => leaf(outputs[carries + i], `cotangent ${i}`));

  const gs: (Tensor | null)[] = outputs.map(() => null);
  inCarry.forEach((i, k) => gs[i] = adjoints[k]);
  stackedGs.forEach(({ i }, k) => gs[carries + i] = ySlices[k]);
  const targets = [
    ...inCarry.map((i) => here[i]),
    ...inXs.map((i) => here[carries + i]),
    ...aliases,
  ];
  const pulled = pullback(body, gs, targets).map((g, i) => g ?? zero(targets[i]));
  const toCarry = pulled.slice(0, inCarry.length);
  const toXs = pulled.slice(inCarry.length, inCarry.length + inXs.length);
  const toFree = pulled.slice(inCarry.length + inXs.length).map((g, i) => add(sums[i], g));

  const results = applyScan(
    [...inCarry.map((i) => cotangents[i] ?? zero(init[i])), ...free.map(zero)],
    [...stacked, ...xs, ...stackedGs.map(({ g }) => g)].map(reversed),
    {
      steps,
      carries: inCarry.length + free.length,
      leaves: [...adjoints, ...sums, ...here, ...ySlices],
      outputs: [...toCarry, ...toFree, ...toXs],
    },
  );
  const perInput: (Tensor | null)[] = node.inputs.map(() => null);
  inCarry.forEach((i, k) => perInput[i] = results[k]);
  const after = inCarry.length + free.length;
  inXs.forEach((i, k) => perInput[carries + i] = reversed(results[after + k]));
  free.forEach((t, k) =>
    perInput[node.inputs.indexOf(t, leaves.length)] = results[inCarry.length + k]
  );
  return perInput;
}
