// Every operator against PyTorch: values and derivatives over shapes, views, empty axes and extremes.
import assert from "node:assert/strict";
import * as t from "../../methods/tensor/mod.ts";
import { type Case, groupBy, isExtreme, operatorOf, readCases } from "./cases.ts";
import { deviationKey, deviations, signlessZeros, untested } from "./deviations.ts";
import { operators } from "./operators.ts";
import type { Precision } from "./programs.ts";
import { type CaseResult, runCases } from "./run_cases.ts";
import {
  classOf,
  difference,
  elementwiseDifference,
  extremeTolerance,
  tolerances,
} from "./tolerances.ts";

const cases = readCases();
const byOperator = groupBy(cases, operatorOf);

/** The words of a failure, or null: an array's difference beyond what is allowed. */
function excess(
  actual: t.NdArray,
  expected: Float64Array,
  c: Case,
  precision: Precision,
  order: number,
): string | null {
  const numbers = t.toNumbers(actual);
  const { torch32, torch64 } = tolerances[classOf(operatorOf(c))];
  const [allowed, worst] = isExtreme(c)
    ? [
      extremeTolerance[precision],
      elementwiseDifference(numbers, expected, order > 0 ? 1e-30 : undefined),
    ]
    : [
      (precision === "float32" ? torch32 : torch64)[Math.min(order, 1)],
      difference(numbers, expected),
    ];
  if (!(worst <= allowed)) return `differs by ${worst}: ${numbers} instead of ${expected}`;
  const signs = order > 0 || signlessZeros.has(operatorOf(c)) || !isExtreme(c) ||
    numbers.every((x, i) => x !== 0 || Object.is(x, expected[i]));
  return signs ? null : `has zeros of another sign: ${numbers} instead of ${expected}`;
}

interface Findings {
  readonly value: string[];
  readonly gradient: string[];
}

function compare(c: Case, result: CaseResult, precision: Precision): Findings {
  const value: string[] = [], gradient: string[] = [];
  if (result.outputs.length !== c.outputs.length) value.push("number of outputs");
  result.outputs.forEach((y, k) => {
    const { dtype, shape, data } = c.outputs[k];
    assert.deepEqual([...y.shape], shape, `${c.name}: shape`);
    assert.equal(y.dtype, dtype === "float" ? precision : dtype, `${c.name}: dtype`);
    const words = excess(y, data, c, precision, 0);
    if (words !== null) value.push(`${c.name}, ${precision}, output ${k} ${words}`);
  });
  result.derivatives.forEach((level, l) =>
    level.forEach((g, k) => {
      const words = excess(g, c.derivatives[l][k], c, precision, l + 1);
      if (words !== null) {
        gradient.push(`${c.name}, ${precision}, derivative ${l + 1} in leaf ${k} ${words}`);
      }
    })
  );
  return { value, gradient };
}

/** Failures of a case beyond the deviations listed, or the statement that a listed one is none. */
function judged(c: Case, precision: Precision, { value, gradient }: Findings): string[] {
  const known = deviations[deviationKey(c.name)];
  if (known === undefined || (known.dtype ?? precision) !== precision) {
    return [...value, ...gradient];
  }
  const rest: string[] = [];
  for (const [kind, found] of [["value", value], ["gradient", gradient]] as const) {
    const of = typeof known.of === "string" ? known.of : known.of[precision];
    const listed = of === kind || of === "both";
    if (!listed) rest.push(...found);
    else if (found.length === 0) rest.push(`${c.name}, ${precision}: its ${kind} deviates no more`);
  }
  return rest;
}

async function failuresOf(
  precision: Precision,
  order: number,
  constants: boolean,
): Promise<string[]> {
  const failures: string[] = [];
  for (const [operator, list] of byOperator) {
    const mine = list.filter((c) => c.dtypes.includes(precision));
    if (mine.length === 0) continue;
    let results: CaseResult[];
    try {
      results = await runCases(mine, precision, "cpu", { order, constants });
    } catch (error) {
      failures.push(`${operator}, ${precision}: ${error instanceof Error ? error.message : error}`);
      continue;
    }
    mine.forEach((c, i) => {
      const found = compare(c, results[i], precision);
      const values = order === 0 ? { ...found, gradient: ["not asked for"] } : found;
      failures.push(...judged(c, precision, values).filter((words) => words !== "not asked for"));
    });
  }
  return failures;
}

Deno.test("float32 values and gradients are PyTorch's", async () => {
  assert.deepEqual(await failuresOf("float32", 1, false), []);
});

Deno.test("float64 values and derivatives to third order are PyTorch's", async () => {
  assert.deepEqual(await failuresOf("float64", 3, false), []);
});

Deno.test("values of constants, which are folded, are PyTorch's", async () => {
  assert.deepEqual(await failuresOf("float32", 0, true), []);
  assert.deepEqual(await failuresOf("float64", 0, true), []);
});

Deno.test("every exported operator has a case or a reason not to", () => {
  const exported = Object.entries(t).filter(([, value]) => typeof value === "function");
  const missing = exported.map(([name]) => name).filter((name) =>
    !byOperator.has(name) && !(name in untested)
  );
  assert.deepEqual(missing, []);
  const idle = Object.keys(untested).filter((name) => byOperator.has(name) || !(name in t));
  assert.deepEqual(idle, [], "listed as untested, but tested or gone");
  const uncalled = Object.keys(operators).filter((name) => !byOperator.has(name));
  assert.deepEqual(uncalled, [], "callable by name, but without a case");
  const keys = new Set(cases.map((c) => deviationKey(c.name)));
  assert.deepEqual(Object.keys(deviations).filter((key) => !keys.has(key)), []);
});
