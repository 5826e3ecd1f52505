/** Tables of errors and floors, and of each seed's numbers. */

import type { LearningCurve } from "../../../methods/minkowski/learning_curve.ts";
import type { MeasuredDesign } from "../../../methods/minkowski/measures.ts";
import { type Markup, markup } from "../../../methods/plot/mod.ts";
import { estimate, geometricEstimate, slope } from "../../../methods/stats/mod.ts";
import type { Section } from "../../common/section.ts";
import { designLabel } from "./names.ts";
import { signed } from "./written.ts";

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

/** Errors, floors, the sizes that count, and when fits were best. */
export function floorsSection(designs: readonly MeasuredDesign[], factor: number): Section {
  const sizes = designs[0].study.curves[0].sizes;
  const errors = designs.map(({ study: { curves }, measures }) => [
    designLabel(measures.design),
    ...sizes.map((n, i) => {
      const text = geometricEstimate(curves.map((c) => c.error[i])).value.toFixed(3);
      return measures.kept.includes(n) ? text : markup`<s>${text}</s>`;
    }),
    geometricEstimate(curves.map((c) => c.floor)).value.toFixed(3),
    excessSlope(curves, measures.kept),
    estimate(curves.map((c) => c.variance)).value.toFixed(2),
  ]);
  const steps = designs.map(({ study: { curves }, measures }) => [
    designLabel(measures.design),
    ...sizes.map((_, i) => estimate(curves.map((c) => c.bestStep[i])).value.toFixed(0)),
  ]);
  const sizeHeadings = sizes.map((n) => `n = ${n}`);
  return {
    id: "floors",
    title: "Errors and the optimiser's floor",
    html:
      markup`<p>Geometric means over seeds of the squared error relative to Var f₀. The floor is the
error of the same network, fitted for the same number of steps to many rows without noise. Errors below
${factor} floors are struck out: there the optimiser and the width of the network would show rather than
the sample, and slopes leave them out. Above it a floor still flattens a curve; the slope of the mean error
minus the mean floor shows by how much. No claim uses that slope: for rough designs a floor is mostly the
error at its own finite sample, so that it takes off too much.</p>${
        table(["Design", ...sizeHeadings, "floor", "slope of error − floor", "Var f₀"], errors)
      }<p>The step of the checkpoint that was kept, mean over seeds: small samples are fitted early and
overfitted from then on.</p>${table(["Design", ...sizeHeadings], steps)}`,
  };
}

/** Slope of log(mean error − mean floor), means geometric; a dash where a difference is not positive. */
function excessSlope(curves: readonly LearningCurve[], kept: readonly number[]): string {
  const floor = geometricEstimate(curves.map((c) => c.floor)).value;
  const excess = curves[0].sizes.flatMap((n, i) =>
    kept.includes(n) ? [[n, geometricEstimate(curves.map((c) => c.error[i])).value - floor]] : []
  );
  if (excess.length < 2 || excess.some(([, e]) => e <= 0)) return "–";
  return signed(slope(excess.map(([n]) => Math.log(n)), excess.map(([, e]) => Math.log(e))), 2);
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
