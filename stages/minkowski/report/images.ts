/** The exhibit of real images: spectra, learning curves, dimensions. No claim rests on it. */

import { solveBalance } from "../../../methods/minkowski/balance.ts";
import { logLog, sizesAboveFloor } from "../../../methods/minkowski/curve_shape.ts";
import type { StudyResult } from "../../../methods/minkowski/study.ts";
import { figure, lineChart, markup } from "../../../methods/plot/mod.ts";
import type { LinePoint, SeriesStyles } from "../../../methods/plot/mod.ts";
import { estimate, geometricEstimate, slope } from "../../../methods/stats/mod.ts";
import type { Section } from "../../common/section.ts";
import { IMAGE_PACKAGES, type ImageSet } from "../data_packages.ts";
import { errorTick, sizeAxis } from "./curves.ts";
import { IMAGE_LABELS } from "./names.ts";
import { shown, signed } from "./written.ts";
import { table } from "./tables.ts";

/** One set of images. */
export interface Exhibit {
  readonly set: ImageSet;
  readonly result: StudyResult;
  readonly eigenvalues: readonly number[];
}

const COLOURS: Readonly<Record<ImageSet, string>> = {
  mnist: "var(--series-1)",
  cifar10: "var(--series-2)",
};

const STYLES: SeriesStyles = Object.fromEntries(
  (Object.keys(COLOURS) as ImageSet[]).flatMap((set) => [
    [set, { label: IMAGE_LABELS[set], colour: COLOURS[set], width: 2 }],
    [`predicted ${set}`, { label: "predicted", colour: COLOURS[set], dash: "3,2.5", width: 1.3 }],
  ]),
);

/** The smallest eigenvalue that is drawn. */
const LEAST_EIGENVALUE = 1e-5;

/** Spectra, curves and a table; null without images. */
export function imagesSection(
  exhibits: readonly Exhibit[],
  { smoothness, floorFactor }: { readonly smoothness: number; readonly floorFactor: number },
): Section | null {
  if (exhibits.length === 0) return null;
  const predictions = exhibits.map(({ result, eigenvalues }) =>
    result.curves[0].sizes.map((n) => solveBalance(eigenvalues, { smoothness, n }))
  );
  const curves = exhibits.flatMap(({ set, result }, e) =>
    result.curves[0].sizes.flatMap((n, i): LinePoint[] => {
      const { value, low, high } = geometricEstimate(result.curves.map((c) => c.error[i]));
      const x = sizeAxis.of(n);
      return [
        { series: set, x, y: value, low, high },
        { series: `predicted ${set}`, x, y: Math.exp(predictions[e][i].logError) },
      ];
    })
  );
  const spectra = exhibits.flatMap(({ set, eigenvalues }) =>
    eigenvalues.flatMap((y, j): LinePoint[] =>
      y < LEAST_EIGENVALUE ? [] : [{ series: set, x: Math.log2(j + 1), y }]
    )
  );
  const rows = exhibits.map(({ set, result, eigenvalues }, e) => {
    const kept = sizesAboveFloor(result.curves, floorFactor);
    const slopeOf = ({ x, y }: ReturnType<typeof logLog>) => slope(x, y);
    const predicted = {
      sizes: result.curves[0].sizes,
      error: predictions[e].map((b) => Math.exp(b.logError)),
    };
    const last = predictions[e].length - 1;
    return [
      IMAGE_LABELS[set],
      String(eigenvalues.length),
      predictions[e][last].dimension.toFixed(1),
      shown(estimate(result.counts.map((c) => c[last].dimension)), 1),
      kept.length < 2 ? "–" : signed(slopeOf(logLog(predicted, kept)), 2),
      kept.length < 2 ? "–" : shown(estimate(result.curves.map((c) => slopeOf(logLog(c, kept))))),
      signed(-2 * smoothness / (2 * smoothness + eigenvalues.length), 3),
      geometricEstimate(result.curves.map((c) => c.error[last])).value.toFixed(3),
      geometricEstimate(result.curves.map((c) => c.floor)).value.toFixed(3),
    ];
  });
  const shared = { styles: STYLES, yScale: "log" as const, yTickFormat: errorTick, height: 240 };
  const n = exhibits[0].result.curves[0].sizes.at(-1)!;
  return {
    id: "images",
    title: "Exhibit: designs of real images",
    html:
      markup`<p><b>No claim rests on this section.</b> The inputs are real images, mean-pooled and in
principal coordinates with one common scale; the target is still a made Matérn field, so that its
smoothness is known and errors are exact. Images are not Gaussian: their covariance says less about the
set that they fill than a Gaussian's does, and the prediction uses nothing else.</p>${
        figure({
          panels: [
            {
              title: "Eigenvalues of the covariance",
              chart: lineChart({
                ...shared,
                label: "Eigenvalues of the images' covariance against their rank",
                points: spectra,
                xLabel: "rank j (log)",
                yLabel: "λ_j / λ_1 (log)",
                xTickFormat: sizeAxis.tick,
              }),
            },
            {
              title: "Learning curves, measured and predicted (dashed)",
              chart: lineChart({
                ...shared,
                label: "Relative squared error against the sample size on images",
                points: curves,
                bands: exhibits.map((e) => e.set),
                xLabel: "sample size n (log)",
                yLabel: "‖f̂ − f₀‖² / Var f₀ (log)",
                xTickFormat: sizeAxis.tick,
              }),
            },
          ],
          legend: exhibits.map((e) => STYLES[e.set]),
        })
      }${
        table([
          "Images",
          "d",
          markup`p<sub>eff</sub> from eigenvalues, n = ${n}`,
          "counted from the sample",
          "predicted slope",
          "measured slope",
          "−2s/(2s + d)",
          `error at n = ${n}`,
          "floor",
        ], rows)
      }<p>p<sub>eff</sub> from the eigenvalues alone, p counted from the sample, and the error, at n = ${n}.
Slopes with 95 % intervals over seeds.</p><p class="muted">${
        exhibits.map((e) => `${IMAGE_PACKAGES[e.set].attribution} `)
      }</p>`,
  };
}
