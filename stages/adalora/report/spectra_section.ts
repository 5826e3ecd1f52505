// Scores of triplets at the end of training on text: those that were kept beside those that were pruned.

import {
  figure,
  lineChart,
  type LinePoint,
  markup,
  type SeriesStyles,
} from "../../../methods/plot/mod.ts";
import type { Section } from "../../common/section.ts";
import type { FineTuned } from "../text/fine_tune.ts";
import { TASKS } from "./text_section.ts";

const STYLES: SeriesStyles = {
  kept: { label: "kept", colour: "var(--series-1)", width: 2 },
  pruned: { label: "pruned", colour: "var(--series-2)", dash: "4,3" },
};

/** Points of a curve. */
const POINTS = 100;

/** Positive scores of one kind in descending order, as at most {@link POINTS} points. */
function curve(series: "kept" | "pruned", scores: readonly number[]): LinePoint[] {
  const sorted = scores.filter((score) => score > 0).toSorted((a, b) => b - a);
  const count = Math.min(POINTS, sorted.length);
  return Array.from({ length: count }, (_, i) => {
    const at = count === 1 ? 0 : Math.round(i * (sorted.length - 1) / (count - 1));
    return { series, x: at + 1, y: sorted[at] };
  });
}

/** Score spectra of AdaLoRA, one panel for each task and mean final rank; null when nothing pruned. */
export function spectraSection(text: readonly FineTuned[]): Section | null {
  const panels = text.flatMap(({ task, method, rank, outcomes: [{ triplets }] }) => {
    if (method !== "adalora" || !triplets) return [];
    const { scores, kept } = triplets;
    const title = `${TASKS[task] ?? task}, mean final rank ${rank}`;
    return [{
      title: markup`${title}`,
      chart: lineChart({
        label: `Scores of triplets, ${title}`,
        points: [
          ...curve("kept", scores.filter((_, i) => kept[i] > 0)),
          ...curve("pruned", scores.filter((_, i) => kept[i] === 0)),
        ],
        styles: STYLES,
        xLabel: "triplets, in descending order",
        yLabel: "score",
        yScale: "log",
        yTickFormat: (y) => y.toExponential(0),
      }),
    }];
  });
  if (panels.length === 0) return null;
  return {
    id: "spectra",
    title: "Scores of triplets",
    html: figure({
      panels,
      legend: Object.values(STYLES),
      caption:
        "Sensitivity times uncertainty of each triplet after the last step, first seed; scores " +
        "of 0 are left out. The mask was frozen before, so that a pruned triplet's score may pass a " +
        "kept one's.",
    }),
  };
}
