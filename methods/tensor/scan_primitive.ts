// The loop primitive: what its body captures, how a body is copied, how it is differentiated.
import { TensorError } from "./types.ts";
import {
  apply,
  apply1,
  constant,
  constantArray,
  isFloat,
  leaf,
  type Node,
  type Primitive,
  type Tensor,
} from "./node.ts";
import { inheriting } from "./origin.ts";
import { pullback } from "./autodiff.ts";
import { add } from "./ops/elementwise.ts";
import { aliasPrimitive } from "./ops/logic.ts";
import { slice } from "./ops/slicing.ts";
import { broadcastTo } from "./ops/structure.ts";

/** A traced loop body: leaves stand for the carry, then for one slice of each scanned tensor. */
export interface ScanAttributes {
  readonly steps: number;
  readonly carries: number;
  readonly leaves: readonly Tensor[];
  /** New carry, then one slice of each stacked output. */
  readonly outputs: readonly Tensor[];
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
  vjp: (node, cotangents) => pullbackScan(node, cotangents),
};

/** Nodes reachable from `outputs` that depend on `leaves`, and the outer tensors they use. */
function captures(outputs: readonly Tensor[], leaves: readonly Tensor[]): Tensor[] {
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

/** Applies a traced body. @internal */
export function applyScan(
  init: readonly Tensor[],
  xs: readonly Tensor[],
  attributes: ScanAttributes,
): readonly Tensor[] {
  const free = captures(attributes.outputs, attributes.leaves);
  return apply(scanPrimitive, [...init, ...xs, ...free], attributes);
}

/** The graph under `roots` with some tensors replaced; bodies of inner scans get their own leaves. */
function replay(roots: readonly Tensor[], replacements: ReadonlyMap<Tensor, Tensor>): Tensor[] {
  const made = new Map<Node, readonly Tensor[]>();
  const swap = (t: Tensor) =>
    replacements.get(t) ?? inner.get(t) ?? made.get(t.node)?.[t.index] ?? t;
  const inner = new Map<Tensor, Tensor>();
  const visit = (outputs: readonly Tensor[]): Tensor[] => {
    for (const node of topological(outputs, made)) {
      const inputs = node.inputs.map(swap);
      if (inputs.every((t, i) => t === node.inputs[i])) made.set(node, node.outputs);
      else if (node.primitive !== scanPrimitive as unknown) {
        made.set(node, inheriting(node, () => apply(node.primitive, inputs, node.attributes)));
      } else {
        const attributes = node.attributes as ScanAttributes;
        const { leaves, carries } = attributes;
        const own = leaves.map((t, i) => leaf(t, `inner ${i}`));
        leaves.forEach((t, i) => inner.set(t, own[i]));
        const outputs = visit(attributes.outputs);
        const body = { ...attributes, leaves: own, outputs };
        const [init, xs] = [inputs.slice(0, carries), inputs.slice(carries, leaves.length)];
        made.set(node, inheriting(node, () => applyScan(init, xs, body)));
      }
    }
    return outputs.map(swap);
  };
  return visit(roots);
}

function topological(roots: readonly Tensor[], known: ReadonlyMap<Node, unknown>): Node[] {
  const seen = new Set<Node>();
  const stack = roots.map((t) => t.node);
  while (stack.length > 0) {
    const node = stack.pop()!;
    if (seen.has(node) || known.has(node)) continue;
    seen.add(node);
    for (const t of node.inputs) stack.push(t.node);
  }
  return [...seen].sort((a, b) => a.id - b.id);
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
