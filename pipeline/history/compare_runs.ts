/** Two runs side by side: parameters, metrics, verdicts, stages, circumstances. Pure but for reading the store. */

import { changesSince } from "../plan/change.ts";
import type { Outlines } from "../code/code_outline.ts";
import { formatPath } from "../canonical.ts";
import type { Store } from "../store/store.ts";
import type { Digest, StageRecord } from "../types.ts";
import { type Metrics, metricsOf } from "./metrics.ts";
import { type Commit, configOf, nodeKeysOf, type PastRun } from "./past_run.ts";

/** A value before and after; undefined where there was none. */
export interface Difference {
  readonly name: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** A number before and after. */
export interface MetricDifference {
  readonly name: string;
  /** Null for an infinity, undefined where there was none. */
  readonly before?: number | null;
  readonly after?: number | null;
  /** After minus before, where both are finite. */
  readonly change?: number;
  /** The change divided by the size of the value before; absent when that is 0. */
  readonly relative?: number;
}

/** A node whose key differs, or that only one run has. */
export interface StageDifference {
  readonly id: string;
  readonly stage: string;
  readonly how: "changed" | "added" | "removed" | "unknown";
  /** The first key component that differs, in words. */
  readonly why: string;
  /** True when its outputs have the same bytes all the same. */
  readonly sameOutputs: boolean;
}

/** How two runs differ. */
export interface RunComparison {
  readonly before: PastRun;
  readonly after: PastRun;
  /** Provider, jobs, versions, commit, command. */
  readonly circumstances: readonly Difference[];
  readonly params: readonly Difference[];
  readonly verdicts: readonly Difference[];
  readonly metrics: readonly MetricDifference[];
  /** Metrics that both have and that are the same. */
  readonly sameMetrics: number;
  readonly stages: readonly StageDifference[];
  /** Nodes with the same key. */
  readonly sameStages: number;
  /** What could not be compared, because it was deleted. */
  readonly lost: readonly string[];
}

/** Compares two remembered runs. */
export async function compareRuns(
  store: Store,
  before: PastRun,
  after: PastRun,
  outlines?: Outlines,
): Promise<RunComparison> {
  const [was, is] = [await metricsOf(store, before), await metricsOf(store, after)];
  const metrics = metricDifferences(was.metrics, is.metrics);
  const stages = stageDifferences(store, before, after, outlines);
  const lost = [
    ...was.lost.map((name) => `${name} of ${before.id}`),
    ...is.lost.map((name) => `${name} of ${after.id}`),
    ...stages.lost,
  ];
  return {
    before,
    after,
    circumstances: circumstanceDifferences(before, after),
    params: valueDifferences(configOf(store, before), configOf(store, after)),
    verdicts: differences(byClaim(before), byClaim(after)),
    metrics: metrics.different,
    sameMetrics: metrics.same,
    stages: stages.different,
    sameStages: stages.same,
    lost,
  };
}

function byClaim({ verdicts }: PastRun): Record<string, string> {
  return Object.fromEntries(verdicts.map(({ claim, verdict }) => [claim, verdict]));
}

function circumstanceDifferences(before: PastRun, after: PastRun): Difference[] {
  const facts = (run: PastRun) => ({
    paper: run.paper,
    preset: run.preset,
    outcome: run.outcome,
    part: run.partial ?? undefined,
    provider: run.provider,
    "provider because": run.why ?? undefined,
    jobs: run.jobs,
    Deno: run.deno,
    system: run.system,
    commit: commitText(run.commit) ?? undefined,
    command: run.command ?? undefined,
  });
  return differences(facts(before), facts(after));
}

/** The first digits of a commit, `+` when files differed from it. */
export function commitText(commit: Commit | null): string | null {
  return commit === null ? null : commit.id.slice(0, 10) + (commit.changed ? "+" : "");
}

function differences(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): Difference[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((name) =>
    before[name] === after[name] ? [] : [{ name, before: before[name], after: after[name] }]
  );
}

/** The smallest parts of two configurations that differ, by path. */
export function valueDifferences(before: unknown, after: unknown): Difference[] {
  const found: Difference[] = [];
  const walk = (was: unknown, is: unknown, path: PropertyKey[]): void => {
    if (isBranch(was) && isBranch(is) && Array.isArray(was) === Array.isArray(is)) {
      const [a, b] = [was as Record<string, unknown>, is as Record<string, unknown>];
      for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
        walk(a[key], b[key], [...path, Array.isArray(was) ? Number(key) : key]);
      }
    } else if (JSON.stringify(was) !== JSON.stringify(is)) {
      found.push({ name: formatPath(path), before: was, after: is });
    }
  };
  walk(before, after, []);
  return found;
}

