// Class labels as indices: one element per label, its adjoint, and labels below 0 made to fail. The nodes are
// named after the loss, by which runtime_error.ts says that a label is out of range.
import { TensorError } from "../types.ts";
import { sizeOf, toNumbers } from "../ndarray.ts";
import { apply1, constant, constantArray, type Primitive, type Tensor } from "../node.ts";
import { spreadAll } from "./batching.ts";
import { broadcastTo } from "./structure.ts";
import { cast, notEqual, where } from "./logic.ts";

interface AxisAttribute {
  readonly axis: number;
}

/** What a loss does with labels. */
export interface LabelOperators {
  /**
   * Labels as indices, of which those out of range fail at run time: those below 0 become `classes`, for −1
   * would mean the last class. Labels known while tracing are checked at once. Labels equal to `ignore`
   * become 0, and `counted` (bool) is false there; null if there is none to ignore.
   */
  guard(labels: Tensor, classes: number, ignore?: number): { at: Tensor; counted: Tensor | null };
  /** takeAlongAxis() */
  pick(x: Tensor, labels: Tensor, axis: number): Tensor;
  /** addAlongAxis() */
  spread(x: Tensor, labels: Tensor, updates: Tensor, axis: number): Tensor;
}

/** The operators of one loss. Their numbers of inputs differ, so that equal names do no harm. */
export function labelOperators(name: string): LabelOperators {
  // One primitive without a count of operations, so that those of a program are of its mathematics alone.
  const guardPrimitive: Primitive<{ readonly classes: number }> = {
    name,
    elementwise: true,
    infer: ([labels]) => [labels],
    emit: (writer, [labels], { inputs: [{ dtype }], attributes: { classes } }) => {
      const number = (value: number) => writer.initializer(constantArray(constant(value, dtype))!);
      const [below] = writer.node("Less", [labels, number(0)]);
      return writer.node("Where", [below, number(classes), labels]);
    },
    vjp: () => [null],
  };
  const pickPrimitive: Primitive<AxisAttribute> = {
    name,
    infer: ([x, labels]) => [{ dtype: x.dtype, shape: labels.shape }],
    emit: (writer, inputs, node) =>
      writer.node("GatherElements", inputs, { axis: { int: node.attributes.axis } }),
    vjp: (node, [g]) => {
      if (!g) return [null, null];
      const [x, labels] = node.inputs;
      const zeros = broadcastTo(constant(0, x.dtype), x.shape);
      return [spread(zeros, labels, g, node.attributes.axis), null];
    },
    batch: (inputs, batched, { axis }, size) => {
      const [x, labels] = spreadAll(inputs, batched, size);
      return [pick(x, labels, axis + 1)];
    },
  };
  const spreadPrimitive: Primitive<AxisAttribute> = {
    name,
    infer: ([x]) => [x],
    emit: (writer, inputs, node) =>
      writer.node("ScatterElements", inputs, {
        axis: { int: node.attributes.axis },
        reduction: { string: "add" },
      }),
    vjp: (node, [g]) =>
      g ? [g, null, pick(g, node.inputs[1], node.attributes.axis)] : [null, null, null],
    // ONNX Runtime adds no float16 there on the CPU.
    lower: ([x, labels, updates], { axis }) => {
      if (x.dtype !== "float16") return null;
      const single = (t: Tensor) => cast(t, "float32");
      return [cast(spread(single(x), labels, single(updates), axis), x.dtype)];
    },
    batch: (inputs, batched, { axis }, size) => {
      const [x, labels, updates] = spreadAll(inputs, batched, size);
      return [spread(x, labels, updates, axis + 1)];
    },
    flops: (node) => sizeOf(node.inputs[2].shape),
  };
  const pick = (x: Tensor, labels: Tensor, axis: number) =>
    apply1(pickPrimitive, [x, labels], { axis });
  const spread = (x: Tensor, labels: Tensor, updates: Tensor, axis: number) =>
    apply1(spreadPrimitive, [x, labels, updates], { axis });
  return {
    pick,
    spread,
    guard: (labels, classes, ignore) => {
      const known = constantArray(labels);
      const wrong = known && toNumbers(known).find((v) => !(v >= 0 && v < classes) && v !== ignore);
      if (typeof wrong === "number") {
        throw new TensorError("argument", `${name}: label ${wrong} is outside 0 … ${classes - 1}`);
      }
      const counted = ignore === undefined ? null : notEqual(labels, ignore);
      const own = counted === null ? labels : where(counted, labels, 0);
      return { at: known ? own : apply1(guardPrimitive, [own], { classes }), counted };
    },
  };
}
