/** The report's tables of what was measured. */

import type { MeasurementTable } from "../types.ts";
import { number } from "./format.ts";
import { type Html, markup } from "./markup.ts";

/** A cell as text: numbers to three digits, "–" for what was not measured. */
export function cellText(cell: MeasurementTable["rows"][number][number]): string {
  return typeof cell === "string" ? cell : number(cell);
}

/** The section, or null when nothing was measured. */
export function measurementsSection(tables: readonly MeasurementTable[]): Html | null {
  if (tables.length === 0) return null;
  return markup`<section id="measurements"><h2>Measurements</h2>
<p>Measured when the stage ran, on the machine it ran on: another run gives other numbers.</p>
${tables.map(tableOf)}</section>`;
}

function tableOf({ title, columns, rows, note }: MeasurementTable): Html {
  const side = (j: number) => j === 0 ? markup`<th>` : markup`<th class="n">`;
  return markup`<h3>${title}</h3>
<div class="scroll" tabindex="0"><table><thead><tr>${
    columns.map((head, j) => markup`${side(j)}${head}</th>`)
  }</tr></thead>
<tbody>
${
    rows.map(([name, ...cells]) =>
      markup`<tr><td>${cellText(name)}</td>${
        cells.map((cell) => markup`<td class="n">${cellText(cell)}</td>`)
      }</tr>
`
    )
  }</tbody></table></div>
<p class="muted">${note}</p>
`;
}
