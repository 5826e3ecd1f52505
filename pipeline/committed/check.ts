/** A run beside what the lock file expects. Pure. */

import type { Came } from "./outcome.ts";
import type { Entry, PresetLock } from "./file.ts";

/** Something that is not as expected. */
export interface LockDifference {
  readonly what: "verdict" | "number" | "bytes" | "missing" | "unexpected";
  /** A claim, the path of a number, or a stage. */
  readonly name: string;
  /** Null for nothing, or an infinity. */
  readonly expected: string | number | null;
  readonly actual: string | number | null;
  /** Of a number: how far it may be off. */
  readonly tolerance?: number;
  /** True for a number that is off by less than its tolerance, which is no failure. */
  readonly within?: boolean;
}

/** How a run compares with a lock file. */
export interface LockCheck {
  /** Nothing differs but numbers within their tolerance. */
  readonly ok: boolean;
  readonly class: string;
  /** The class that it was compared with, where there is no entry for its own. */
  readonly reference: string;
  readonly differences: readonly LockDifference[];
  /** Parts of the environment, because of which bytes that depend on it were not compared. */
  readonly environment: readonly {
    readonly name: string;
    readonly expected: string;
    readonly actual: string;
  }[];
  /** What was compared. */
  readonly counts: { readonly verdicts: number; readonly numbers: number; readonly stages: number };
}

/** The entry for a class, or else the one that is nearest to it: of the same provider before others. */
export function entryFor(lock: PresetLock, name: string): [string, Entry] | null {
  if (Object.hasOwn(lock.providers, name)) return [name, lock.providers[name]];
  const provider = (text: string) => text.split("-")[0];
  const others = Object.keys(lock.providers).sort();
  const near = others.find((other) => provider(other) === provider(name)) ?? others[0];
  return near === undefined ? null : [near, lock.providers[near]];
}

/** Compares; null when the lock file has no entry at all for the preset. */
export function checkLock(lock: PresetLock | undefined, came: Came): LockCheck | null {
  const found = lock === undefined ? null : entryFor(lock, came.class);
  if (lock === undefined || found === null) return null;
  const [reference, entry] = found;
  const numbers = [...verdictNumbers(lock, entry, came), ...metricNumbers(lock, entry, came)];
  const environment = environmentDifferences(entry, came);
  const sameMachine = reference === came.class && environment.length === 0;
  const expected = { ...lock.everywhere, ...(sameMachine ? entry.bytes : {}) };
  const differences = [
    ...verdictDifferences(entry, came),
    ...numbers.filter(({ expected, actual }) => expected !== actual),
    ...stageDifferences(lock, entry, expected, came),
  ];
  return {
    ok: differences.every(({ within }) => within === true),
    class: came.class,
    reference,
    differences,
    environment,
    counts: {
      verdicts: Object.keys(entry.verdicts).length,
      numbers: numbers.length,
      stages: Object.keys(expected).length,
    },
  };
}

function verdictDifferences(entry: Entry, came: Came): LockDifference[] {
  return names(entry.verdicts, came.verdicts).flatMap((name): LockDifference[] => {
    const expected = entry.verdicts[name]?.verdict ?? null;
    const actual = came.verdicts[name]?.verdict ?? null;
    if (expected === actual) return [];
    const what = expected === null ? "unexpected" : actual === null ? "missing" : "verdict";
    return [{ what, name, expected, actual }];
  });
}

/** Numbers of a verdict are measured by its largest: an end near zero is no more exact than the rest. */
function verdictNumbers(lock: PresetLock, entry: Entry, came: Came): LockDifference[] {
  return Object.entries(entry.verdicts).flatMap(([name, was]) => {
    const is = came.verdicts[name];
    if (is === undefined) return [];
    const sizes = [was.effect, ...was.interval].map((x) => Math.abs(x ?? 0));
    const scale = Math.max(...sizes);
    const { tolerance } = lock;
    const number = (part: string, expected: number | null, actual: number | null, by: number) =>
      judged(`${name}.${part}`, expected, actual, tolerance, by);
    return [
      number("effect", was.effect, is.effect, scale),
      number("interval[0]", was.interval[0], is.interval[0], scale),
      number("interval[1]", was.interval[1], is.interval[1], scale),
      // A probability is its own scale.
      number("p", was.p, is.p, 1),
      judged(`${name}.n`, was.n, is.n, 0, 1),
    ];
  });
}

function metricNumbers(lock: PresetLock, entry: Entry, came: Came): LockDifference[] {
  return Object.entries(entry.metrics).map(([name, metric]): LockDifference => {
    const own = typeof metric === "number" ? { value: metric, tolerance: lock.tolerance } : metric;
    if (!Object.hasOwn(came.metrics, name)) {
      return { what: "missing", name, expected: own.value, actual: null };
    }
    return judged(name, own.value, came.metrics[name], own.tolerance, Math.abs(own.value));
  });
}

function judged(
  name: string,
  expected: number | null,
  actual: number | null,
  tolerance: number,
  scale: number,
): LockDifference {
  const within = expected === actual ||
    (expected !== null && actual !== null && Math.abs(actual - expected) <= tolerance * scale);
  return { what: "number", name, expected, actual, tolerance, within };
}

/** Deno is left out: what depends on nothing else is compared anyway. */
function environmentDifferences(entry: Entry, came: Came): LockCheck["environment"] {
  return names(entry.environment, came.environment).filter((name) => name !== "deno")
    .map((name) => ({
      name,
      expected: entry.environment[name] ?? "none",
      actual: came.environment[name] ?? "none",
    }))
    .filter(({ expected, actual }) => expected !== actual);
}

function stageDifferences(
  lock: PresetLock,
  entry: Entry,
  expected: Readonly<Record<string, string>>,
  came: Came,
): LockDifference[] {
  const all = { ...lock.everywhere, ...entry.bytes };
  return names(came.stages, all).flatMap((name): LockDifference[] => {
    const actual = came.stages[name] ?? null;
    if (!Object.hasOwn(all, name)) {
      return [{ what: "unexpected", name: `stage ${name}`, expected: null, actual }];
    }
    if (actual === null) {
      return [{ what: "missing", name: `stage ${name}`, expected: all[name], actual }];
    }
    if (!Object.hasOwn(expected, name) || expected[name] === actual) return [];
    return [{ what: "bytes", name, expected: expected[name], actual }];
  });
}

function names(
  a: Readonly<Record<string, unknown>>,
  b: Readonly<Record<string, unknown>>,
): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])];
}
