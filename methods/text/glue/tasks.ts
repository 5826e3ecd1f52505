/** The eight tasks of GLUE (Wang et al., arXiv 1804.07461) that papers report: columns, classes, measures. */

import type { MeasureName } from "./measures.ts";

/** What a file of one task holds, in the form of the benchmark's TSV and in that of the hub's Parquet. */
export interface GlueTask {
  readonly title: string;
  /** Columns of the text, or of both texts of a pair. */
  readonly tsv: readonly string[];
  readonly parquet: readonly string[];
  /** Column of the label in the TSV form; in Parquet it is `label`. */
  readonly label: string;
  /** Columns of a TSV file that has no line of names. */
  readonly unnamed?: readonly string[];
  /**
   * Labels as the TSV form spells them; the index is the class, as in Parquet. None: a score from 0 to 5.
   */
  readonly classes: readonly string[] | null;
  readonly measures: readonly MeasureName[];
  /** Names of the development sets, without extension: TSV and Parquet. */
  readonly development: readonly { readonly tsv: string; readonly parquet: string }[];
}

const DEVELOPMENT = [{ tsv: "dev", parquet: "validation" }];
const BINARY = ["0", "1"];
const ENTAILMENT = ["entailment", "not_entailment"];

export const GLUE_TASKS = {
  cola: {
    title: "CoLA",
    tsv: ["sentence"],
    parquet: ["sentence"],
    label: "label",
    unnamed: ["source", "label", "mark", "sentence"],
    classes: BINARY,
    measures: ["matthews"],
    development: DEVELOPMENT,
  },
  sst2: {
    title: "SST-2",
    tsv: ["sentence"],
    parquet: ["sentence"],
    label: "label",
    classes: BINARY,
    measures: ["accuracy"],
    development: DEVELOPMENT,
  },
  mrpc: {
    title: "MRPC",
    tsv: ["#1 String", "#2 String"],
    parquet: ["sentence1", "sentence2"],
    label: "Quality",
    classes: BINARY,
    measures: ["accuracy", "f1"],
    development: DEVELOPMENT,
  },
  stsb: {
    title: "STS-B",
    tsv: ["sentence1", "sentence2"],
    parquet: ["sentence1", "sentence2"],
    label: "score",
    classes: null,
    measures: ["pearson", "spearman"],
    development: DEVELOPMENT,
  },
  qqp: {
    title: "QQP",
    tsv: ["question1", "question2"],
    parquet: ["question1", "question2"],
    label: "is_duplicate",
    classes: BINARY,
    measures: ["accuracy", "f1"],
    development: DEVELOPMENT,
  },
  mnli: {
    title: "MNLI",
    tsv: ["sentence1", "sentence2"],
    parquet: ["premise", "hypothesis"],
    label: "gold_label",
    classes: ["entailment", "neutral", "contradiction"],
    measures: ["accuracy"],
    development: [
      { tsv: "dev_matched", parquet: "validation_matched" },
      { tsv: "dev_mismatched", parquet: "validation_mismatched" },
    ],
  },
  qnli: {
    title: "QNLI",
    tsv: ["question", "sentence"],
    parquet: ["question", "sentence"],
    label: "label",
    classes: ENTAILMENT,
    measures: ["accuracy"],
    development: DEVELOPMENT,
  },
  rte: {
    title: "RTE",
    tsv: ["sentence1", "sentence2"],
    parquet: ["sentence1", "sentence2"],
    label: "label",
    classes: ENTAILMENT,
    measures: ["accuracy"],
    development: DEVELOPMENT,
  },
} as const satisfies Record<string, GlueTask>;

export type GlueTaskName = keyof typeof GLUE_TASKS;
