/** How good an estimated direction is: exact population quantities, and variable selection. */

import { normalCdf } from "../stats/normal.ts";
import { multiply } from "../linear_algebra/dense.ts";
import type { Population } from "./populations.ts";

/** Scores of one estimate against the population that its sample came from. */
export interface Scores {
  /** Exact misclassification rate of β̂′(z − midpoint) > 0 with equal priors. */
  readonly risk: number;
  /** ‖β̂ − β*‖₂. */
  readonly l2: number;
  /** Exact area under the ROC curve. */
  readonly auc: number;
  /** Coordinates with |β̂_j| above the threshold that are nonzero in β*. */
  readonly truePositives: number;
  /** Coordinates with |β̂_j| above the threshold. */
  readonly selected: number;
  /** truePositives / selected; 0 where nothing is selected. */
  readonly precision: number;
}

/** The paper's threshold for a selected variable (section 5). */
const SELECTED = 0.01;

/** Scores of `beta` with the estimated midpoint of the classes. A zero direction has risk ½. */
export function scoresOf(
  { covariance, beta: truth, difference }: Population,
  beta: Float64Array,
  midpoint: Float64Array,
): Scores {
  const p = beta.length;
  const product = new Float64Array(p);
  multiply(covariance, beta, product);
  let variance = 0, centre = 0, shift = 0, distance = 0, selected = 0, truePositives = 0;
  for (let j = 0; j < p; j++) {
    variance += beta[j] * product[j];
    centre += beta[j] * midpoint[j];
    shift += beta[j] * difference[j];
    distance += (beta[j] - truth[j]) ** 2;
    if (Math.abs(beta[j]) > SELECTED) {
      selected++;
      if (truth[j] !== 0) truePositives++;
    }
  }
  const spread = Math.sqrt(Math.max(variance, 0));
  const degenerate = spread === 0;
  return {
    risk: degenerate
      ? 0.5
      : (normalCdf(-centre / spread) + normalCdf((centre - shift) / spread)) / 2,
    l2: Math.sqrt(distance),
    auc: degenerate ? 0.5 : normalCdf(shift / spread / Math.SQRT2),
    truePositives,
    selected,
    precision: selected === 0 ? 0 : truePositives / selected,
  };
}

/** Φ(−Δ/2): the risk of the Bayes rule. */
export function bayesRisk({ delta }: Population): number {
  return normalCdf(-delta / 2);
}
