/** Sections about ambient dimension: errors over D and over n, degrees of freedom, local errors. */

import { Markup, markup, styleOf } from "../../../methods/plot/mod.ts";
import { mean } from "../../../methods/stats/mod.ts";
import { formatNumber } from "../../../methods/stats/format.ts";
import type { CellResult } from "../../../methods/convresnext/results.ts";
import type { Section } from "../../common/section.ts";
import { commonRange, curve, curvesFigure, geometric, sizePanel, STYLES } from "./curves.ts";

const ARMS = [
  ["filled", "irrelevant coordinates beside the curve (the paper's experiment)"],
  ["embedded", "the curve alone, embedded (the paper's theorems)"],
] as const;
const METHODS = ["net", "krr", "gp"] as const;

/** Errors against D at the largest n (the paper's Fig. 4), and against n at each D (Fig. 5). */
export function dimensionSection(all: readonly CellResult[]): Section {
  const results = all.filter(({ study }) => study === "dimension");
  const most = Math.max(...results.map(({ cell }) => cell.n));
  const Ds = [...new Set(results.map(({ cell }) => cell.data.D))].sort((a, b) => a - b);
  const byMethod = ({ method }: CellResult) => method;
  const overD = ARMS.map(([arm]) =>
    curve(
      results.filter((r) => r.arm === arm && r.cell.n === most),
      byMethod,
      ({ data }) => data.D,
    )
  );
  const overN = ARMS.flatMap(([arm]) =>
    Ds.map((D) =>
      curve(
        results.filter((r) => r.arm === arm && r.cell.data.D === D),
        byMethod,
        ({ n }) => n,
      )
    )
  );
  const yDomain = commonRange([...overD, ...overN].flat());
  return {
    id: "dimension",
    title: "Error, ambient dimension and number of examples",
    html: markup`<p>Mean squared error against the truth on fresh points; the noise has variance 1.
Left, the paper's own design: beyond the three coordinates of the spiral all others are uniform noise,
so the points fill D − 2 dimensions and <em>do not lie on a curve</em>. Right, the situation of its
theorems: the other coordinates are zero before the rotation. Rotations change no distance, so there
kernel methods cannot depend on D.</p>${
      curvesFigure(
        ARMS.map(([, title], i) =>
          sizePanel(title, overD[i], {
            xLabel: "ambient dimension D",
            yLabel: "MSE",
            label: `MSE against D, ${title}, by method`,
            yDomain,
          })
        ),
        METHODS,
        `As the paper's Fig. 4, at n = ${most}: geometric mean over seeds and its 95 % interval.`,
      )
    }${
      curvesFigure(
        ARMS.flatMap(([arm], i) =>
          Ds.map((D, j) =>
            sizePanel(`${arm}, D = ${D}`, overN[i * Ds.length + j], {
              xLabel: "examples n",
              yLabel: "MSE",
              label: `MSE against n, ${arm}, D = ${D}, by method`,
              yDomain,
            })
          )
        ),
        METHODS,
        "As the paper's Fig. 5. The theorem's exponent of the MSE for L = 6 is −0.67 on the curve.",
      )
    }`,
  };
}

/** MSE beside effective degrees of freedom at the largest n (the paper's Fig. 3, as a table). */
export function degreesSection(all: readonly CellResult[]): Section {
  const results = all.filter(({ study }) => study === "dimension");
  const most = Math.max(...results.map(({ cell }) => cell.n));
  const rows = ARMS.flatMap(([arm]) =>
    [...new Set(results.map(({ cell }) => cell.data.D))].sort((a, b) => a - b).map((D) => ({
      arm,
      D,
      of: METHODS.map((method) =>
        results.find((r) =>
          r.arm === arm && r.cell.data.D === D && r.cell.n === most && r.method === method
        )
      ),
    }))
  );
  return {
    id: "degrees",
    title: "Error and effective degrees of freedom",
    html: markup`<p>What the paper's Fig. 3 draws, at n = ${most}. Degrees of freedom are
Σ cov(y, f̂)/σ², estimated from the known noise and averaged over seeds. Bold: the lower error of a
row.</p><div class="scroll" tabindex="0"><table style="font-size:.86rem"><thead><tr><th>Arm</th>
<th class="n">D</th>${
      METHODS.map((method) => {
        const { label } = styleOf(STYLES, method);
        return markup`<th class="n">${label}: MSE</th><th class="n">dof</th>`;
      })
    }</tr></thead><tbody>${
      rows.map(({ arm, D, of }) => {
        const errors = of.map((r) => r ? geometric(r.outcomes.map((o) => o.error)).value : NaN);
        const least = Math.min(...errors);
        return markup`<tr><td>${arm}</td><td class="n">${D}</td>${
          of.map((r, i) =>
            markup`<td class="n">${bold(errors[i], least)}</td><td class="n">${
              r ? mean(r.outcomes.map((o) => o.degrees!)).toFixed(0) : "–"
            }</td>`
          )
        }</tr>`;
      })
    }</tbody></table></div>`,
  };
}

/** Errors inside and outside of the crowded tenth. */
export function localSection(all: readonly CellResult[]): Section {
  const results = all.filter(({ study }) => study === "local");
  const [low, high] = results[0].cell.crowd!;
  const row = (r: CellResult) => {
    const inside = geometric(r.outcomes.map((o) => o.local!.inside)).value;
    const outside = geometric(r.outcomes.map((o) => o.local!.outside)).value;
    return markup`<tr><td>${styleOf(STYLES, r.method).label}</td><td class="n">${
      formatNumber(inside, 3)
    }</td><td class="n">${formatNumber(outside, 3)}</td><td class="n">${
      formatNumber(inside / outside, 3)
    }</td></tr>`;
  };
  return {
    id: "local",
    title: "Local adaptivity",
    html: markup`<p>A function with five of its pieces crowded into t from ${low} to ${high}, at
n = ${results[0].cell.n}, D = ${
      results[0].cell.data.D
    }. A kernel has one width everywhere; a network
need not.</p><div class="scroll" tabindex="0"><table style="font-size:.86rem"><thead><tr><th>Method</th>
<th class="n">MSE inside</th><th class="n">MSE outside</th><th class="n">ratio</th></tr></thead><tbody>${
      results.map(row)
    }</tbody></table></div>`,
  };
}

function bold(value: number, least: number): Markup {
  const text = formatNumber(value, 3);
  return value === least ? markup`<b>${text}</b>` : markup`${text}`;
}
