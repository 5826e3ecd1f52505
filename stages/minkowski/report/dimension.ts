/** The section about the dimension that is counted from the sample. */

import { solveBalance } from "../../../methods/minkowski/balance.ts";
import { BY_RATE, type DesignName, DESIGNS } from "../../../methods/minkowski/designs.ts";
import type { MeasuredDesign } from "../../../methods/minkowski/measures.ts";
import { eigenvalues } from "../../../methods/minkowski/spectrum.ts";
import { figure, lineChart, type Markup, markup } from "../../../methods/plot/mod.ts";
import type { LinePoint } from "../../../methods/plot/mod.ts";
import { estimate } from "../../../methods/stats/mod.ts";
import type { Section } from "../../common/section.ts";
import { sideBySide, sizeAxis } from "./curves.ts";
import { designLabel, measuredStyle, STYLES } from "./names.ts";
import { table } from "./tables.ts";

/** Counted beside predicted dimensions at the first and the last size. */
export function dimensionSection(
  designs: readonly MeasuredDesign[],
  smoothness: number,
): Section {
  const sizes = designs[0].study.curves[0].sizes;
  const ends = [0, sizes.length - 1];
  const rows = designs.map(({ study, measures }) => {
    const { spectrum, dimension } = DESIGNS[measures.design];
    const lambda = eigenvalues(spectrum, dimension);
    return [
      designLabel(measures.design),
      ...ends.flatMap((i) => {
        const { epsilon } = solveBalance(lambda, { smoothness, n: sizes[i] });
        const mean = (value: (s: number) => number) =>
          estimate(study.counts.map((_, s) => value(s))).value;
        return [
          epsilon.toFixed(3),
          measures.predictedDimension[i].toFixed(2),
          mean((s) => study.counts[s][i].dimension).toFixed(2),
          mean((s) => study.counts[s][i].coverDimension).toFixed(2),
          mean((s) => study.counts[s][i].occupied).toFixed(0),
        ];
      }),
    ];
  });
  const heading = (n: number) => [
    `ε at n = ${n}`,
    markup`p<sub>eff</sub>`,
    "counted",
    "cover of 90 %",
    "occupied",
  ];
  return {
    id: "dimension",
    title: "The dimension of the sample, counted",
    html: markup`<p>The whole sample of ${sizes.at(
      -1,
    )!} points is put on a grid of side √(2πe) ε, at the
ε that the balance predicts for two sizes. <em>Counted</em> is the entropy of a point's cell over
log(1/ε): the sample concentrates on about exp(entropy) cells, and for fine cells of a Gaussian this
number is the N(ε) of the theory. <em>Cover of 90 %</em> takes the fewest cells that hold nine tenths of
the sample instead; <em>occupied</em> is the number of all cells with a point. Means over seeds.</p>${
      sideBySide(dimensionFigures(designs))
    }${table(["Design", ...ends.flatMap((i) => heading(sizes[i]))], rows)}`,
  };
}

const PANELS: readonly { readonly title: string; readonly designs: readonly DesignName[] }[] = [
  { title: "Exponential decay, d = 16", designs: BY_RATE },
  { title: "Polynomial decay, d = 64", designs: ["poly2_d64", "poly4_d64", "poly8_d64"] },
];

/** Counted and predicted dimensions against n. */
function dimensionFigures(designs: readonly MeasuredDesign[]): Markup[] {
  return PANELS.flatMap(({ title, designs: names }) => {
    const members = designs.filter((d) => names.includes(d.measures.design));
    if (members.length === 0) return [];
    const points = members.flatMap(({ study, measures }) =>
      study.curves[0].sizes.flatMap((n, i): LinePoint[] => {
        const { value, low, high } = estimate(study.counts.map((c) => c[i].dimension));
        const x = sizeAxis.of(n);
        return [
          { series: measures.design, x, y: value, low, high },
          { series: `predicted ${measures.design}`, x, y: measures.predictedDimension[i] },
        ];
      })
    );
    const shown = members.map((d) => d.measures.design);
    return [figure({
      panels: [{
        title: `${title}: counted, and p_eff (dashed)`,
        chart: lineChart({
          label: `Dimension counted from the sample and predicted, against n: ${title}`,
          points,
          bands: shown,
          styles: STYLES,
          xLabel: "sample size n of the predicted ε (log)",
          yLabel: "dimension",
          xTickFormat: sizeAxis.tick,
        }),
      }],
      legend: shown.map(measuredStyle),
    })];
  });
}
