// Where AdaLoRA's ranks went, map by map and layer by layer.

import { type Markup, markup } from "../../../methods/plot/mod.ts";
import { mean } from "../../../methods/stats/mod.ts";
import type { Section } from "../../common/section.ts";
import { layerMap } from "../../common/text/layer_map.ts";

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
  const values = Object.keys(ranks[0]).map((path) => [path, mean(ranks.map((one) => one[path]))]);
  return layerMap(title, Object.fromEntries(values), (value) => value.toFixed(1));
}
