/** Kinds of the artifacts of benchmarks, and what is told of them. */

import type { PretrainedConfig } from "../../../methods/nn/mod.ts";
import { file } from "../../../pipeline/declare/artifact.ts";
import type { BenchmarkName } from "./schema.ts";

/** A file as the user supplies it; its name is a parameter of the stage that reads it. */
export const userFileKind = file("user-file", "");
/** A task as arrays; see methods/finetuning/task.ts. */
export const benchmarkTaskKind = file("benchmark-task", ".safetensors");

/** What is told of a task. */
export interface TaskAbout {
  readonly task: BenchmarkName;
  readonly title: string;
  readonly measures: readonly string[];
  readonly files: readonly string[];
  /** Texts or windows. */
  readonly train: number;
  readonly development: readonly number[];
  /** Tokens of the longest, marks included. */
  readonly longest: number;
  /** Incomplete lines that were left out. */
  readonly skipped: number;
}

/** What is told of a model. */
export interface ModelAbout {
  readonly config: PretrainedConfig;
  /** Numbers in its weights, embeddings of the whole vocabulary included, heads of pre-training not. */
  readonly parameters: number;
}
