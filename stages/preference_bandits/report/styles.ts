/** How routes and learners are drawn, the same in every figure. */

import type { SeriesStyles } from "../../../methods/plot/mod.ts";

/** Ratings blue, preferences orange; theory dotted, choice without pessimism dashed. */
export const STYLES: SeriesStyles = {
  ratings: { label: "ratings, LCB", colour: "var(--series-1)", width: 2.4 },
  preferences: { label: "preferences, pessimistic MLE", colour: "var(--series-2)", width: 2.4 },
  ratings_theory: {
    label: "ratings, theory",
    colour: "var(--series-1)",
    dash: "1.5,3",
    width: 1.6,
  },
  preferences_theory: {
    label: "preferences, theory",
    colour: "var(--series-2)",
    dash: "1.5,3",
    width: 1.6,
  },
  unbiased: {
    label: "unbiased preferences (last panel)",
    colour: "var(--series-4)",
    dash: "6,3",
    width: 1.8,
  },
  mean: { label: "ratings, by mean", colour: "var(--series-6)", dash: "6,3", width: 1.8 },
  common: {
    label: "LCB, one scale for all arms",
    colour: "var(--series-3)",
    dash: "6,3",
    width: 1.8,
  },
  own: { label: "LCB, each arm's own scale", colour: "var(--series-1)", width: 2.4 },
  greedy: { label: "preferences, greedy MLE", colour: "var(--series-4)", dash: "6,3", width: 1.8 },
  tenth: {
    label: "pessimistic MLE, a tenth of the radius",
    colour: "var(--series-5)",
    width: 1.8,
  },
  error: { label: "measured", colour: "var(--series-7)", width: 2.4 },
  theory: { label: "theory", colour: "var(--series-9)", dash: "1.5,3", width: 1.8 },
  bound: { label: "bound of LCB", colour: "var(--series-9)", dash: "1.5,3", width: 1.8 },
  twice: { label: "ratings by mean, twice as many", colour: "var(--series-3)", width: 2 },
};
