// How far other providers are from the CPU: by operator, and by model of a paper.
import * as t from "../../methods/tensor/mod.ts";
import { type Case, groupBy, isExtreme, operatorOf } from "./cases.ts";
import { isValue, type Model, runModel } from "./models.ts";
import { type CaseResult, runCases } from "./run_cases.ts";
import { difference } from "./tolerances.ts";

/** Providers that are compared with "cpu". */
export const OTHERS = ["wasm", "webgpu", "cuda"] as const;
export type Other = typeof OTHERS[number];

/** Largest relative differences of values and of derivatives; or why there is none. */
export interface Comparison {
  readonly name: string;
  readonly value: number;
  readonly derivative: number;
  readonly failure?: string;
}

/** Whether a provider starts here: null, or why not. */
export async function unavailable(provider: t.Provider): Promise<string | null> {
  const spec = { dtype: "float32", shape: [1] } as const;
  try {
    await (await t.load(t.compile((x: t.Tensor) => t.exp(x), [spec]), { provider })).dispose();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const worst = (xs: readonly number[]) => xs.reduce((a, b) => Math.max(a, b), 0);
const between = (a: t.NdArray, b: t.NdArray, floor?: number) =>
  difference(t.toNumbers(a), t.toNumbers(b), floor);

function compareResults(a: CaseResult, b: CaseResult): [value: number, derivative: number] {
  return [
    worst(a.outputs.map((y, k) => between(y, b.outputs[k]))),
    worst(
      a.derivatives.flatMap((level, l) => level.map((g, k) => between(g, b.derivatives[l][k]))),
    ),
  ];
}

/** Cases in float32; extremes are defined on the CPU and in WebAssembly alone, and float64 exists there alone. */
export function comparable(cases: readonly Case[], provider: Other): Case[] {
  const ieee = provider === "wasm";
  return cases.filter((c) =>
    c.dtypes.includes("float32") &&
    (ieee || !isExtreme(c) && c.outputs.every((y) => y.dtype !== "float64"))
  );
}

/** Cases of several operators in one program, since a session costs more than a case. */
const TOGETHER = 24;

/** Runs cases on two providers, together where they load together. */
async function runBoth(
  cases: readonly Case[],
  provider: Other,
): Promise<[Case, [number, number] | string][]> {
  const results: [Case, [number, number] | string][] = [];
  const extent = { order: 1 };
  for (let i = 0; i < cases.length; i += TOGETHER) {
    const some = cases.slice(i, i + TOGETHER);
    const cpu = await runCases(some, "float32", "cpu", extent);
    try {
      const other = await runCases(some, "float32", provider, extent);
      some.forEach((c, k) => results.push([c, compareResults(other[k], cpu[k])]));
    } catch {
      for (const [k, c] of some.entries()) {
        try {
          const [other] = await runCases([c], "float32", provider, extent);
          results.push([c, compareResults(other, cpu[k])]);
        } catch (error) {
          results.push([c, error instanceof Error ? error.message : String(error)]);
        }
      }
    }
  }
  return results;
}

/** Compares operators in float32, one line each. */
export async function compareOperators(
  cases: readonly Case[],
  provider: Other,
): Promise<Comparison[]> {
  const results = await runBoth(cases, provider);
  return [...groupBy(results, ([c]) => operatorOf(c))].map(([name, list]) => {
    const numbers = list.flatMap(([, r]) => typeof r === "string" ? [] : [r]);
    const failures = list.flatMap(([c, r]) => typeof r === "string" ? [`${c.name}: ${r}`] : []);
    return {
      name,
      value: worst(numbers.map(([v]) => v)),
      derivative: worst(numbers.map(([, d]) => d)),
      ...(failures.length > 0 ? { failure: failures.join("; ") } : {}),
    };
  });
}

/** Compares a model: differences relative to the largest element of each result. */
export async function compareModel(model: Model, provider: Other): Promise<Comparison> {
  const { name, program: { outputs } } = model;
  const cpu = await runModel(model, "cpu");
  try {
    const other = await runModel(model, provider);
    const differences = other.map((y, i) => between(y, cpu[i], 1e-6));
    return {
      name,
      value: worst(differences.filter((_, i) => isValue(outputs[i].name))),
      derivative: worst(differences.filter((_, i) => !isValue(outputs[i].name))),
    };
  } catch (error) {
    const failure = error instanceof Error ? error.message : String(error);
    return { name, value: 0, derivative: 0, failure };
  }
}
