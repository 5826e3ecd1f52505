// Values and gradients of operators against PyTorch (tests/reference/operators.py).
import assert from "node:assert/strict";
import * as t from "../../../methods/tensor/mod.ts";
import {
  parse,
  type ReferenceCase,
  referenceCases,
  referenceProgram,
} from "./operator_reference.ts";

/** Special cases that keep the sign of 0; ONNX Runtime's Where, of which others are made, drops it. */
const signed = ["ceil", "floor", "round", "abs", "neg", "tanh", "expm1", "atan"];

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
  cases: readonly (readonly [string, ReferenceCase])[],
): Promise<string[]> {
  const { program, args } = referenceProgram(cases, float);
  const executable = await t.load(program, { provider });
  const results = await executable.run(...args);
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
  assert.deepEqual(await compare("cpu", "float64", 1e-9, referenceCases), []);
});

Deno.test("every operator agrees with PyTorch: cpu, float32", async () => {
  assert.deepEqual(await compare("cpu", "float32", 1e-5, referenceCases), []);
});

Deno.test("every operator agrees with PyTorch: wasm, float32", async () => {
  assert.deepEqual(await compare("wasm", "float32", 1e-5, referenceCases), []);
});

/** Cases with numbers that float16 cannot hold. */
const wide = ["l2Normalize", "log1p", "elu", "leakyRelu", "selu", "relu", "fmod", "remainder"]
  .concat(["cast to int32", "cast to int64", "cast to bool"]);

Deno.test("every operator agrees with PyTorch: cpu, float16", async () => {
  const cases = referenceCases.filter(([name]) => !wide.includes(name));
  assert.deepEqual(await compare("cpu", "float16", 2e-2, cases), []);
});
