/** How methods, models and numbers look in every part of the report. */

import type { SeriesStyles } from "../../../methods/plot/mod.ts";
import type { MethodName } from "../../../methods/panda/replicate.ts";
import type { ModelName } from "../../../methods/panda/populations.ts";

export const METHOD_STYLES: SeriesStyles & Readonly<Record<MethodName, SeriesStyles[string]>> = {
  panda: { label: "PANDA", colour: "var(--series-1)", width: 2.2 },
  lpd: { label: "LPD", colour: "var(--series-2)", dash: "6,3" },
  adalda: { label: "AdaLDA", colour: "var(--series-3)", dash: "2,2" },
  adalda_printed: { label: "AdaLDA, factor 4", colour: "var(--series-4)", dash: "8,2,2,2" },
};

export const MODEL_TITLES: Readonly<Record<ModelName, string>> = {
  ar1: "a, AR(1)",
  varying_diagonal: "b, varying diagonal as printed",
  varying_diagonal_sum: "b, AR part plus diagonal",
  varying_diagonal_only: "b, diagonal only",
  erdos_renyi: "c, Erdős–Rényi",
  block_sparse: "d, block sparse",
  approximately_sparse: "e, approximately sparse",
  identity: "identity",
};

/** Styles for the values of η or c: one hue each, solid to dotted. */
export function ordered(values: readonly number[], name: (value: number) => string): SeriesStyles {
  const dashes = [undefined, "6,3", "2,2", "8,2,2,2"];
  return Object.fromEntries(values.map((value, i) => [
    String(value),
    {
      label: name(value),
      colour: `var(--series-${(i % 10) + 1})`,
      dash: dashes[i % dashes.length],
      width: 2,
    },
  ]));
}

/** A number with as many decimals as the paper prints: four, and three beyond 10. */
export function shown(value: number): string {
  return value.toFixed(Math.abs(value) >= 10 ? 3 : 4);
}

/** `mean (sd)`. */
export function meanSd(mean: number, sd: number | null): string {
  return sd === null ? shown(mean) : `${shown(mean)} (${shown(sd)})`;
}

/** Two or more decimals, with a real minus sign. */
export function signed(value: number, decimals = 2): string {
  return value.toFixed(decimals).replace("-", "−");
}
