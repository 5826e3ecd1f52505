/** A run beside the committed result of its preset, in words. Pure. */

import { entryFor, type LockCheck, type LockDifference } from "../committed/check.ts";
import type { PresetLock } from "../committed/file.ts";
import type { Came } from "../committed/outcome.ts";
import { number, plural } from "../report/format.ts";
import type { CommittedJson } from "./json.ts";

/** How a run compares with the committed result: as JSON, and in one or two lines. */
export interface Comparison {
  readonly json: CommittedJson;
  readonly lines: readonly string[];
}

/** @param file The file's path, as shown. */
export function compare(
  lock: PresetLock,
  came: Came,
  check: LockCheck,
  file: string,
): Comparison {
  const [reference, entry] = entryFor(lock, came.class)!;
  const claims = differing(entry.verdicts, came.verdicts, (v) => v?.verdict);
  const stages = differing({ ...lock.everywhere, ...entry.bytes }, came.stages);
  const where = environments(reference, check);
  const stage = stages.length ? `different stage: ${stages[0]} (${where})` : null;
  if (claims.length) {
    const verdictIn = (e: Pick<Came, "verdicts">, claim: string) =>
      e.verdicts[claim]?.verdict ?? "absent";
    const changes = claims.slice(0, 3).map((claim) =>
      `${claim} ${verdictIn(entry, claim)} → ${verdictIn(came, claim)}`
    );
    const more = claims.length > 3 ? ` and ${claims.length - 3} more` : "";
    const line = `Verdicts differ from the committed result: ${changes.join(", ")}${more}`;
    return {
      json: { same: "none", differs: claims },
      lines: stage ? [line, `First ${stage}`] : [line],
    };
  }
  // An artifact that is kept only since then, or not any more, changes no bytes.
  const isSame = Object.entries(entry.artifacts).every(([name, d]) =>
    d === (came.artifacts[name] ?? d)
  );
  if (isSame) {
    const line = `Same bytes as the committed result (${file})`;
    return { json: { same: "bytes", differs: [] }, lines: [line] };
  }
  const line = `Same verdicts as the committed result${stage ? `; first ${stage}` : ""}`;
  return { json: { same: "verdicts", differs: stages }, lines: [line] };
}

/** Names whose values differ, in the order of `now`, then those that are only in `before`. */
function differing<T>(
  before: Readonly<Record<string, T>>,
  now: Readonly<Record<string, T>>,
  compared: (value: T | undefined) => unknown = (value) => value,
): string[] {
  const names = new Set([...Object.keys(now), ...Object.keys(before)]);
  return [...names].filter((name) => compared(before[name]) !== compared(now[name]));
}

/** "committed on cpu-avx512; here cpu-avx2": the class, and whatever else differs. */
function environments(reference: string, check: LockCheck): string {
  const words = (name: string, side: "expected" | "actual") => {
    const others = check.environment.filter((d) => d.name !== "instructions");
    // A bare number says nothing without its name.
    const values = others.map((d) => /^\d/.test(d[side]) ? `${d.name} ${d[side]}` : d[side]);
    return [...(name === "any" ? [] : [name]), ...values].join(", ");
  };
  const [then, now] = [words(reference, "expected"), words(check.class, "actual")];
  if (then === now) return `the same environment${now === "" ? "" : `, ${now}`}`;
  return `committed on ${then}; here ${now}`;
}

/** Differences listed of each kind; `--json` has all. */
const LISTED = 20;

/** What `--frozen` says: that everything is as expected, or what is not. */
export function frozenLines(check: LockCheck, file: string): string[] {
  const { ok, counts, differences, environment, reference } = check;
  const notes: string[] = [];
  if (reference !== check.class) {
    notes.push(
      `There is no entry for ${check.class}: numbers are compared with those of ${reference}, ` +
        "bytes only where they are the same everywhere.",
    );
  } else if (environment.length > 0) {
    const parts = environment.map(({ name, expected, actual }) =>
      `${name} is ${actual} instead of ${expected}`
    );
    notes.push(`Bytes that depend on the machine are not compared: ${parts.join(", ")}.`);
  }
  if (ok) {
    const near = differences.length;
    const exact = near === 0 ? "" : ` (${near} not exactly, but within their tolerance)`;
    return [
      `As ${file} expects: ${plural(counts.verdicts, "verdict")}, ` +
      `${plural(counts.numbers, "number")}${exact}, bytes of ${plural(counts.stages, "stage")}`,
      ...notes,
    ];
  }
  const failures = differences.filter(({ within }) => within !== true);
  const more = failures.length - LISTED;
  return [
    `Not as ${file} expects (${plural(failures.length, "difference")}):`,
    ...failures.slice(0, LISTED).map((difference) => `  ${differenceText(difference)}`),
    ...(more > 0 ? [`  and ${more} more; --json lists them all`] : []),
    ...notes,
  ];
}

function differenceText({ what, name, expected, actual, tolerance }: LockDifference): string {
  switch (what) {
    case "missing":
      return `${name}: expected, but not there`;
    case "unexpected":
      return `${name}: not expected`;
    case "verdict":
      return `${name}: expected "${expected}", got "${actual}"`;
    case "bytes":
      return `bytes of ${name}: expected ${short(expected)}, got ${short(actual)}`;
    case "number": {
      const allowed = tolerance === undefined ? "" : `; tolerance ${number(100 * tolerance)} %`;
      return `${name}: expected ${exact(expected)}, got ${exact(actual)}${allowed}`;
    }
  }
}

function short(digest: string | number | null): string {
  return String(digest).slice(0, 12);
}

function exact(x: string | number | null): string {
  return x === null ? "–" : String(x);
}
