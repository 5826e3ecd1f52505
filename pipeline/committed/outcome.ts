/** What a run came to, in the terms of a lock file. */

import { digestOf } from "../canonical.ts";
import { upstreamOf } from "../plan/graph.ts";
import { keptMetrics, type Metrics } from "../history/metrics.ts";
import { nodeKeysOf, type PastRun } from "../history/past_run.ts";
import type { RunResult } from "../run/run.ts";
import type { Store } from "../store/store.ts";
import type { Digest, Node, Provider, StageRecord } from "../types.ts";
import { type Entry, mapped } from "./file.ts";

/** What came of a run: an entry with all its stages, and which of these are the same on every machine. */
export interface Came extends Omit<Entry, "metrics" | "bytes"> {
  readonly class: string;
  readonly metrics: Metrics;
  /** Stage → digest over the outputs of all its nodes, in the order of the pipeline. */
  readonly stages: Readonly<Record<string, Digest>>;
  /** Null when it cannot be told: a past run does not know what depends on what. */
  readonly portable: ReadonlySet<string> | null;
}

/** A node with what is stored for it. */
interface Kept {
  readonly id: string;
  readonly stage: string;
  readonly record: StageRecord;
}

/** What a completed run came to. */
export async function cameOf(store: Store, result: RunResult): Promise<Came> {
  const outputs = new Map(result.outcomes.map((o) => [o.id, o.outputs]));
  // What was measured differs from run to run: nothing is expected of it.
  const { measurements, ...compared } = result.targets;
  const kept = result.outcomes.flatMap(({ id, stage, key }): Kept[] => {
    const record = key === null || id === measurements?.node.id ? null : store.getRecord(key);
    return record === null ? [] : [{ id, stage, record }];
  });
  const targets = mapped(compared, ({ node, output, kind: { form, media } }) => (
    { digest: outputs.get(node.id)![output], form, media }
  ));
  return {
    ...common(kept, result.provider),
    verdicts: verdictsOf(result.verdicts),
    metrics: (await keptMetrics(store, targets)).metrics,
    artifacts: mapped(targets, ({ digest }) => digest),
    portable: portableStages(result.plan.nodes.map(({ node }) => node), kept),
  };
}

/** What a remembered run came to; null when its keys or records were deleted. */
export async function cameOfPast(store: Store, run: PastRun): Promise<Came | null> {
  const { measurements, ...targets } = run.targets;
  const kept: Kept[] = [];
  for (const [id, key] of nodeKeysOf(store, run) ?? [["", null]]) {
    const record = key === null ? null : store.getRecord(key);
    if (record === null) return null;
    const outputs = Object.values(record.outputs);
    if (outputs.some(({ digest }) => digest === measurements?.digest)) continue;
    kept.push({ id, stage: record.stage, record });
  }
  return {
    ...common(kept, run.provider),
    verdicts: verdictsOf(run.verdicts),
    metrics: (await keptMetrics(store, targets)).metrics,
    artifacts: mapped(targets, ({ digest }) => digest),
    portable: null,
  };
}

function common(kept: readonly Kept[], provider: Provider) {
  const records = kept.map(({ record }) => record);
  const environment = environmentOf(records);
  const tensors = records.some(({ components }) => "provider" in components.environment);
  const stages: Record<string, Record<string, unknown>> = {};
  for (const { id, stage, record } of kept) {
    (stages[stage] ??= {})[id] = mapped(record.outputs, ({ digest }) => digest);
  }
  return {
    class: tensors ? classOf(provider, environment.instructions) : "any",
    environment,
    date: records.map((r) => r.finished).sort().at(-1) ?? "",
    seconds: Math.round(1000 * records.reduce((sum, r) => sum + r.seconds, 0)) / 1000,
    stages: mapped(stages, digestOf),
  };
}

/** Where results may be expected to have the same bytes: natively, kernels depend on the instruction set. */
function classOf(provider: Provider, instructions: string | undefined): string {
  return provider === "cpu" && instructions !== undefined ? `cpu-${instructions}` : provider;
}

function verdictsOf(verdicts: readonly PastRun["verdicts"][number][]): Entry["verdicts"] {
  const finite = (x: number | null) => x !== null && Number.isFinite(x) ? x : null;
  return Object.fromEntries(
    verdicts.map(({ claim, verdict, effect, interval: [low, high], p, n }) => [
      claim,
      {
        verdict,
        effect: finite(effect),
        interval: [finite(low), finite(high)],
        p: finite(p),
        n,
      },
    ]),
  );
}

function environmentOf(records: readonly StageRecord[]): Record<string, string> {
  const values: Record<string, Set<string>> = {};
  for (const { components } of records) {
    for (const [name, value] of Object.entries(components.environment)) {
      // The values of variables may be secrets.
      const shown = name.startsWith("variable ") ? digestOf(value).slice(0, 12) : value;
      if (name !== "provider") (values[name] ??= new Set()).add(shown);
    }
  }
  return mapped(values, (set) => [...set].sort().join(" and "));
}

/** Stages of which no node depends on more than Deno, nor reads what such a node made. */
function portableStages(nodes: readonly Node[], kept: readonly Kept[]): Set<string> {
  const environments = new Map(
    kept.map(({ id, record }) => [id, Object.keys(record.components.environment)]),
  );
  const bound = new Set<Node>();
  for (const node of nodes) {
    const own = environments.get(node.id) ?? [];
    const isBound = own.some((name) => name !== "deno") ||
      upstreamOf(node).some((upstream) => bound.has(upstream));
    if (isBound) bound.add(node);
  }
  const stages = new Set(nodes.map(({ stage }) => stage));
  for (const { stage } of bound) stages.delete(stage);
  return stages;
}
