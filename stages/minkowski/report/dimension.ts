/** The section about the dimension that is counted from the sample. */

import { solveBalance } from "../../../methods/minkowski/balance.ts";
import type { MeasuredDesign } from "../../../methods/minkowski/measures.ts";
import { markup } from "../../../methods/plot/mod.ts";
import type { Section } from "../../common/section.ts";
import { designLabel } from "./names.ts";
import { estimate } from "./over_seeds.ts";
import { table } from "./tables.ts";
import { DESIGNS } from "../../../methods/minkowski/designs.ts";
import { eigenvalues } from "../../../methods/minkowski/spectrum.ts";

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
      table(["Design", ...ends.flatMap((i) => heading(sizes[i]))], rows)
    }`,
  };
}
