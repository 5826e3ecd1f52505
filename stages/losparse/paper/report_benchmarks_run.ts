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
import { METHOD_NAMES } from "../names.ts";
import { loadPublished } from "../published.ts";
import type { reportBenchmarks } from "./report_benchmarks.ts";
import { WHOLE } from "../../common/whole.ts";

/** Printed rows of DeBERTaV3-base, and of BERT-base; none of the others is run here. */
const ROWS = {
  deberta: { dense: "dense", losparse: "losparse" },
  bert: { losparse_bert: "losparse" },
} as const satisfies Record<string, Readonly<Record<string, string>>>;

const cellsOf = (rows: Readonly<Record<string, string>>): CellOf => (_, printed, level = "") => {
  if (!Object.hasOwn(rows, printed)) return null;
  const method = rows[printed];
  return { method, budget: method === "dense" ? WHOLE : `p${level.replace(" %", "")}` };
};

function limitsSection(): Section {
  return {
    id: "limits",
    title: "What differs from the published runs",
    html: markup`<ul>
<li>There is no dropout, where the published runs have 10 % in attention, hidden states and embeddings: masks of
that size would have to be drawn on the host.</li>
<li>An epoch is a permutation of its own, and a step may reach into the next one, where the published loop ends
an epoch with a smaller batch. The number of steps is the same.</li>
<li>Settings were published for MNLI and SQuAD alone. Those of the other tasks are from the code of an earlier
paper of the authors, whose schedule this one takes over: they may not be those of the published numbers.</li>
<li>All methods have the same learning rate unless the preset says otherwise.</li>
<li>Scores are those after the last step. There is no distillation.</li>
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
  const published = loadPublished(), cellOf = cellsOf(ROWS[model.config.model]);
  const measured = measuredCells(published, runs, (task) => measures.get(task)!, cellOf);
  const sections = [
    claimsSection(verdicts, evidence, {
      families: { benchmarks: "Better than pruning alone and than low rank alone?" },
      introduction:
        markup`Methods are compared on the same encoder, texts and order, seed by seed.`,
    }),
    scoresSection(runs, tasks, {
      methods: METHOD_NAMES,
      budget: "remaining, %",
      budgetOf: (budget) => budget === WHOLE ? "100" : budget.slice(1),
      numbers: "entries left of the maps",
    }),
    publishedSection(published, { measured, note: scaleNote(model) }),
    filesSection(model, tasks),
    settingsSection(
      tasks,
      params.settings,
      markup`From the scripts of the authors; the file of presets says which is from where.`,
    ),
    limitsSection(),
  ];
  await outputs.sections.write(written(sections));
};
