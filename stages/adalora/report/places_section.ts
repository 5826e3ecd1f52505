// Where AdaLoRA's ranks went, map by map and layer by layer.

import { type Markup, markup } from "../../../methods/plot/mod.ts";
import { mean } from "../../../methods/stats/mod.ts";
import type { Section } from "../../common/section.ts";

const MAPS = [
  ["attention.query", "query"],
  ["attention.key", "key"],
  ["attention.value", "value"],
  ["attention.out", "attention output"],
  ["mlp.up", "perceptron, up"],
  ["mlp.down", "perceptron, down"],
] as const;

/** Ranks that some seeds left, by path of the map. */
export interface Places {
  readonly title: string;
  readonly ranks: readonly Readonly<Record<string, number>>[];
}

/** Mean final rank of each map, layer by layer: the paper's Figure 3. */
export function placesSection(places: readonly Places[]): Section {
  return {
    id: "places",
    title: "Where AdaLoRA's ranks went",
    html:
      markup`<p>Mean final rank of each map over the seeds, by layer from the input; darker is more. The
paper's Figure 3 shows the same for DeBERTaV3-base.</p>${places.map(heatMap)}`,
  };
}

function heatMap({ title, ranks }: Places): Markup {
  const layers = 1 + Math.max(...Object.keys(ranks[0]).map((path) => Number(path.split(".")[1])));
  const at = (layer: number, map: string) =>
    mean(ranks.map((one) => one[`blocks.${layer}.${map}`]));
  const all = MAPS.flatMap(([map]) => Array.from({ length: layers }, (_, i) => at(i, map)));
  const most = Math.max(...all);
  const body = MAPS.map(([map, name]) =>
    markup`<tr><td style="white-space:nowrap">${name}</td>${
      Array.from({ length: layers }, (_, layer) => {
        const value = at(layer, map), share = (100 * value / most * 0.7).toFixed(0);
        return markup`<td class="n" style="background:color-mix(in srgb, var(--series-1) ${share}%, transparent)">${
          value.toFixed(1)
        }</td>`;
      })
    }</tr>`
  );
  return markup`<h3>${title}</h3>
<div class="scroll" tabindex="0"><table><thead><tr><th>Map</th>${
    Array.from({ length: layers }, (_, i) => markup`<th class="n">layer ${i + 1}</th>`)
  }</tr></thead><tbody>${body}</tbody></table></div>`;
}
