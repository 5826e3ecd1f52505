// The tables of methods/docs/providers.md: tolerances, differences, what a provider lacks, deviations.
import { type Deviation, deviations, signlessZeros } from "./deviations.ts";
import { type Comparison, type Other, OTHERS } from "./provider_comparison.ts";
import { imprecise, unsupported } from "./unsupported.ts";
import { classOf, extremeTolerance, type Tolerance, tolerances } from "./tolerances.ts";

/** Marks around the part of the document that this file writes. */
export const BEGIN = "<!-- Written by tests/exactness/providers.ts; do not edit. -->";
export const END = "<!-- End of what is written. -->";

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

const number = (x: number) => x === 0 ? "0" : x.toExponential(0).replace("e-", "e−");
const pair = ([a, b]: readonly [number, number]) => `${number(a)} / ${number(b)}`;

/** The tolerances, as a table. */
export function toleranceTable(): string {
  const columns: [string, keyof Tolerance][] = [
    ["PyTorch, float32", "torch32"],
    ["PyTorch, float64", "torch64"],
    ["wasm", "wasm"],
    ["webgpu", "webgpu"],
    ["cuda", "cuda"],
  ];
  return table(
    ["class", ...columns.map(([head]) => head)],
    Object.entries(tolerances).map(([name, row]) => [
      name,
      ...columns.map(([, key]) => pair(row[key])),
    ]),
  );
}

/** What was found on one provider. */
export interface Column {
  readonly provider: Other;
  /** Why the provider did not start here, or null. */
  readonly absent: string | null;
  readonly operators: readonly Comparison[];
  readonly models: readonly Comparison[];
}

function cell(rows: readonly Comparison[], name: string): string {
  const row = rows.find((r) => r.name === name);
  if (row === undefined) return "–";
  return row.failure === undefined ? pair([row.value, row.derivative]) : "in part";
}

function differences(
  head: string,
  names: readonly string[],
  columns: readonly Column[],
  rows: (c: Column) => readonly Comparison[],
  classes: ((name: string) => string) | null,
): string {
  return table(
    [head, ...(classes ? ["class"] : []), ...columns.map((c) => c.provider)],
    names.map((name) => [
      name,
      ...(classes ? [classes(name)] : []),
      ...columns.map((c) => c.absent === null ? cell(rows(c), name) : "–"),
    ]),
  );
}

function words(of: Deviation["of"]): string {
  if (typeof of === "string") return of === "both" ? "value and gradient" : of;
  return Object.entries(of).map(([dtype, what]) => `${words(what)} (${dtype})`).join(", ");
}

/** The written part of the document. */
export function report(
  operators: readonly string[],
  models: readonly string[],
  columns: readonly Column[],
): string {
  const known = (provider: Other, name: string) => unsupported[provider][name];
  const listed = OTHERS.flatMap((provider) =>
    Object.entries(unsupported[provider]).map(([name, why]) => `- ${provider}, ${name}: ${why}.`)
  );
  const failures = columns.flatMap(({ provider, operators, models }) =>
    [...operators, ...models].flatMap(({ name, failure }) =>
      failure === undefined || known(provider, name) ? [] : [`- ${provider}, ${name}: ${failure}`]
    )
  );
  const vague = OTHERS.flatMap((provider) =>
    Object.entries(imprecise[provider]).map(([name, why]) => `- ${provider}, ${name}: ${why}.`)
  );
  const absent = columns.flatMap(({ provider, absent }) =>
    absent === null ? [] : [`- ${provider} was not available where this was written.`]
  );
  const differing = Object.entries(deviations).map(([key, d]) => [
    key,
    d.dtype ?? "both",
    words(d.of),
    d.why,
  ]);
  return [
    BEGIN,
    "## Tolerances",
    `Values / derivatives. Extremes (NaN, infinities, numbers of very different size) are compared one by
one with PyTorch, within ${number(extremeTolerance.float32)} in float32 and ${
      number(extremeTolerance.float64)
    } in float64.`,
    toleranceTable(),
    "## Operators, float32",
    "Largest relative difference from the CPU of values / first derivatives over the cases.",
    differences("operator", operators, columns, (c) => c.operators, classOf),
    "## Models of the papers, float32",
    "Largest relative difference from the CPU of values and losses / gradients and trained parameters.",
    differences("model", models, columns, (c) => c.models, null),
    "## What does not run",
    [
      "- webgpu has no float64: a program that uses it is refused with an error of code `unsupported`.",
      ...listed,
      ...failures,
      ...absent,
    ].join("\n"),
    "## What is imprecise",
    vague.join("\n"),
    "## Where the CPU differs from PyTorch",
    table(["case", "precision", "what", "why"], differing),
    `The sign of a zero is PyTorch's too, but for ${[...signlessZeros].sort().join(", ")}.`,
    END,
  ].join("\n\n");
}
