/** Runs the report stage. */

import {
  figure,
  intervalChart,
  type IntervalPoint,
  lineChart,
  type LinePoint,
  markup,
  type SeriesStyles,
} from "../../methods/plot/mod.ts";
import { formatNumber } from "../../methods/stats/format.ts";
import { estimate, mean } from "../../methods/stats/mod.ts";
import type { Run } from "../../pipeline/types.ts";
import { claimsSection } from "../common/claims_section.ts";
import { publishedSection } from "../common/published/section.ts";
import { type Section, written } from "../common/section.ts";
import type { Compressed } from "./compress.ts";
import { loadPublished } from "./published.ts";
import type { report } from "./report.ts";

const STYLES: SeriesStyles = {
  losparse: { label: "LoSparse", colour: "var(--series-1)", width: 2.5 },
  low_rank: { label: "low rank alone", colour: "var(--series-2)" },
  itp: { label: "pruning alone", colour: "var(--series-3)" },
  movement: { label: "movement", colour: "var(--series-4)" },
  random_rows: { label: "rows by lot", colour: "var(--series-5)", dash: "4,3" },
  dense: { label: "dense", colour: "var(--muted)", dash: "2,3" },
};

const TITLES: Readonly<Record<Compressed["structure"], string>> = {
  planted: "coherent part and strong neurons",
  power_law: "power-law spectrum (control)",
  gaussian: "independent entries (control)",
};

function errorsSection(all: readonly Compressed[]): Section {
  const panels = all.map(({ structure, results }) => {
    const points = results.filter((r) => r.method !== "dense").map((r): LinePoint => {
      const { value: y, low, high } = estimate(r.outcomes.map(({ error }) => error));
      return {
        series: r.method,
        x: 100 * mean(r.outcomes.map(({ ratio }) => ratio)),
        y,
        low,
        high,
      };
    });
    return {
      title: markup`${TITLES[structure]}`,
      chart: lineChart({
        label: `Error by remaining entries, ${TITLES[structure]}`,
        points,
        styles: STYLES,
        xLabel: "remaining entries, %",
        yLabel: "held-out error",
        yScale: "log",
        yTickFormat: (y) => formatNumber(y, 2),
      }),
    };
  });
  return {
    id: "errors",
    title: "Error by budget",
    html: markup`${
      figure({
        panels,
        legend: Object.entries(STYLES).filter(([name]) => name !== "dense").map(([, style]) =>
          style
        ),
        caption: "Squared error on held-out inputs over what zero weights would leave: mean over " +
          "seeds and its 95 % interval. The horizontal axis is what was realised.",
      })
    }${all.map(errorTable)}`,
  };
}

function errorTable({ structure, results }: Compressed) {
  return markup`<h3>${TITLES[structure]}</h3><div class="scroll" tabindex="0"><table><thead><tr>
<th>Method</th><th class="n">budget, ranks</th><th class="n">remaining</th><th class="n">learning rate</th>
<th class="n">error</th><th>each seed</th></tr></thead><tbody>${
    results.map((r) => {
      const errors = r.outcomes.map(({ error }) => error);
      const { value, high } = estimate(errors);
      return markup`<tr><td style="white-space:nowrap">${
        STYLES[r.method].label
      }</td><td class="n">${r.method === "dense" ? "–" : r.rank}</td><td class="n">${
        (100 * mean(r.outcomes.map(({ ratio }) => ratio))).toFixed(1)
      } %</td>
<td class="n">${r.lr}</td><td class="n">${formatNumber(value)}${
        high === undefined ? null : markup` <small>± ${formatNumber(high - value, 2)}</small>`
      }</td><td><small>${errors.map((e) => formatNumber(e)).join(" ")}</small></td></tr>`;
    })
  }</tbody></table></div>`;
}

function premiseSection(all: readonly Compressed[]): Section {
  const styles: SeriesStyles = Object.fromEntries(
    all.map(({ structure }, i) => [structure, {
      label: structure.replace("_", " "),
      colour: `var(--series-${i + 1})`,
    }]),
  );
  const panel = (title: string, xLabel: string, f: (c: Compressed) => readonly number[]) => ({
    title: markup`${title}`,
    chart: intervalChart({
      label: title,
      points: all.map((one): IntervalPoint => {
        return { series: one.structure, ...estimate(f(one)) };
      }),
      styles,
      xLabel,
    }),
  });
  return {
    id: "premise",
    title: "Is the premise met?",
    html: figure({
      panels: [
        panel(
          "Left by the best approximation of the planted rank",
          "share of the squared norm",
          ({ premises }) => premises.map(({ tail }) => tail),
        ),
        panel(
          "Unevenness of output neurons",
          "kurtosis of their norms",
          ({ premises }) => premises.map(({ kurtosis }) => kurtosis),
        ),
      ],
      caption:
        "LoSparse supposes a coherent part (a small share is left) and a few strong neurons " +
        "(a large kurtosis). First weight of each network; mean over seeds and its 95 % interval.",
    }),
  };
}

function limitsSection(): Section {
  return {
    id: "limits",
    title: "What this is not",
    html: markup`<ul>
<li>No table of the paper: its models (DeBERTaV3-base, BERT, BART-large) and data are not run. The body of
the paper was not read; the method follows the released code.</li>
<li>The networks are perceptrons of some ten thousand weights, whose structure was planted. That
LoSparse wins where its premise is built in shows the mechanism, not that the premise holds of language
models.</li>
<li>LoSparse's share of low rank was chosen for each budget on calibration seeds of the planted structure,
and serves for the controls too; the baselines have no such choice to make. Learning rates were chosen
for every method alike, at one budget.</li>
<li>Movement pruning is its score in the same harness, with weights zeroed in place, not the published
method with its own schedule.</li>
<li>Rows have whole sizes, so that pruned methods keep up to one row less than the budget, never more.</li>
</ul>`,
  };
}

export const run: Run<typeof report> = async ({ inputs, outputs }) => {
  const [all, verdicts, evidence] = await Promise.all([
    inputs.all.read(),
    inputs.verdicts.read(),
    inputs.evidence.read(),
  ]);
  const sections: Section[] = [
    claimsSection(verdicts, evidence, {
      families: {
        primary: "Better than either part alone?",
        controls: "Controls",
        secondary: "Secondary",
      },
      introduction:
        markup`Methods are compared on the same networks, data and batches, seed by seed.`,
    }),
    errorsSection(all),
    premiseSection(all),
    publishedSection(loadPublished()),
    limitsSection(),
  ];
  await outputs.sections.write(written(sections));
};
