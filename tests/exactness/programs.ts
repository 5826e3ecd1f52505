// Small tensor programs in a language-neutral form: their inputs, and this compiler as an interpreter.
// tests/reference/torch_programs.py is the other interpreter and says what the form is.
import * as t from "../../methods/tensor/mod.ts";
import { stream } from "../../methods/tensor/random.ts";
import { operators } from "./operators.ts";
import type { Options } from "./operators_further.ts";

/** Numbers as JSON can hold them: "nan", "inf", "-inf", "-0" are words. */
export type Written = number | string;

/** One input; `dtype` "float" is the precision that the program is run in. */
export interface InputSpec {
  readonly dtype: "float" | "int32" | "int64" | "bool";
  readonly shape: readonly number[];
  readonly view?: "transposed" | "expanded" | "strided";
  readonly values?: readonly Written[];
  readonly integers?: readonly [number, number];
  readonly uniform?: readonly [number, number];
  /** A plain number instead of a tensor. */
  readonly number?: Written;
}

/** Operators applied one after another to inputs and earlier outputs, counted together. */
export interface Steps {
  readonly name: string;
  readonly inputs: readonly InputSpec[];
  readonly steps: readonly {
    readonly op: string;
    readonly args: readonly number[];
    readonly options: Options;
  }[];
}

export type Precision = "float32" | "float64";

const words: Record<string, number> = { nan: NaN, inf: Infinity, "-inf": -Infinity, "-0": -0 };

/** The number that a word stands for. */
export const numberOf = (x: Written): number => typeof x === "string" ? words[x] : x;

function leafShape({ shape, view }: InputSpec): number[] {
  if (view === "transposed") return [...shape].reverse();
  if (view === "expanded") return [1, ...shape.slice(1)];
  if (view === "strided") return [...shape.slice(0, -1), 2 * shape[shape.length - 1]];
  return [...shape];
}

function seen(x: t.Tensor, { shape, view }: InputSpec): t.Tensor {
  if (view === "transposed") return t.transpose(x);
  if (view === "expanded") return t.broadcastTo(x, shape);
  if (view !== "strided") return x;
  const whole = x.shape.map(() => null);
  return t.slice(x, whole, whole, x.shape.map((_, i) => i === shape.length - 1 ? 2 : 1));
}

/** Uniform numbers that are the same float32 in every language. */
function uniform(
  name: readonly (string | number)[],
  shape: readonly number[],
  [low, high]: readonly [number, number],
): Float32Array {
  const s = stream(11, "exactness", ...name);
  return Float32Array.from(
    { length: t.sizeOf(shape) },
    () => low + (high - low) * ((s.nextWord() >>> 8) / 16777216),
  );
}

function valuesOf(name: string, i: number, spec: InputSpec): ArrayLike<number> {
  const shape = leafShape(spec);
  if (spec.values) return spec.values.map(numberOf);
  const s = stream(11, "exactness", name, i);
  if (spec.integers) return t.toNumbers(s.integers(...spec.integers, shape));
  if (spec.dtype === "bool") return t.toNumbers(s.bernoulli(0.5, shape));
  return uniform([name, i], shape, spec.uniform!);
}

/** The tensors that a program is given, plain numbers apart. */
export function leavesOf({ name, inputs }: Steps, precision: Precision): t.NdArray[] {
  return inputs.flatMap((spec, i) => {
    if (spec.number !== undefined) return [];
    const dtype = spec.dtype === "float" ? precision : spec.dtype;
    return [t.fromNumbers(valuesOf(name, i, spec), leafShape(spec), dtype)];
  });
}

/** The outputs of all steps, given leaves. */
export function interpret({ inputs, steps }: Steps, leaves: readonly t.TensorLike[]): t.Tensor[] {
  let next = 0;
  const values: t.TensorLike[] = inputs.map((spec) =>
    spec.number !== undefined ? numberOf(spec.number) : seen(t.asTensor(leaves[next++]), spec)
  );
  for (const { op, args, options } of steps) {
    if (!(op in operators)) throw new Error(`no operator "${op}" in tests/exactness/operators.ts`);
    const result = operators[op](args.map((a) => values[a]), options);
    values.push(...(Array.isArray(result) ? result : [result]) as t.Tensor[]);
  }
  return values.slice(inputs.length) as t.Tensor[];
}

/** A fixed random weight of each element of output `k`, in (−1, 1). */
export function cotangent(name: string, k: number, shape: readonly number[], dtype: Precision) {
  return t.fromNumbers(uniform([name, "cotangent", k], shape, [-1, 1]), shape, dtype);
}

/** A fixed random direction of the input `i` among the float leaves. */
export function direction(name: string, i: number, shape: readonly number[], dtype: Precision) {
  return t.fromNumbers(uniform([name, "direction", i], shape, [-1, 1]), shape, dtype);
}

const isFloat = (x: t.Spec) => x.dtype === "float32" || x.dtype === "float64";

/**
 * Derivatives of a program in its float leaves: the gradient of its outputs weighed by cotangents, then
 * the gradient of that gradient along directions, and so on.
 */
export function derivatives(
  program: Steps,
  leaves: readonly t.TensorLike[],
  precision: Precision,
  order: number,
): t.Tensor[][] {
  const { name } = program;
  const all = leaves.map((x) => t.asTensor(x));
  const floats = all.filter(isFloat);
  const withFloats = (x: readonly t.Tensor[]) => {
    let next = 0;
    return all.map((leaf) => isFloat(leaf) ? x[next++] : leaf);
  };
  const total = (terms: readonly t.Tensor[]) => terms.reduce((a, b) => t.add(a, b));
  let scalar = (x: t.Tensor[]): t.Tensor =>
    total(
      interpret(program, withFloats(x)).flatMap((y, k) =>
        isFloat(y)
          ? [t.sum(t.mul(t.cast(y, precision), cotangent(name, k, y.shape, precision)))]
          : []
      ),
    );
  const levels: t.Tensor[][] = [];
  for (let level = 0; level < order; level++) {
    const slope = t.grad(scalar);
    levels.push(slope(floats));
    scalar = (x) =>
      total(
        slope(x).map((g, i) => t.sum(t.mul(g, direction(name, i, g.shape, precision)))),
      );
  }
  return levels;
}

/** The numbers of an array written in base64 of little-endian float64. */
export function decode(text: string): Float64Array {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  return new Float64Array(bytes.buffer);
}
