/** A run beside the committed result of its preset, in words. Pure. */

import type { Entry } from "./committed.ts";
import type { CommittedJson } from "./json.ts";

/** How a run compares with the committed result: as JSON, and in one or two lines. */
export interface Comparison {
  readonly json: CommittedJson | null;
  readonly lines: readonly string[];
}

/** @param file The file's path, as shown. */
export function compare(committed: Entry, here: Entry, file: string): Comparison {
  const claims = differing(committed.verdicts, here.verdicts, (v) => v?.verdict);
  const stages = differing(committed.stages, here.stages);
  const stage = stages.length
    ? `different stage: ${stages[0]} (${environments(committed, here)})`
    : null;
  if (claims.length) {
    const verdictIn = (entry: Entry, claim: string) => entry.verdicts[claim]?.verdict ?? "absent";
    const changes = claims.slice(0, 3).map((claim) =>
      `${claim} ${verdictIn(committed, claim)} → ${verdictIn(here, claim)}`
    );
    const more = claims.length > 3 ? ` and ${claims.length - 3} more` : "";
    const line = `Verdicts differ from the committed result: ${changes.join(", ")}${more}`;
    return {
      json: { same: "none", differs: claims },
      lines: stage ? [line, `First ${stage}`] : [line],
    };
  }
  // An artifact that is kept only since then, or not any more, changes no bytes.
  const isSame = Object.entries(committed.artifacts).every(([name, d]) =>
    d === (here.artifacts[name] ?? d)
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
  before: Record<string, T>,
  now: Record<string, T>,
  compared: (value: T | undefined) => unknown = (value) => value,
): string[] {
  const names = new Set([...Object.keys(now), ...Object.keys(before)]);
  return [...names].filter((name) => compared(before[name]) !== compared(now[name]));
}

/** "committed on cpu, avx512; here cpu, avx2": provider, processor, and whatever else differs. */
function environments(committed: Entry, here: Entry): string {
  const different = differing(committed.environment, here.environment);
  const names = new Set(["instructions", "gpu", ...different]);
  const words = ({ provider, environment }: Entry) => {
    const known = [...names].filter((name) => name in environment);
    // A bare number says nothing without its name.
    const values = known.map((name) =>
      /^\d/.test(environment[name]) ? `${name} ${environment[name]}` : environment[name]
    );
    return [provider, ...values].join(", ");
  };
  const [then, now] = [words(committed), words(here)];
  return then === now ? `${now}, as committed` : `committed on ${then}; here ${now}`;
}
