// The study on real text: what each method reached, and where AdaLoRA's ranks went.

import { markup } from "../../../methods/plot/mod.ts";
import { estimate } from "../../../methods/stats/mod.ts";
import { halfWidth } from "../../common/half_width.ts";
import type { Section } from "../../common/section.ts";
import type { FineTuned } from "../text/fine_tune.ts";
import { placesSection } from "./places_section.ts";

/** Titles of the tasks. */
export const TASKS: Readonly<Record<string, string>> = {
  imdb: "Film reviews",
  brown: "Kinds of prose",
  cooking: "Cooking questions",
};

/** Titles of the methods. */
export const METHODS: Readonly<Record<string, string>> = {
  adalora: "AdaLoRA",
  lora: "LoRA",
  lora_initial: "LoRA, initial rank",
  svd_lora: "SVD-LoRA",
  random: "triplets by lot",
  head: "head alone",
  magnitude: "by |λ|",
  instant: "by this step",
  gamma_0: "AdaLoRA, γ = 0",
  full: "all weights",
  bitfit: "BitFit",
  houlsby: "Houlsby adapter",
  pfeiffer: "Pfeiffer adapter",
};

const titleOf = (titles: Readonly<Record<string, string>>, name: string) => titles[name] ?? name;

/** Accuracy and cross-entropy of each method, rank and task, with each seed's accuracy. */
export function textSection(text: readonly FineTuned[]): Section {
  const rows = text.map(({ task, method, rank, lr, parameters, outcomes }) => {
    const accuracy = estimate(outcomes.map((o) => 100 * o.accuracy));
    const loss = estimate(outcomes.map((o) => o.loss));
    return markup`<tr><td style="white-space:nowrap">${titleOf(TASKS, task)}</td>
<td style="white-space:nowrap">${titleOf(METHODS, method)}</td><td class="n">${rank}</td>
<td class="n">${lr}</td><td class="n">${parameters}</td>
<td class="n" style="white-space:nowrap">${accuracy.value.toFixed(1)}${halfWidth(accuracy)}</td>
<td class="n" style="white-space:nowrap">${loss.value.toFixed(3)}${halfWidth(loss)}</td>
<td><small>${outcomes.map((o) => (100 * o.accuracy).toFixed(1)).join(" ")}</small></td></tr>`;
  });
  return {
    id: "text",
    title: "Real text",
    html:
      markup`<p>MiniLM-L6, frozen, with adapters beside its 36 linear maps and a trained head. Mean over
seeds with half of its 95 % interval, on test texts.</p>
<div class="scroll" tabindex="0"><table><thead><tr><th>Task</th><th>Method</th>
<th class="n">mean final rank</th><th class="n">learning rate</th><th class="n">numbers trained</th>
<th class="n">accuracy, %</th><th class="n">cross-entropy</th><th>accuracy of each seed</th></tr></thead>
<tbody>${rows}</tbody></table></div>`,
  };
}

/** Where AdaLoRA's ranks went on each task. */
export function textPlacesSection(text: readonly FineTuned[]): Section {
  const pruned = text.filter(({ method, outcomes }) =>
    method === "adalora" && outcomes.every(({ ranks }) => ranks)
  );
  return placesSection(pruned.map(({ task, rank, outcomes }) => ({
    title: `${titleOf(TASKS, task)}, mean final rank ${rank}`,
    ranks: outcomes.map(({ ranks }) => ranks!),
  })));
}
