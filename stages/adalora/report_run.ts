/** Runs the report stage. */

import {
  figure,
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
import { halfWidth } from "../common/half_width.ts";
import { type Section, written } from "../common/section.ts";
import type { Adapted } from "./adapt.ts";
import { loadPublished } from "./published.ts";
import { spectraSection } from "./report/spectra_section.ts";
import { textPlacesSection, textSection } from "./report/text_section.ts";
import type { report } from "./report.ts";

const STYLES: SeriesStyles = {
  adalora: { label: "AdaLoRA", colour: "var(--series-1)", width: 2.5 },
  lora: { label: "LoRA", colour: "var(--series-2)", width: 2.5 },
  lora_initial: { label: "LoRA, initial rank", colour: "var(--series-2)", dash: "4,3" },
  svd_lora: { label: "SVD-LoRA", colour: "var(--series-3)" },
  magnitude: { label: "by |λ|", colour: "var(--series-4)", dash: "4,3" },
  instant: { label: "by this step", colour: "var(--series-5)", dash: "4,3" },
  random: { label: "by lot", colour: "var(--series-6)" },
  gamma_0: { label: "γ = 0", colour: "var(--series-7)", dash: "2,3" },
};

const TITLES: Readonly<Record<Adapted["need"], string>> = {
  concentrated: "rank 4 is needed in 3 of 12 maps",
  uniform: "rank 1 is needed in all maps (control)",
};

function errorsSection(all: readonly Adapted[]): Section {
  const panels = all.map(({ need, results }) => ({
    title: markup`${TITLES[need]}`,
    chart: lineChart({
      label: `Error by mean final rank, ${TITLES[need]}`,
      points: results.map((r): LinePoint => {
        const { value: y, low, high } = estimate(r.outcomes.map(({ error }) => error));
        return { series: r.method, x: r.rank, y, low, high };
      }),
      styles: STYLES,
      bands: ["adalora", "lora"],
      xLabel: "mean final rank",
      yLabel: "held-out error",
      yScale: "log",
      yTickFormat: (y) => formatNumber(y, 1),
    }),
  }));
  return {
    id: "errors",
    title: "Planted updates: error by budget",
    html: markup`${
      figure({
        panels,
        legend: Object.values(STYLES),
        caption:
          "Squared error on held-out inputs over that of the frozen network: mean over seeds, " +
          "with its 95 % interval for AdaLoRA and LoRA.",
      })
    }${all.map(errorTable)}`,
  };
}

function errorTable({ need, results }: Adapted) {
  return markup`<h3>${TITLES[need]}</h3><div class="scroll" tabindex="0"><table><thead><tr>
<th>Method</th><th class="n">mean final rank</th><th class="n">learning rate</th><th class="n">error</th>
<th class="n">ranks where needed</th><th>error of each seed</th></tr></thead><tbody>${
    results.map((r) => {
      const errors = r.outcomes.map(({ error }) => error);
      const error = estimate(errors);
      return markup`<tr><td style="white-space:nowrap">${
        STYLES[r.method].label
      }</td><td class="n">${r.rank}</td><td class="n">${r.lr}</td><td class="n">${
        formatNumber(error.value)
      }${halfWidth(error)}</td><td class="n">${
        (100 * mean(r.outcomes.map(({ found }) => found))).toFixed(0)
      } %</td><td><small>${errors.map((e) => formatNumber(e)).join(" ")}</small></td></tr>`;
    })
  }</tbody></table></div>`;
}

function limitsSection(): Section {
  return {
    id: "limits",
    title: "What this is not",
    html: markup`<ul>
<li>No table of the paper: DeBERTaV3-base, BART-large, GLUE, SQuAD and summarisation are not run.</li>
<li>On text a run is 72 steps of 8 texts on 576 texts, with 300 test texts a task: far from the paper's
regime. Pruning triplets by lot, and not pruning at all (SVD-LoRA), do as well there as AdaLoRA, so its gain
over LoRA is not shown to come from how ranks are allocated.</li>
<li>The head's learning rate was best at the grid's edge. Rivals and ablations were run on one task, at rank 1,
and were added after a first run had been reported without them.</li>
<li>The planted networks are perceptrons. That AdaLoRA gains where need is concentrated, and not where it is
even, shows the mechanism, not how need is spread in language models.</li>
<li>AdaLoRA trains twice its final parameters; LoRA of the initial rank trains as many and keeps them.</li>
<li>An initial rank caps the rank of any map: at a mean final rank of 1 half of the budget lies, by
necessity, in maps that need none.</li>
<li>Planted updates: learning rates were chosen at one budget, for every method alike. At the largest initial rank LoRA trains
badly at the rate chosen there, so its last point says nothing about that rank.</li>
<li>What is run is the published code's form of schedule, penalty and sensitivity, which differ from the
printed ones. Every method has the same factor on its update, and its own learning rate.</li>
</ul>`,
  };
}

export const run: Run<typeof report> = async ({ inputs, outputs }) => {
  const [all, text, verdicts, evidence] = await Promise.all([
    inputs.all.read(),
    inputs.text.read(),
    inputs.verdicts.read(),
    inputs.evidence.read(),
  ]);
  const sections: (Section | null)[] = [
    claimsSection(verdicts, evidence, {
      families: {
        text_primary: "Text: better than LoRA at equal final budget?",
        text_loss: "Text: the same by cross-entropy",
        text_tasks: "Text: task by task",
        text_controls: "Text: controls",
        text_places: "Text: where the budget goes",
        text_ablations: "Text: ablations",
        text_ranking: "Text: what ranks, what is penalised",
        text_rivals: "Text: other ways to fine-tune",
        primary: "Planted updates: better than LoRA at equal final budget?",
        controls: "Planted updates: controls",
        ablations: "Planted updates: ablations",
      },
      introduction:
        markup`Methods are compared on the same networks, data and batches, seed by seed.`,
    }),
    textSection(text),
    textPlacesSection(text),
    spectraSection(text),
    errorsSection(all),
    publishedSection(loadPublished()),
    limitsSection(),
  ];
  await outputs.sections.write(written(sections));
};
