// The committed cases of the differential tests, and what PyTorch gave for them.
import { decode, type Precision, type Steps } from "./programs.ts";

/** A program of one operator with PyTorch's results. */
export interface Case extends Steps {
  readonly dtypes: readonly Precision[];
  readonly outputs: readonly {
    readonly dtype: string;
    readonly shape: readonly number[];
    readonly data: Float64Array;
  }[];
  /** Of order 1, 2, … in each float leaf. */
  readonly derivatives: readonly (readonly Float64Array[])[];
}

/** The operator that a case is of. */
export const operatorOf = (c: Case): string => c.steps[0].op;

/** Whether a case holds NaN, infinities or numbers of very different size. */
export const isExtreme = (c: Case): boolean => c.dtypes.length === 1;

/** Reads tests/reference/differential.jsonl. */
export function readCases(): Case[] {
  const url = new URL("../reference/differential.jsonl", import.meta.url);
  return Deno.readTextFileSync(url).trimEnd().split("\n").map((line) => {
    const c = JSON.parse(line) as {
      outputs: { data: string }[];
      derivatives: string[][];
    };
    return {
      ...c,
      outputs: c.outputs.map((y) => ({ ...y, data: decode(y.data) })),
      derivatives: c.derivatives.map((level) => level.map(decode)),
    } as unknown as Case;
  });
}

/** Items by key, keys in order of first appearance. */
export function groupBy<T>(items: readonly T[], key: (x: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const x of items) {
    const list = groups.get(key(x));
    if (list) list.push(x);
    else groups.set(key(x), [x]);
  }
  return groups;
}

/** At most `count` cases of each operator, the first and others from all over its list. */
export function fewOf(cases: readonly Case[], count: number): Case[] {
  return [...groupBy(cases, operatorOf).values()].flatMap((list) => {
    const n = Math.min(count, list.length);
    return Array.from({ length: n }, (_, i) => list[Math.floor(i * list.length / n)]);
  });
}
