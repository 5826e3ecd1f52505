/** Sections of a report on benchmarks: what was run, on what, and how. */

import { type Markup, markup } from "../../../methods/plot/mod.ts";
import { estimate, mean } from "../../../methods/stats/mod.ts";
import { halfWidth } from "../half_width.ts";
import type { Section } from "../section.ts";
import type { ModelAbout, TaskAbout } from "./kinds.ts";
import { type BenchmarkRun, bestMean, cellsOf, lastScores } from "./runs.ts";

/** Names as a report tells them. */
export interface Names {
  readonly methods: Readonly<Record<string, string>>;
  /** What a budget is, e.g. `mean final rank`. */
  readonly budget: string;
  readonly budgetOf: (budget: string) => string;
  /** What `numbers` are. */
  readonly numbers: string;
}

/** Scores of each method, budget and task, with each seed's. */
export function scoresSection(
  runs: readonly BenchmarkRun[],
  tasks: readonly TaskAbout[],
  names: Names,
): Section {
  const rows = cellsOf(runs).map((cell) => {
    const [{ task, method, budget, lr, numbers }] = cell;
    const { title, measures, development } = tasks.find((about) => about.task === task)!;
    const labels = development.flatMap((_, set) =>
      measures.map((measure) =>
        development.length > 1 ? `${measure} ${"m".repeat(set + 1)}` : measure
      )
    );
    const scores = labels.map((label, i) => {
      const score = estimate(cell.map((run) => lastScores(run).flat()[i]));
      return markup`${label} ${score.value.toFixed(2)}${halfWidth(score)}<br>`;
    });
    return markup`<tr><td style="white-space:nowrap">${title}</td>
<td style="white-space:nowrap">${names.methods[method] ?? method}</td><td class="n">${
      names.budgetOf(budget)
    }</td><td class="n">${lr}</td><td class="n">${numbers}</td>
<td class="n" style="white-space:nowrap">${scores}</td><td class="n">${
      mean(cell.map(bestMean)).toFixed(2)
    }</td><td><small>${
      cell.map((run) => mean(lastScores(run).flat()).toFixed(2)).join(" ")
    }</small></td></tr>`;
  });
  return {
    id: "scores",
    title: "Development sets",
    html:
      markup`<p>Scores in percent after the last step, mean over seeds with half of its 95 % interval. The
best epoch is told beside, mean of the task's measures: it is chosen on the set that it is told of, as
published numbers may be, and no verdict uses it.</p>
<div class="scroll" tabindex="0"><table><thead><tr><th>Task</th><th>Method</th>
<th class="n">${names.budget}</th><th class="n">learning rate</th><th class="n">${names.numbers}</th>
<th class="n">scores</th><th class="n">best epoch</th><th>mean of each seed</th></tr></thead>
<tbody>${rows}</tbody></table></div>`,
  };
}

/** Sizes of the published models, DeBERTaV3-base and BERT-base. */
const PUBLISHED = { layers: 12, width: 768 } as const;

const FORMS = { bert: "BERT", deberta: "DeBERTa" } as const;

/** A warning where a run's numbers stand beside those of larger models; null where they do not. */
export function scaleNote({ config }: ModelAbout): Markup | null {
  if (config.layers === PUBLISHED.layers && config.width === PUBLISHED.width) return null;
  return markup` <strong>The published models have ${PUBLISHED.layers} layers of width ${PUBLISHED.width},
that of this run has ${config.layers} of ${config.width}: its numbers stand beside theirs and are no attempt
at them.</strong>`;
}

/** What files were used. */
export function filesSection(model: ModelAbout, tasks: readonly TaskAbout[]): Section {
  const { config, parameters } = model;
  return {
    id: "files",
    title: "The user's files",
    html: markup`<p>${
      FORMS[config.model]
    } of ${config.layers} layers, width ${config.width}, ${config.heads} heads, a vocabulary of
${config.vocab}: ${(parameters / 1e6).toFixed(1)} M numbers.${
      scaleNote(model)
    } The digests of all files are in the section on provenance.</p>
<div class="scroll" tabindex="0"><table><thead><tr><th>Task</th><th>files</th><th class="n">texts to train on</th>
<th class="n">to score</th><th class="n">longest, tokens</th><th class="n">lines left out</th></tr></thead><tbody>${
      tasks.map(({ title, files, train, development, longest, skipped }) =>
        markup`<tr><td style="white-space:nowrap">${title}</td><td>${files.join(", ")}</td>
<td class="n">${train}</td><td class="n">${
          development.join(" + ")
        }</td><td class="n">${longest}</td>
<td class="n">${skipped}</td></tr>`
      )
    }</tbody></table></div>`,
  };
}

/** Headings of settings, in the order in which they are shown. */
const SETTINGS = {
  lr: "learning rate",
  epochs: "epochs",
  batch: "batch",
  rise: "steps of rise",
  tokens: "tokens",
  stride: "stride",
  dropout: "dropout",
  weightDecay: "weight decay",
  warmup: "t_i",
  cooldown: "t_f",
  every: "ΔT",
  gamma: "γ",
  alpha: "α",
} as const;

/** Settings of each task. */
export function settingsSection(
  tasks: readonly TaskAbout[],
  settings: Readonly<Record<string, Readonly<Record<string, number | undefined>> | undefined>>,
  words: Markup,
): Section {
  const used = tasks.map(({ task, title }) => ({ title, values: settings[task] ?? {} }));
  const columns = Object.entries(SETTINGS).filter(([name]) =>
    used.some(({ values }) => values[name] !== undefined)
  );
  return {
    id: "settings",
    title: "Settings",
    html: markup`<p>${words}</p><div class="scroll" tabindex="0"><table><thead><tr><th>Task</th>${
      columns.map(([, title]) => markup`<th class="n">${title}</th>`)
    }</tr></thead><tbody>${
      used.map(({ title, values }) =>
        markup`<tr><td style="white-space:nowrap">${title}</td>${
          columns.map(([name]) => markup`<td class="n">${values[name] ?? ""}</td>`)
        }</tr>`
      )
    }</tbody></table></div>`,
  };
}
