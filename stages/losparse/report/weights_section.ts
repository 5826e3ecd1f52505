// The pre-trained weights themselves: are they low-rank and sparse, as LoSparse supposes?

import {
  figure,
  lineChart,
  type LinePoint,
  markup,
  type SeriesStyles,
} from "../../../methods/plot/mod.ts";
import { estimate, mean } from "../../../methods/stats/mod.ts";
import type { Section } from "../../common/section.ts";
import { MAPS } from "../../common/text/layer_map.ts";
import { METHOD_NAMES, STYLES, TASK_NAMES } from "../names.ts";
import type { TextMethod } from "../../../methods/losparse/text_methods.ts";
import type { CompressedText } from "../text/compress_text.ts";
import type { MapPremise } from "../text/decompose.ts";

const KINDS: SeriesStyles = {
  ...Object.fromEntries(MAPS.map(([map, label], i) => [
    map,
    { label, colour: `var(--series-${i + 1})` },
  ])),
  noise: { label: "independent entries", colour: "var(--muted)", dash: "2,3" },
};

const kindOf = (path: string) => path.split(".").slice(2).join(".");

/** Singular-value tails by kind of map, and the unevenness of rows. */
export function weightsSection(
  premises: readonly MapPremise[],
  noise: readonly MapPremise[],
): Section {
  const tailPoints = (series: string, maps: readonly MapPremise[]) => {
    const ranks = maps[0].tails.length - 1;
    return Array.from({ length: 49 }, (_, i): LinePoint => {
      const rank = Math.round(i * ranks / 48);
      return { series, x: 100 * rank / ranks, y: mean(maps.map(({ tails }) => tails[rank])) };
    });
  };
  const kinds = Map.groupBy(premises, ({ path }) => kindOf(path));
  const rows = Array.from([...kinds, ["noise", noise] as const], ([kind, maps]) => {
    const kurtosis = estimate(maps.map((map) => map.kurtosis));
    const tenth = maps.map(({ tails, shape: [inputs, outputs] }) =>
      tails[Math.round(0.1 * inputs * outputs / (inputs + outputs))]
    );
    return markup`<tr><td>${KINDS[kind].label}</td><td class="n">${
      [...new Set(maps.map(({ shape }) => shape.join(" × ")))].join(", ")
    }</td>
<td class="n">${(100 * mean(tenth)).toFixed(1)} %</td><td class="n">${
      kurtosis.value.toFixed(1)
    }</td>
<td><small>${maps.map((map) => map.kurtosis.toFixed(1)).join(" ")}</small></td></tr>`;
  });
  return {
    id: "weights",
    title: "Real weights: is the premise met?",
    html: markup`${
      figure({
        panels: [{
          title: markup`Left by the best approximation`,
          chart: lineChart({
            label: "Share of the squared norm left by the best approximation, by its rank",
            points: [...kinds].flatMap(([kind, maps]) => tailPoints(kind, maps)).concat(
              tailPoints("noise", noise),
            ),
            styles: KINDS,
            xLabel: "rank, % of the full rank",
            yLabel: "share of the squared norm",
          }),
        }],
        legend: Object.values(KINDS),
        caption:
          "Singular-value tails of MiniLM's maps, mean over the layers, beside a matrix of " +
          "independent normal entries.",
      })
    }<div class="scroll" tabindex="0"><table><thead><tr><th>Map</th><th class="n">shape</th>
<th class="n">left by low rank of 10 % of the entries</th><th class="n">kurtosis of the rows' norms</th>
<th>layer by layer</th></tr></thead><tbody>${rows}</tbody></table></div>
<p>A kurtosis above 3 means some rows that stand out.</p>`,
  };
}

/** Methods whose scores are sensitivities, so that they have one scale. */
const BY_SENSITIVITY: readonly TextMethod[] = ["losparse", "itp", "no_svd"];

/** Scores of rows at the end of the first seed, in descending order. */
export function spectraSection(text: readonly CompressedText[]): Section | null {
  const scored = text.filter(({ method, spectrum }) => spectrum && BY_SENSITIVITY.includes(method));
  if (scored.length === 0) return null;
  const titleOf = ({ task, budget }: CompressedText) =>
    `${TASK_NAMES[task]}, ${budget.replace("p", "")} %`;
  const panels = Array.from(Map.groupBy(scored, titleOf)).map(
    ([title, cells]) => ({
      title: markup`${title}`,
      chart: lineChart({
        label: `Scores of rows by rank, ${title}`,
        points: cells.flatMap(({ method, spectrum }) => {
          const positive = spectrum!.filter((score) => score > 0);
          return positive.map((y, i): LinePoint => ({
            series: method,
            x: 100 * (i + 1) / spectrum!.length,
            y,
          }));
        }),
        styles: STYLES,
        xLabel: "rows, % in descending order",
        yLabel: "score",
        yScale: "log",
        yTickFormat: (y) => y.toExponential(0),
      }),
    }),
  );
  const methods = [...new Set(scored.map(({ method }) => method))];
  return {
    id: "spectra",
    title: "Real text: scores of rows",
    html: figure({
      panels,
      legend: methods.map((method) => ({ ...STYLES[method], label: METHOD_NAMES[method] })),
      caption:
        "Smoothed sensitivity of the rows at the end of training, first seed; drawn where it " +
        "is not 0.",
    }),
  };
}