function isBranch(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** Numbers that differ, in the order in which they come. */
export function metricDifferences(
  before: Metrics,
  after: Metrics,
): { different: MetricDifference[]; same: number } {
  let same = 0;
  const different: MetricDifference[] = [];
  for (const { name, before: was, after: is } of all(before, after)) {
    if (was === is) {
      same++;
      continue;
    }
    const isNumbers = typeof was === "number" && typeof is === "number";
    const change = isNumbers ? is - was : undefined;
    const relative = isNumbers && was !== 0 ? (is - was) / Math.abs(was) : undefined;
    different.push({
      name,
      ...(was === undefined ? {} : { before: was }),
      ...(is === undefined ? {} : { after: is }),
      ...(change === undefined ? {} : { change }),
      ...(relative === undefined ? {} : { relative }),
    });
  }
  return { different, same };
}

function all(before: Metrics, after: Metrics) {
  const own = (metrics: Metrics, name: string) =>
    Object.hasOwn(metrics, name) ? metrics[name] : undefined;
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .map((name) => ({ name, before: own(before, name), after: own(after, name) }));
}

function stageDifferences(store: Store, before: PastRun, after: PastRun, outlines?: Outlines) {
  const lost: string[] = [];
  const keysOf = (run: PastRun): Map<string, Digest | null> => {
    const keys = nodeKeysOf(store, run);
    if (keys === null) lost.push(`the stages of ${run.id}`);
    return new Map(keys ?? []);
  };
  const [was, is] = [keysOf(before), keysOf(after)];
  const different: StageDifference[] = [];
  let same = 0;
  if (lost.length > 0) return { different, same, lost };
  const about = (id: string) => ({ id, stage: id.replace(/\[.*$/s, "") });
  for (const [id, key] of is) {
    if (!was.has(id)) {
      const why = "only in the second run";
      different.push({ ...about(id), how: "added", why, sameOutputs: false });
      continue;
    }
    const old = was.get(id)!;
    if (old === key && key !== null) same++;
    else different.push({ ...about(id), ...howDifferent(store, old, key, outlines) });
  }
  for (const id of was.keys()) {
    if (is.has(id)) continue;
    const why = "only in the first run";
    different.push({ ...about(id), how: "removed", why, sameOutputs: false });
  }
  return { different, same, lost };
}

function howDifferent(
  store: Store,
  before: Digest | null,
  after: Digest | null,
  outlines?: Outlines,
): Omit<StageDifference, "id" | "stage"> {
  const [was, is] = [before, after].map((key) => key === null ? null : store.getRecord(key));
  if (was === null || is === null) {
    const which = was !== null ? "the second run" : is !== null ? "the first run" : "either run";
    const why = `no result in ${which}`;
    return { how: "unknown", why, sameOutputs: false };
  }
  const [first] = changesSince(was.components, is.components, undefined, outlines);
  return {
    how: "changed",
    why: first?.text ?? "its key is made in another way",
    sameOutputs: outputsOf(was) === outputsOf(is),
  };
}

function outputsOf({ outputs }: StageRecord): string {
  return JSON.stringify(
    Object.entries(outputs).map(([name, { digest }]) => [name, digest]).sort(),
  );
}
