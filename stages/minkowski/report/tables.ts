/** Tables of errors and floors, and of each seed's numbers. */

import type { MeasuredDesign } from "../../../methods/minkowski/measures.ts";
import { type Markup, markup } from "../../../methods/plot/mod.ts";
import type { Section } from "../../common/section.ts";
import { designLabel } from "./names.ts";
import { estimate, geometric, signed } from "./over_seeds.ts";

/** A table that scrolls sideways where it does not fit; the first column is text. */
export function table(
  heading: readonly (string | Markup)[],
  rows: readonly (readonly (string | Markup)[])[],
): Markup {
  return markup`<div class="scroll" tabindex="0"><table style="font-size:.84rem"><thead><tr>${
    heading.map((h, i) => i === 0 ? markup`<th>${h}</th>` : markup`<th class="n">${h}</th>`)
  }</tr></thead><tbody>${
    rows.map((row) =>
      markup`<tr>${
        row.map((cell, i) =>
          i === 0
            ? markup`<td style="white-space:nowrap">${cell}</td>`
            : markup`<td class="n" style="white-space:nowrap">${cell}</td>`
        )
      }</tr>`
    )
  }</tbody></table></div>`;
}

/** Errors, floors and the sizes that count. */
export function floorsSection(designs: readonly MeasuredDesign[], factor: number): Section {
  const sizes = designs[0].study.curves[0].sizes;
  const rows = designs.map(({ study: { curves }, measures }) => [
    designLabel(measures.design),
    ...sizes.map((n, i) => {
      const text = geometric(curves.map((c) => c.error[i])).value.toFixed(3);
      return measures.kept.includes(n) ? text : markup`<s>${text}</s>`;
    }),
    geometric(curves.map((c) => c.floor)).value.toFixed(3),
    estimate(curves.map((c) => c.variance)).value.toFixed(2),
  ]);
  return {
    id: "floors",
    title: "Errors and the optimiser's floor",
    html:
      markup`<p>Geometric means over seeds of the squared error relative to Var f₀. The floor is the
error of the same network, fitted for the same number of steps to many rows without noise. Errors below
${factor} floors are struck out: there the optimiser and the width of the network would show rather than
the sample, and slopes leave them out. A floor is itself the error at a finite sample, so this leaves out
too much rather than too little.</p>${
        table(["Design", ...sizes.map((n) => `n = ${n}`), "floor", "Var f₀"], rows)
      }`,
  };
}

/** Slopes of every seed. */
export function seedsSection(designs: readonly MeasuredDesign[]): Section {
  const seeds = designs[0].study.curves.map((c) => c.seed);
  const rows = designs.map(({ measures: m }) => [
    designLabel(m.design),
    ...seeds.map((_, s) => m.slopes === null ? "–" : signed(m.slopes[s], 2)),
  ]);
  return {
    id: "seeds",
    title: "Slopes of each seed",
    html: markup`${table(["Design", ...seeds.map((seed) => `seed ${seed}`)], rows)}
<p>All curves, floors, chosen checkpoints and counts of cells of each seed are in
<code>measures.json</code>, kept with the results.</p>`,
  };
}
