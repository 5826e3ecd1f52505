/** The sections on c, on n, on the theory's parameters, and on gene expressions. */

import { figure, lineChart, type LinePoint, markup } from "../../../methods/plot/mod.ts";
import type { GeneResult } from "../../../methods/panda/gene_study.ts";
import { correctedTTest } from "../../../methods/stats/corrected_t.ts";
import { formatNumber, formatP } from "../../../methods/stats/format.ts";
import { tTest } from "../../../methods/stats/paired_t.ts";
import { slopeOverSeeds } from "../../../methods/stats/slope.ts";
import { mean, pairedDifferences, standardDeviation } from "../../../methods/stats/summary.ts";
import type { Section } from "../../common/section.ts";
import type { Results } from "../collect.ts";
import type { Published } from "../published.ts";
import { meanSd, METHOD_STYLES, signed } from "./names.ts";
import { table } from "./table.ts";

/** A mean with the ends of its 95 % interval, where there are two values or more. */
function point(series: string, x: number, values: readonly number[]): LinePoint {
  if (values.length < 2) return { series, x, y: mean(values) };
  const { effect, interval: [low, high] } = tTest(values);
  return { series, x, y: effect, low, high };
}

const power = (x: number) => String(Number((10 ** x).toPrecision(2)));

/** Table 1, the rate in n, and what the theory's parameters give. */
export function variationsSection({ variations }: Results, published: Published): Section {
  const { penalty, rate, theory } = variations;
  const printed = published.others.find((t) => t.table === 1)!;
  const risks = penalty.penalties.map((_, i) =>
    penalty.replicates.map(({ outcomes }) => outcomes[i].tuned.scores.risk)
  );
  const lines = rate.replicates.map(({ l2 }) => ({
    x: rate.sizes.map(Math.log),
    y: l2.map(Math.log),
  }));
  const zero = theory.filter(({ size, tau }) => size === 0 && tau === 0).length;
  const styles = { panda: METHOD_STYLES.panda };
  const fit = lines.length < 2 ? null : slopeOverSeeds(lines);
  return {
    id: "variations",
    title: "The penalty c, the rate in n, and the theory's parameters",
    html: markup`${
      figure({
        panels: [
          {
            title: "Exact risk against c (table 1)",
            chart: lineChart({
              label: "Risk of PANDA for each c",
              points: penalty.penalties.map((c, i) => point("panda", Math.log10(c), risks[i])),
              styles,
              xLabel: "c (logarithmic)",
              yLabel: "risk",
              xTickFormat: power,
            }),
          },
          {
            title: "ℓ₂ error against n at a fixed λ̃",
            chart: lineChart({
              label: "Error of PANDA for each n",
              points: rate.sizes.map((n, i) =>
                point("panda", Math.log10(n), rate.replicates.map(({ l2 }) => l2[i]))
              ),
              styles,
              xLabel: "n of each class (logarithmic)",
              yLabel: "‖β̂ − β*‖₂",
              yScale: "log",
              yTickFormat: String,
              xTickFormat: power,
            }),
          },
        ],
        caption: "Bands: 95 % intervals over replicates.",
      })
    }<h3>Table 1</h3>${
      table(
        ["c", "printed risk", "λ̃ tuned for each c", "mean λ̃", "largest gap", "one λ̃ for all c"],
        penalty.penalties.map((c, i) => {
          const cell = printed.values.find((v) => v.c === c);
          const lambdas = penalty.replicates.map(({ outcomes }) => outcomes[i].tuned.lambda);
          const gap = Math.max(...penalty.replicates.map(({ outcomes }) => outcomes[i].tuned.gap));
          const fixed = penalty.replicates.map(({ outcomes }) => outcomes[i].fixedRisk);
          return [
            String(c),
            cell ? meanSd(cell.mean, cell.sd) : "–",
            meanSd(mean(risks[i]), risks[i].length < 2 ? null : standardDeviation(risks[i])),
            mean(lambdas).toFixed(2),
            formatNumber(gap, 1),
            meanSd(mean(fixed), fixed.length < 2 ? null : standardDeviation(fixed)),
          ];
        }),
      )
    }<p class="muted">${
      String(penalty.replicates.length)
    } replicates. The paper does not say whether λ̃ was tuned for each c, so both are shown.
Gap: the largest relative duality gap among the chosen estimates. With a small c the programme is nearly linear,
and where ADMM's steps ran out the estimate is no more exact than that.</p>
<p>${
      fit === null
        ? null
        : markup`The slope of log ‖β̂ − β*‖₂ on log n is <b>${
          signed(fit.effect, 3)
        }</b> (95 % interval ${signed(fit.interval[0], 3)} to ${signed(fit.interval[1], 3)}, ${
          String(lines.length)
        } replicates); the theory says −0.5. `
    }With the theory's own parameters (eq. 7) β̂ = 0 and τ̂ = 0 exactly in ${String(zero)} of ${
      String(theory.length)
    } samples: the slab at τ = 0 is ${
      mean(theory.map((t) => t.slabOverMeans)).toFixed(1)
    } times as wide as ‖μ̂_d‖_∞. Nobody can classify with them; they are constants of a proof.</p>`,
  };
}

