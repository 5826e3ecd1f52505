// Values and gradients of operators against PyTorch (tests/reference/operators.py), on every provider.
import assert from "node:assert/strict";
import * as t from "../../../methods/tensor/mod.ts";
import reference from "../../reference/operators.json" with { type: "json" };
import { operatorOf } from "./operator_functions.ts";

interface Case {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly gradients?: readonly string[];
}

const all = Object.entries(reference as Record<string, Case>);

/** Reads "float64[2,3] 0.5 nan -0 …"; floats take `float`. */
function parse(text: string, float: t.DType): t.NdArray {
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

/** Special cases that keep the sign of 0; ONNX Runtime's Where, of which others are made, drops it. */
const signed = ["ceil", "floor", "round", "abs", "neg", "tanh", "expm1", "atan"];

const isFloat = (x: { dtype: t.DType }) => x.dtype.startsWith("float");

/** Outputs and gradients of a case, in the order of the file. */
function traced(
  name: string,
  { gradients }: Case,
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

/** Whether an element is right: NaN and infinities exactly, 0 with its sign in special cases. */
function agrees(actual: number, expected: number, tolerance: number, signs: boolean): boolean {
  if (!Number.isFinite(expected)) return Object.is(actual, expected);
  if (signs && expected === 0 && actual === 0) return Object.is(actual, expected);
  return Math.abs(actual - expected) <= tolerance * (1 + Math.abs(expected));
}

async function compare(
  provider: t.Provider,
  float: t.DType,
  tolerance: number,
  cases: readonly (readonly [string, Case])[],
): Promise<string[]> {
  const inputs = cases.map(([, c]) => c.inputs.map((x) => parse(x, float)));
  // Arguments, so that cases share nothing: Neg(a) as a result and −(Neg(a)·b) elsewhere make an optimiser of
  // ONNX Runtime 1.30 drop a node that is still used.
  const ones = cases.map(() => t.ones([], float));
  const program = t.compile(
    (x: t.Tensor[][], ones: t.Tensor[]) =>
      cases.map(([name, c], i) => traced(name, c, x[i], ones[i])),
    [inputs, ones],
  );
  const executable = await t.load(program, { provider });
  const results = await executable.run(inputs, ones);
  await executable.dispose();
  return cases.flatMap(([name, c], i) =>
    [c.outputs, c.gradients ?? []].flatMap((expected, part) =>
      expected.flatMap((text, j) => {
        const e = parse(text, float), a = results[i][part][j];
        const what = `${name}, ${part === 0 ? "output" : "gradient"} ${j}`;
        if (a.shape.join() !== e.shape.join()) return [`${what}: [${a.shape}], not [${e.shape}]`];
        const [actual, right] = [t.toNumbers(a), t.toNumbers(e)];
        const signs = part === 0 && signed.includes(name.slice("special ".length));
        const bad = right.findIndex((v, k) => !agrees(actual[k], v, tolerance, signs));
        return bad < 0 ? [] : [`${what}, element ${bad}: ${actual[bad]} instead of ${right[bad]}`];
      })
    )
  );
}

Deno.test("every operator agrees with PyTorch: cpu, float64", async () => {
  assert.deepEqual(await compare("cpu", "float64", 1e-9, all), []);
});

Deno.test("every operator agrees with PyTorch: cpu, float32", async () => {
  assert.deepEqual(await compare("cpu", "float32", 1e-5, all), []);
});

Deno.test("every operator agrees with PyTorch: wasm, float32", async () => {
  assert.deepEqual(await compare("wasm", "float32", 1e-5, all), []);
});
