/** What a report is made from: plain data, kept as JSON beside the HTML so that it can be made again. */

import type {
  Digest,
  MeasurementTable,
  Outcome,
  Provider,
  ReportSection,
  Verdict,
} from "../types.ts";

/** One completed run of a paper. */
export interface ReportedRun {
  readonly paper: string;
  readonly preset: string;
  readonly provider: Provider;
  /** Wall time of the run. */
  readonly seconds: number;
  /** In topological order. */
  readonly nodes: readonly ReportedNode[];
  readonly verdicts: readonly Verdict[];
  readonly sections: readonly ReportSection[];
  readonly measurements?: readonly MeasurementTable[];
}

/** One node of the DAG after a run. */
export interface ReportedNode {
  readonly id: string;
  readonly stage: string;
  readonly describe: string;
  readonly status: Outcome["status"];
  readonly reason: string;
  /** Seconds it took when it last ran, in this run or before; null when it has not run. */
  readonly seconds: number | null;
  readonly key: Digest | null;
  readonly outputs: Readonly<Record<string, Digest>>;
  /** Ids of the nodes that it reads from. */
  readonly inputs: readonly string[];
  /** Set for data packages and downloads. */
  readonly data: DataPackage | null;
}

/** Data from elsewhere and the terms under which they may be used. */
export interface DataPackage {
  /** Of a package its name, else the address. */
  readonly package: string;
  /** Empty for downloads. */
  readonly version: string;
  readonly license: string;
  readonly digest: Digest;
}

/** The paper and the circumstances of the run. */
export interface PipelineMeta {
  readonly title: string;
  readonly citation: string;
  readonly summary: string;
  /** Version of Deno. */
  readonly deno: string;
  /** Operating system and architecture, e.g. "linux x86_64". */
  readonly system: string;
  /** `name@version` → integrity, of every package that a stage's code imports. */
  readonly packages: Readonly<Record<string, string>>;
  /** The command line as typed, e.g. "deno task reproduce optima". */
  readonly command: string;
  /** ISO 8601, when the run ended. */
  readonly date: string;
  /** Commit of the working tree, with "+" when it was modified; null without git. */
  readonly commit: string | null;
}
