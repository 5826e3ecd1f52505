// The study on real text: what each method reached, and where AdaLoRA's ranks went.

import { type Markup, markup } from "../../../methods/plot/mod.ts";
import { formatNumber } from "../../../methods/stats/format.ts";
import { estimate, mean } from "../../../methods/stats/mod.ts";
import type { Section } from "../../common/section.ts";
import { layerMap } from "../../common/text/layer_map.ts";
import type { FineTuned } from "../text/fine_tune.ts";

/** Titles of the tasks. */
export const TASKS: Readonly<Record<string, string>> = {
  imdb: "Film reviews",
  brown: "Kinds of prose",
  cooking: "Cooking questions",
};

/** Titles of the methods. */
const METHODS: Readonly<Record<string, string>> = {
  adalora: "AdaLoRA",
  lora: "LoRA",
  lora_initial: "LoRA, initial rank",
  svd_lora: "SVD-LoRA",
  random: "triplets by lot",
  head: "head alone",
  instant: "ranked by one step",
  magnitude: "ranked by |λ|",
  gamma_0: "without penalty",
  full: "all weights",
  bitfit: "biases alone",
  houlsby: "adapters (Houlsby)",
  pfeiffer: "adapters (Pfeiffer)",
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
<td class="n" style="white-space:nowrap">${spread(accuracy, 1)}</td>
<td class="n" style="white-space:nowrap">${spread(loss, 3)}</td>
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

function spread({ value, high }: { value: number; high?: number }, digits: number): Markup {
  return markup`${value.toFixed(digits)}${
    high === undefined ? null : markup` <small>± ${formatNumber(high - value, 2)}</small>`
  }`;
}

/** Mean final rank of each map, layer by layer: the paper's Figure 3. */
export function placesSection(text: readonly FineTuned[]): Section {
  const pruned = text.filter(({ method, outcomes }) =>
    method === "adalora" && outcomes.every(({ ranks }) => ranks)
  );
  return {
    id: "places",
    title: "Where AdaLoRA's ranks went",
    html:
      markup`<p>Mean final rank of each map over the seeds, by layer from the input; darker is more. The
paper's Figure 3 shows the same for DeBERTaV3-base.</p>${pruned.map(heatMap)}`,
  };
}

function heatMap({ task, rank, outcomes }: FineTuned): Markup {
  const values = Object.keys(outcomes[0].ranks!).map((path) => [
    path,
    mean(outcomes.map(({ ranks }) => ranks![path])),
  ]);
  const title = `${titleOf(TASKS, task)}, mean final rank ${rank}`;
  return layerMap(title, Object.fromEntries(values), (value) => value.toFixed(1));
}