/** Test errors on both data sets. */
export function genesSection({ leukemia, srbct }: Results): Section {
  return {
    id: "genes",
    title: "Gene expressions",
    html:
      markup`<p>Each split draws a training, a validation and a test part within each class, keeps the genes
that separate the training classes best, tunes λ̃ on the validation part and counts errors on the test
part. With so few validation samples many λ̃ share the smallest error, and the paper does not say which
it takes: all three readings are given. Splits of one data set overlap, so the plain t test is too sure;
the corrected one (Nadeau and Bengio) is the one to believe.</p>
<h3>Leukemia: 27 ALL, 11 AML</h3>${
        genes(leukemia)
      }<p class="muted">The training samples of Golub et al.
(Debian package r-cran-nmf), raw intensities, variance filter as in the paper. The paper prints 6.93 %
(PANDA), 9.28 % (LPD) and p &lt; .001 on all 72 samples; these are other data, so nothing is matched.</p>
<h3>SRBCT: four tumours</h3>${
        genes(srbct)
      }<p class="muted">The training samples of Khan et al. (Debian package
r-bioc-impute); missing values have the mean of their gene. K − 1 = 3 contrasts share one λ̃.</p>`,
  };
}

function genes(result: GeneResult) {
  const { splits, sizes, classes } = result;
  const percent = (x: number) => (100 * x).toFixed(2);
  const points = (x: number) => signed(100 * x);
  const rules = [["mean", "mean over tied λ̃"], ["largest", "largest"], [
    "smallest",
    "smallest",
  ]] as const;
  return markup`<p>${classes.map(({ name, samples }) => `${samples} ${name}`).join(", ")}; ${
    String(result.genes)
  } genes, ${String(result.filtered)} after the filter. Train ${String(sizes.train)}, validate ${
    String(sizes.validation)
  }, test ${String(sizes.test)}; ${String(splits.length)} splits.</p>${
    table(
      ["tie rule", "PANDA, %", "LPD, %", "difference, points", "p, plain t", "p, corrected"],
      rules.map(([rule, title]) => {
        const own = splits.map(({ methods }) => methods.panda.test[rule]);
        const other = splits.map(({ methods }) => methods.lpd.test[rule]);
        const differences = pairedDifferences(own, other);
        if (differences.length < 2) {
          return [title, percent(own[0]), percent(other[0]), "–", "–", "–"];
        }
        const corrected = correctedTTest(differences, sizes);
        return [
          title,
          percent(mean(own)),
          percent(mean(other)),
          `${points(corrected.effect)} (${points(corrected.interval[0])} to ${
            points(corrected.interval[1])
          })`,
          formatP(tTest(differences).p),
          formatP(corrected.p),
        ];
      }),
    )
  }<p class="muted">Interval: 95 %, corrected for the overlap of splits.</p>`;
}
