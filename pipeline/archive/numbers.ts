/** Compares JSON values number by number: how far apart are two results that should be the same? */

import { formatPath } from "../canonical.ts";

/** How two JSON values differ. */
export interface NumbersCompared {
  /** Numbers that are at the same place in both. */
  readonly numbers: number;
  /** Of those, how many are not equal. */
  readonly different: number;
  /** The largest relative difference and where it is; null when all are equal. */
  readonly largest: {
    readonly path: string;
    readonly before: number;
    readonly after: number;
    readonly relative: number;
  } | null;
  /** Places at which other things than numbers differ, at most ten. */
  readonly other: readonly string[];
}

/** |a − b| over the larger of them, so between 0 and 2, and 0 for equal numbers. */
export function relativeDifference(a: number, b: number): number {
  return a === b ? 0 : Math.abs(a - b) / Math.max(Math.abs(a), Math.abs(b));
}

/** Walks two JSON values side by side. */
export function compareNumbers(before: unknown, after: unknown): NumbersCompared {
  let numbers = 0;
  let different = 0;
  let largest: NumbersCompared["largest"] = null;
  const other: string[] = [];
  const stack: { a: unknown; b: unknown; path: (string | number)[] }[] = [
    { a: before, b: after, path: [] },
  ];
  while (stack.length > 0) {
    const { a, b, path } = stack.pop()!;
    if (typeof a === "number" && typeof b === "number") {
      numbers++;
      if (a === b) continue;
      different++;
      const relative = relativeDifference(a, b);
      if (largest === null || relative > largest.relative) {
        largest = { path: formatPath(path), before: a, after: b, relative };
      }
    } else if (isObject(a) && isObject(b) && Array.isArray(a) === Array.isArray(b)) {
      for (const name of new Set([...Object.keys(a), ...Object.keys(b)])) {
        const step = Array.isArray(a) ? Number(name) : name;
        stack.push({ a: own(a, name), b: own(b, name), path: [...path, step] });
      }
    } else if (a !== b && other.length < 10) other.push(formatPath(path));
  }
  return { numbers, different, largest, other };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function own(value: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(value, name) ? value[name] : undefined;
}
