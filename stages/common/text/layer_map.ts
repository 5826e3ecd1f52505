/** A table of an encoder's maps by layer, shaded by a value of each: the form of AdaLoRA's Figure 3. */

import { type Markup, markup } from "../../../methods/plot/mod.ts";

/** The linear maps of a block by their paths, and what they are called. */
export const MAPS = [
  ["attention.query", "query"],
  ["attention.key", "key"],
  ["attention.value", "value"],
  ["attention.out", "attention output"],
  ["mlp.up", "perceptron, up"],
  ["mlp.down", "perceptron, down"],
] as const;

/**
 * @param values of every map of every block by its path, such as `blocks.0.mlp.up`; not all 0.
 * @param format of a value.
 */
export function layerMap(
  title: string,
  values: Readonly<Record<string, number>>,
  format: (value: number) => string,
): Markup {
  const layers = 1 + Math.max(...Object.keys(values).map((path) => Number(path.split(".")[1])));
  const most = Math.max(...Object.values(values));
  const body = MAPS.map(([map, name]) =>
    markup`<tr><td style="white-space:nowrap">${name}</td>${
      Array.from({ length: layers }, (_, layer) => {
        const value = values[`blocks.${layer}.${map}`], share = (70 * value / most).toFixed(0);
        return markup`<td class="n" style="background:color-mix(in srgb, var(--series-1) ${share}%, transparent)">${
          format(value)
        }</td>`;
      })
    }</tr>`
  );
  return markup`<h3>${title}</h3>
<div class="scroll" tabindex="0"><table><thead><tr><th>Map</th>${
    Array.from({ length: layers }, (_, i) => markup`<th class="n">layer ${i + 1}</th>`)
  }</tr></thead><tbody>${body}</tbody></table></div>`;
}
