/** What planning and running speak of: key components, records, plans, events, outcomes, failures. */

import type { Artifact, Digest, Node, Progress, Provider } from "./types.ts";

// ---------------------------------------------------------------- keys and records

/** The parts of a node's key, in the order in which `explain` compares them. */
export interface KeyComponents {
  /** Name of the bundle's digest, or the npm source. */
  readonly code: {
    readonly digest: Digest;
    /** Digest of each source file's tree-shaken, minified contribution, by path relative to the root. */
    readonly files: Readonly<Record<string, Digest>>;
    /** `name@version` → lock-file integrity, for each npm package that the bundle imports. */
    readonly packages: Readonly<Record<string, string>>;
  };
  readonly params: unknown;
  /** Input name → digests of its artifacts. */
  readonly inputs: Readonly<Record<string, readonly Digest[]>>;
  /** Deno version, provider, threads, instruction set where results depend on them. */
  readonly environment: Readonly<Record<string, string>>;
  /** Output name → form, media and extension, which the stage sees in the path. */
  readonly outputs: Readonly<Record<string, string>>;
  /** Input name → the same, and whether it takes many; absent without inputs. */
  readonly reads?: Readonly<Record<string, string>>;
}

/** One output in the store. */
export interface OutputEntry {
  readonly digest: Digest;
  readonly form: "file" | "tree";
  readonly media: string;
  readonly bytes: number;
}

/** What is remembered about a finished key. */
export interface StageRecord {
  readonly version: 1;
  readonly key: Digest;
  readonly node: string;
  readonly stage: string;
  readonly components: KeyComponents;
  readonly outputs: Readonly<Record<string, OutputEntry>>;
  readonly seconds: number;
  /** ISO 8601. */
  readonly finished: string;
  /** Digest of the log. */
  readonly log: Digest | null;
}

/** A record without what its key was made from, which is most of it. */
export type RecordSummary = Omit<StageRecord, "components">;

// ---------------------------------------------------------------- planning

/** Why a node will run: the first key component that differs, before and after. */
export interface Change {
  readonly component:
    | "new"
    | "forced"
    | "code"
    | "params"
    | "inputs"
    | "environment"
    | "outputs"
    | "missing";
  /** One sentence: "methods/optima/bandit.ts changed", "params.lr: 0.001 → 0.002". */
  readonly text: string;
  readonly before?: string;
  readonly after?: string;
}

/** One node of a plan: will it run, and why. */
export interface PlannedNode {
  readonly node: Node;
  /**
   * `cached`: a valid record exists. `run`: will run. `pending`: waits for an upstream node's output;
   * it will run unless that output turns out to have the same bytes (early cut-off).
   */
  readonly status: "cached" | "run" | "pending";
  readonly changes: readonly Change[];
  /** Known unless pending. */
  readonly key: Digest | null;
  /** Present when cached. */
  readonly record: RecordSummary | null;
  /** For local data: what it held when the plan was made. */
  readonly content?: SourceContent;
}

/** What local data holds, as seen by planning; running imports exactly this or fails. */
export interface SourceContent {
  readonly digest: Digest;
  /** Sum over the files of a tree. */
  readonly bytes: number;
}

/** What a run would do, made by `plan()`. */
export interface Plan {
  readonly paper: string;
  readonly preset: string;
  readonly provider: Provider;
  /** Topological order. */
  readonly nodes: readonly PlannedNode[];
  /** The pipeline's targets by name, made of these nodes. */
  readonly targets?: Readonly<Record<string, Artifact>>;
  /** Set when only a part of the pipeline is to run; `nodes` is that part. */
  readonly partial?: PartialPlan;
}

/** What a partial run does not run. */
export interface PartialPlan {
  /** The choice as typed, e.g. `--only train`. */
  readonly text: string;
  /** Nodes outside the part that it needs: all cached, in topological order. */
  readonly given: readonly PlannedNode[];
}

// ---------------------------------------------------------------- running

/** What a run tells while it goes on. */
export type RunEvent =
  | { readonly type: "setup"; readonly message: string }
  | { readonly type: "planned"; readonly plan: Plan }
  | { readonly type: "started"; readonly node: Node; readonly reason: string }
  | { readonly type: "progress"; readonly node: Node; readonly progress: Progress }
  | { readonly type: "log"; readonly node: Node; readonly line: string }
  | {
    /** An attempt failed and another one follows; `started` comes again with it. */
    readonly type: "retry";
    readonly node: Node;
    readonly failure: Failure;
    /** The one that failed, from 1. */
    readonly attempt: number;
    /** How many there may be. */
    readonly attempts: number;
    /** Seconds until the next one. */
    readonly wait: number;
  }
  | {
    /** The list that a fan-out waited for is known: `nodes` take the place of `node`. */
    readonly type: "expanded";
    readonly node: Node;
    readonly nodes: readonly PlannedNode[];
  }
  | { readonly type: "finished"; readonly node: Node; readonly outcome: Outcome };

/** How a node ended. */
export interface Outcome {
  readonly id: string;
  readonly stage: string;
  readonly status: "ran" | "cached" | "failed" | "skipped";
  readonly reason: string;
  readonly seconds: number;
  readonly key: Digest | null;
  readonly outputs: Readonly<Record<string, Digest>>;
  readonly failure?: Failure;
  /** Present when it took more than one. */
  readonly attempts?: number;
}

/** An expected failure as data; the CLI words it. */
export interface Failure {
  /** e.g. "stage-exit", "undeclared-access", "missing-output", "no-space", "download", "cancelled". */
  readonly code: string;
  readonly message: string;
  /** File, URL or node that it concerns. */
  readonly where?: string;
  /** What the user can do. */
  readonly mend?: string;
  /** Path of the full log. */
  readonly log?: string;
}
