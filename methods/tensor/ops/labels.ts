// Class labels as indices: one element per label, its adjoint, and labels below 0 made to fail. The nodes are
// named after the loss, by which runtime_error.ts says that a label is out of range.
import { TensorError } from "../types.ts";
import { toNumbers } from "../ndarray.ts";
import { apply1, constant, constantArray, type Primitive, type Tensor } from "../node.ts";
import { type AlongAxis, alongAxis } from "./indexing.ts";
import { notEqual, where } from "./logic.ts";

/** What a loss does with labels. */
export interface LabelOperators extends AlongAxis {
  /**
   * Labels as indices, of which those out of range fail at run time: those below 0 become `classes`, for −1
   * would mean the last class. Labels known while tracing are checked at once. Labels equal to `ignore`
   * become 0, and `counted` (bool) is false there; null if there is none to ignore.
   */
  guard(labels: Tensor, classes: number, ignore?: number): { at: Tensor; counted: Tensor | null };
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
  return {
    ...alongAxis(name, name),
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
