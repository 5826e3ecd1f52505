/** How policies, modules and conditions are called and drawn, the same in every figure. */

import type { SeriesStyles } from "../../../methods/plot/mod.ts";

/** Adaptive policies: solid; uniform ones: long dashes; fixed ones: short dashes; bounds: dots. */
export const POLICY_STYLES: SeriesStyles = {
  optima: { label: "OPTIMA", colour: "var(--series-1)", width: 2.8 },
  optima_undiscounted: { label: "OPTIMA, γ = 1", colour: "var(--series-6)" },
  greedy: { label: "greedy", colour: "var(--series-7)" },
  random: { label: "random", colour: "var(--series-2)", dash: "7,3" },
  round_robin: { label: "round-robin", colour: "var(--series-5)", dash: "7,3" },
  image_only: { label: "image only", colour: "var(--series-4)", dash: "3,2.5" },
  text_only: { label: "text only", colour: "var(--series-8)", dash: "3,2.5" },
  multimodal_only: { label: "multimodal only", colour: "var(--series-10)", dash: "3,2.5" },
  all: { label: "all modules", colour: "var(--series-3)", dash: "1.5,2.5", width: 2.2 },
  none: { label: "no distillation", colour: "var(--series-9)", dash: "1.5,2.5", width: 2.2 },
};

/** The arms; their colours belong to the figure of choices alone. */
export const MODULE_STYLES: SeriesStyles = {
  image: { label: "image encoder", colour: "var(--series-4)", width: 2 },
  text: { label: "text encoder", colour: "var(--series-5)", dash: "7,3", width: 2 },
  multimodal: { label: "multimodal decoder", colour: "var(--series-10)", dash: "2,2", width: 2 },
};

const CONDITION_TITLES: Readonly<Record<string, string>> = {
  wasted: "wasted: one module is solved already",
  skew: "skew: the task uses images only",
  even: "even: no module is solved beforehand",
};

/** The heading of a condition's panel. */
export function conditionTitle(condition: string): string {
  return CONDITION_TITLES[condition] ?? condition;
}

/** Policies that stay with one module. */
export const FIXED: readonly string[] = ["image_only", "text_only", "multimodal_only"];
