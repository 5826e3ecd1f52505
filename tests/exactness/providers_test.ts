// Every operator and model of a paper in float32 on other providers: within the stated tolerances of the CPU.
import assert from "node:assert/strict";
import { type Case, groupBy, operatorOf, readCases } from "./cases.ts";
import { models } from "./models.ts";
import {
  comparable,
  compareModel,
  compareOperators,
  type Comparison,
  type Other,
  unavailable,
} from "./provider_comparison.ts";
import { unsupported } from "./unsupported.ts";
import { classOf, type OperatorClass, tolerances } from "./tolerances.ts";

function failures(
  rows: readonly Comparison[],
  classes: (name: string) => OperatorClass,
  provider: Other,
): string[] {
  return rows.flatMap(({ name, value, derivative, failure }) => {
    const [forValues, forDerivatives] = tolerances[classes(name)][provider];
    if (name in unsupported[provider]) {
      return failure === undefined ? [`${name} runs now: take it out of unsupported.ts`] : [];
    }
    return [
      ...(failure === undefined ? [] : [`${name}: ${failure}`]),
      ...(value <= forValues ? [] : [`${name}: values differ by ${value}`]),
      ...(derivative <= forDerivatives ? [] : [`${name}: derivatives differ by ${derivative}`]),
    ];
  });
}

const cases = readCases();

Deno.test("wasm is within tolerance of cpu for every operator, extremes too", async () => {
  const rows = await compareOperators(comparable(cases, "wasm"), "wasm");
  assert.deepEqual(failures(rows, classOf, "wasm"), []);
});

Deno.test("wasm is within tolerance of cpu for the models of the papers", async () => {
  const rows = [];
  for (const model of await models()) rows.push(await compareModel(model, "wasm"));
  assert.deepEqual(failures(rows, () => "model", "wasm"), []);
});

/** One case of each operator: a software adapter takes long to compile shaders. */
const few = [...groupBy(comparable(cases, "webgpu"), operatorOf).values()]
  .map((list): Case => list.find((c) => c.derivatives.length > 0) ?? list[0]);

const absence = await unavailable("webgpu");
Deno.test({
  name: `webgpu is within tolerance of cpu for every operator${
    absence === null ? "" : ` (skipped: ${absence})`
  }`,
  ignore: absence !== null,
  // The GPU device of onnxruntime-web outlives its sessions.
  sanitizeResources: false,
  sanitizeOps: false,
  fn: async () => {
    assert.deepEqual(failures(await compareOperators(few, "webgpu"), classOf, "webgpu"), []);
  },
});
