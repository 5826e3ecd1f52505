/** A table that scrolls sideways on narrow screens. */

import { type Markup, markup } from "../../../methods/plot/mod.ts";

/** The first column holds names, the others numbers unless listed in `text`. */
export function table(
  head: readonly string[],
  rows: readonly (readonly (string | Markup)[])[],
  text: readonly number[] = [0],
): Markup {
  const kind = (column: number) => text.includes(column) ? null : markup` class="n"`;
  return markup`<div class="scroll" tabindex="0"><table style="font-size:.84rem"><thead><tr>${
    head.map((cell, i) => markup`<th${kind(i)}>${cell}</th>`)
  }</tr></thead><tbody>${
    rows.map((row) => markup`<tr>${row.map((cell, i) => markup`<td${kind(i)}>${cell}</td>`)}</tr>`)
  }</tbody></table></div>`;
}
