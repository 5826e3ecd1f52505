// The cases of tests/reference/operators.json as programs: results, then gradients.
import * as t from "../../../methods/tensor/mod.ts";
import reference from "../../reference/operators.json" with { type: "json" };
import { operatorOf } from "./operator_functions.ts";

/** A case of tests/reference/operators.json. */
export interface ReferenceCase {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly gradients?: readonly string[];
}

/** All cases by name. */
export const referenceCases = Object.entries(reference as Record<string, ReferenceCase>);

/** Reads "float64[2,3] 0.5 nan -0 …"; floats take `float`. */
export function parse(text: string, float: t.DType): t.NdArray {
  const [, kind, sizes, numbers] = /^(\w+)\[([\d,]*)\] (.*)$/.exec(text)!;
  const words: Record<string, number> = { nan: NaN, inf: Infinity, "-inf": -Infinity };
  const values = numbers === "" ? [] : numbers.split(" ").map((w) => words[w] ?? Number(w));
  const shape = sizes === "" ? [] : sizes.split(",").map(Number);
  return t.fromNumbers(values, shape, kind === "float64" ? float : kind as t.DType);
}

/** The cotangent of an output: see the script. */
function weights({ shape, dtype }: t.Tensor): t.NdArray {
  const values = Array.from({ length: t.sizeOf(shape) }, (_, i) => ((37 * i + 11) % 19 - 9) / 8);
  return t.fromNumbers(values, shape, dtype);
}

const isFloat = (x: { dtype: t.DType }) => x.dtype.startsWith("float");

/** Outputs and gradients of a case, in the order of the file. */
function traced(
  name: string,
  { gradients }: ReferenceCase,
  inputs: t.Tensor[],
  one: t.Tensor,
): t.Tensor[][] {
  const f = (x: t.Tensor[]) => [operatorOf(name)(...x)].flat();
  const outputs = f(inputs);
  if (!gradients) return [outputs, []];
  const total = (floats: t.Tensor[]) => {
    let next = 0;
    return f(inputs.map((x) => isFloat(x) ? floats[next++] : x)).filter(isFloat)
      .map((y) => t.sum(t.mul(y, t.mul(weights(y), one)))).reduce((a, b) => t.add(a, b));
  };
  return [outputs, t.grad(total)(inputs.filter(isFloat))];
}

/** The program of some cases, with the arguments to give it. */
export function referenceProgram(
  cases: readonly (readonly [string, ReferenceCase])[],
  float: t.DType,
): {
  program: t.Program<[t.Tensor[][], t.Tensor[]], t.Tensor[][][]>;
  args: [t.NdArray[][], t.NdArray[]];
} {
  const inputs = cases.map(([, c]) => c.inputs.map((x) => parse(x, float)));
  // Arguments, so that no gradient is a constant and cases share nothing.
  const ones = cases.map(() => t.ones([], float));
  const program = t.compile(
    (x: t.Tensor[][], ones: t.Tensor[]) =>
      cases.map(([name, c], i) => traced(name, c, x[i], ones[i])),
    [inputs, ones],
  );
  return { program, args: [inputs, ones] };
}
