/** The JSON that `--json` prints: one object a command, the same fields every time. */

import type { LockCheck } from "../committed/check.ts";
import type { RemoteSummary } from "../remote/remote.ts";
import type {
  Digest,
  Failure,
  MeasurementTable,
  Outcome,
  Plan,
  PlannedNode,
  Verdict,
} from "../types.ts";

/** `reproduce --json`. */
export interface ReproduceJson {
  readonly paper: string;
  readonly preset: string;
  readonly provider: string;
  /** In topological order. */
  readonly stages: readonly StageJson[];
  readonly verdicts: readonly VerdictJson[];
  /** Present when the pipeline measures and its stage has run. */
  readonly measurements?: readonly MeasurementTable[];
  /** Path of the HTML report; null when the run did not complete, and for `--dry-run`. */
  readonly report: string | null;
  /** Folder with the kept artifacts; null when there are none, and like `report`. */
  readonly results: string | null;
  /**
   * How the run compares with artifacts/<paper>.lock.yaml as it was before `--update-lock`. Null when that
   * has no entry for the preset, when the run did not complete, and for `--dry-run`.
   */
  readonly committed: CommittedJson | null;
  /** Present with `--frozen`, when the run completed: every difference, with what was compared. */
  readonly frozen?: LockCheck;
  /** Present with `--remote`: what was taken from it and given to it. */
  readonly remote?: RemoteSummary;
  /** Present with `--check-determinism`: how many stages gave the same bytes as a second run or as the store. */
  readonly sameBytes?: { readonly again: number; readonly stored: number };
  /** Wall time of the whole command's work. */
  readonly seconds: number;
  /** Present for a partial run: the choice as typed; `stages` is what it chose. */
  readonly partial?: string;
  /** Present and true with `--dry-run`: nothing ran, statuses are what would happen. */
  readonly dryRun?: true;
}

/** A run beside the committed result of its preset. */
export interface CommittedJson {
  /** "bytes": the final artifacts are the same; "verdicts": only the verdicts are; "none": not even they. */
  readonly same: "bytes" | "verdicts" | "none";
  /**
   * With "bytes" empty; with "verdicts" the stages whose outputs differ, in the pipeline's order; with
   * "none" the claims whose verdicts differ.
   */
  readonly differs: readonly string[];
}

/**
 * One node. `status` of a run: ran, cached, failed, skipped. With `--dry-run` instead: `would-run`;
 * `pending`, which runs unless the outputs that it waits for come out with the same bytes; `cached`.
 */
export interface StageJson {
  readonly id: string;
  readonly stage: string;
  readonly status: Outcome["status"] | "would-run" | "pending";
  /** Why it ran or would run; "" when cached. */
  readonly reason: string;
  readonly seconds: number;
  /** Null while unknown, i.e. pending. */
  readonly key: Digest | null;
  readonly outputs: Readonly<Record<string, Digest>>;
  /** Present when failed. */
  readonly failure?: Failure;
}

/** The numbers of a verdict; an infinite end of an interval is null, as JSON has no infinity. */
export type VerdictJson = Pick<
  Verdict,
  "claim" | "verdict" | "statistic" | "p" | "effect" | "interval" | "n"
>;

/** `explain --json`. */
export interface ExplainJson {
  readonly paper: string;
  readonly preset: string;
  readonly provider: string;
  /** Present for a partial plan: the choice as typed. */
  readonly partial?: string;
  readonly nodes: readonly {
    readonly id: string;
    readonly stage: string;
    readonly status: "would-run" | "pending" | "cached";
    /** The causes, most telling first; empty when cached. */
    readonly changes: PlannedNode["changes"];
    readonly key: Digest | null;
  }[];
}

/** The field of a partial run; nothing for a whole one. */
export function partialJson({ partial }: Plan): { readonly partial?: string } {
  return partial ? { partial: partial.text } : {};
}

/** What a node's plan means to a user. */
export function plannedStatus(planned: PlannedNode): "would-run" | "pending" | "cached" {
  return planned.status === "run" ? "would-run" : planned.status;
}

/** The nodes of a plan, as `--dry-run --json` shows them. */
export function plannedStages(plan: Plan): StageJson[] {
  return plan.nodes.map((planned) => ({
    id: planned.node.id,
    stage: planned.node.stage,
    status: plannedStatus(planned),
    reason: planned.changes[0]?.text ?? "",
    seconds: 0,
    key: planned.key,
    outputs: digests(planned),
  }));
}

function digests(planned: PlannedNode): Record<string, Digest> {
  const outputs = Object.entries(planned.record?.outputs ?? {});
  return Object.fromEntries(outputs.map(([name, entry]) => [name, entry.digest]));
}

/** The nodes of a run. */
export function ranStages(outcomes: readonly Outcome[]): StageJson[] {
  return outcomes.map((o) => ({
    id: o.id,
    stage: o.stage,
    status: o.status,
    reason: o.reason,
    seconds: o.seconds,
    key: o.key,
    outputs: o.outputs,
    ...(o.failure ? { failure: o.failure } : {}),
  }));
}

/** The numbers of the verdicts. */
export function verdictNumbers(verdicts: readonly Verdict[]): VerdictJson[] {
  return verdicts.map(({ claim, verdict, statistic, p, effect, interval, n }) => ({
    claim,
    verdict,
    statistic,
    p,
    effect,
    interval,
    n,
  }));
}
