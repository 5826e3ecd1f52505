/** What the report calls methods, structures and tasks, and how it draws them. */

import type { Structure } from "../../methods/losparse/planted.ts";
import type { TextMethod } from "../../methods/losparse/text_methods.ts";
import type { SeriesStyle, SeriesStyles } from "../../methods/plot/mod.ts";

/** Methods of both studies. */
export const METHOD_NAMES: Readonly<Record<TextMethod, string>> = {
  losparse: "LoSparse",
  low_rank: "low rank alone",
  itp: "pruning alone",
  movement: "movement",
  random_rows: "rows by lot",
  no_svd: "without SVD",
  dense: "dense",
};

const LOOKS: Readonly<Record<TextMethod, Omit<SeriesStyle, "label">>> = {
  losparse: { colour: "var(--series-1)", width: 2.5 },
  low_rank: { colour: "var(--series-2)" },
  itp: { colour: "var(--series-3)" },
  movement: { colour: "var(--series-4)" },
  random_rows: { colour: "var(--series-5)", dash: "4,3" },
  no_svd: { colour: "var(--series-6)", dash: "4,3" },
  dense: { colour: "var(--muted)", dash: "2,3" },
};

export const STYLES: SeriesStyles = Object.fromEntries(
  Object.entries(METHOD_NAMES).map(([method, label]) => [
    method,
    { label, ...LOOKS[method as TextMethod] },
  ]),
);

export const STRUCTURE_NAMES: Readonly<Record<Structure, string>> = {
  planted: "coherent part and strong neurons",
  power_law: "power-law spectrum (control)",
  gaussian: "independent entries (control)",
};

/** What the texts of a task are. */
export const TASK_NAMES: Readonly<Record<string, string>> = {
  imdb: "film reviews, sentiment",
  cooking: "questions on cooking, tag",
  brown: "passages of the Brown corpus, kind",
  wordnet: "definitions of nouns, domain",
  mean: "mean of the tasks",
};
