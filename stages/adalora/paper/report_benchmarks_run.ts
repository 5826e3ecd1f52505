/** Sets what was run beside the published tables. */

import { markup } from "../../../methods/plot/mod.ts";
import type { Run } from "../../../pipeline/types.ts";
import { claimsSection } from "../../common/claims_section.ts";
import { type CellOf, measuredCells } from "../../common/glue/measured.ts";
import {
  filesSection,
  scaleNote,
  scoresSection,
  settingsSection,
} from "../../common/glue/sections.ts";
import { publishedSection } from "../../common/published/section.ts";
import { type Section, written } from "../../common/section.ts";
import { loadPublished } from "../published.ts";
import { type Places, placesSection } from "../report/places_section.ts";
import { METHODS } from "../report/text_section.ts";
import type { TaskAbout } from "../../common/glue/kinds.ts";
import type { BenchmarkRun } from "../../common/glue/runs.ts";
import type { reportBenchmarks } from "./report_benchmarks.ts";

/** Mean final ranks behind the numbers of parameters that Table 1 tells. */
const TABLE_1: Readonly<Record<string, number>> = {
  "1.33 M": 8,
  "1.27 M": 8,
  "1.22 M": 8,
  "1.18 M": 8,
  "0.61 M": 4,
  "0.60 M": 4,
  "0.33 M": 2,
  "0.32 M": 2,
  "0.31 M": 2,
  "0.30 M": 2,
};

/** And behind the shares of the other tables. */
const SHARES: Readonly<Record<string, number>> = {
  "0.08 %": 1,
  "0.16 %": 2,
  "0.32 %": 4,
  "0.65 %": 8,
};

/** Printed rows of LoRA and of methods that are not run here. */
const RENAMED: Readonly<Record<string, string | null>> = {
  lora_all: "lora",
  lora_two: null,
  lora_doublets: null,
  lora_orthogonal: null,
};

/** Tables 1 to 14 are of DeBERTaV3-base. */
const cellOf: CellOf = (table, printed, level) => {
  const method = printed in RENAMED ? RENAMED[printed] : printed;
  if (method === null || table.id === "3" || table.id === "15") return null;
  if (method === "full" || method === "bitfit") return { method, budget: "all" };
  const rank = table.id === "1"
    ? TABLE_1[level ?? ""]
    : table.id === "14"
    ? 2
    : SHARES[level ?? ""];
  return rank === undefined ? null : { method, budget: `r${rank}` };
};

/** Ranks that AdaLoRA left, by task and budget. */
function placesOf(runs: readonly BenchmarkRun[], tasks: readonly TaskAbout[]): Places[] {
  const pruned = runs.filter(({ method, ranks }) => method === "adalora" && ranks);
  return [...Map.groupBy(pruned, ({ task, budget }) => `${task} ${budget}`).values()].map((
    cell,
  ) => ({
    title: `${tasks.find(({ task }) => task === cell[0].task)!.title}, mean final rank ${
      cell[0].budget.slice(1)
    }`,
    ranks: cell.map(({ ranks }) => ranks!),
  }));
}

function limitsSection(): Section {
  return {
    id: "limits",
    title: "What differs from the published runs",
    html: markup`<ul>
<li>There is no dropout inside the encoder, where the published runs have 10 % in attention, hidden states and
embeddings: masks of that size would have to be drawn on the host. Before the last map there is.</li>
<li>An epoch is a permutation of its own, and a step may reach into the next one, where the published loop ends
an epoch with a smaller batch. The number of steps is the same.</li>
<li>Scores are those after the last step; the published scripts also score the development set on the way, and
whether they report the best is not said.</li>
<li>STS-B's one printed correlation is compared with the mean of Pearson's and Spearman's.</li>
<li>LoRA has the same learning rate as AdaLoRA unless the preset has one of its own, as the preset
paper_calibration chooses them: those of LoRA were not published task by task. Its factor is α/r, AdaLoRA's α/r of the larger initial rank, as the code has it.</li>
<li>What is run is the code's form of schedule, penalty and sensitivity, which differ from the printed ones.</li>
</ul>`,
  };
}

export const run: Run<typeof reportBenchmarks> = async ({ inputs, params, outputs }) => {
  const [runs, model, verdicts, evidence] = await Promise.all([
    inputs.runs.read(),
    inputs.model.read(),
    inputs.verdicts.read(),
    inputs.evidence.read(),
  ]);
  const tasks = await Promise.all(inputs.tasks.map((one) => one.read()));
  const measures = new Map<string, readonly string[]>(tasks.map((one) => [one.task, one.measures]));
  const published = loadPublished();
  const measured = model.config.model === "deberta"
    ? measuredCells(published, runs, (task) => measures.get(task)!, cellOf)
    : [];
  const sections = [
    claimsSection(verdicts, evidence, {
      families: { benchmarks: "Better than LoRA at equal final budget?" },
      introduction:
        markup`Methods are compared on the same encoder, texts and order, seed by seed.`,
    }),
    scoresSection(runs, tasks, {
      methods: METHODS,
      budget: "mean final rank",
      budgetOf: (budget) => budget.replace(/^r/, ""),
      numbers: "numbers trained",
    }),
    publishedSection(published, { measured, note: scaleNote(model) }),
    placesSection(placesOf(runs, tasks)),
    filesSection(model, tasks),
    settingsSection(
      tasks,
      params.settings,
      markup`From the paper's Tables 7 to 13 and its scripts; the file of presets says which is from where.`,
    ),
    limitsSection(),
  ];
  await outputs.sections.write(written(sections));
};
