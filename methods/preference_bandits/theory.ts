/** What theory predicts for the experiments, for overlays and for tests at number level. */

import { normalCdf } from "../stats/normal.ts";
import { type ComparisonDesign, logistic } from "./comparisons.ts";
import { cholesky, solveLower } from "../linear_algebra/cholesky.ts";
import { square } from "../linear_algebra/dense.ts";
import { designCovariance, lossDerivatives } from "./logistic_loss.ts";

/** A two-arm problem as its learner sees it. */
export interface TwoArmView {
  /** Number of equally likely contexts. */
  readonly contexts: number;
  /** True difference of rewards: what a wrong choice costs. */
  readonly gap: number;
  /** Difference of what is observed: h̄(r¹) − h̄(r⁰). */
  readonly seenGap: number;
}

/**
 * Expected SubOpt of choosing by mean ratings, logged half and half, for large n: the difference of two means
 * of n/(2S) ratings each has variance 4Sσ²/n, so a context goes wrong with probability
 * Φ(−gap_h √n / (2σ√S)). Comparing the means is the likelihood-ratio test between the two orders of the arms,
 * and uneven counts only make it worse: no learner loses less on average over all orders of the contexts' arms.
 */
export function ratingSuboptimality(
  { contexts, gap, seenGap }: TwoArmView,
  sigma: number,
  n: number,
): number {
  return gap * normalCdf(-seenGap * Math.sqrt(n / contexts) / (2 * sigma));
}

/**
 * Expected SubOpt of choosing by the MLE of n comparisons, for large n: a context's estimate has the variance
 * 1/(σ'(gap_h) n/S), σ' ≤ 1/4 being the information of one comparison.
 */
export function preferenceSuboptimality(
  { contexts, gap, seenGap }: TwoArmView,
  n: number,
): number {
  return gap * normalCdf(-seenGap * Math.sqrt(information(seenGap) * n / contexts));
}

/**
 * The same for any n: a context with N comparisons goes wrong when the better arm wins fewer than half of
 * them, and half of the time when it wins exactly half; N is binomial with share 1/S. Majority is the
 * likelihood-ratio test between the two orders of the arms, so no learner loses less on average over all orders.
 * Sums over all N and wins: for n up to some thousands.
 */
export function leastPreferenceLoss({ contexts, gap, seenGap }: TwoArmView, n: number): number {
  const win = logistic(seenGap);
  const factorial = logFactorials(n);
  const mass = (trials: number, k: number, p: number) =>
    p === 1 ? Number(k === trials) : Math.exp(
      factorial[trials] - factorial[k] - factorial[trials - k] + k * Math.log(p) +
        (trials - k) * Math.log1p(-p),
    );
  let wrong = 0;
  for (let count = 0; count <= n; count++) {
    const share = mass(n, count, 1 / contexts);
    if (share < 1e-16) continue;
    let minority = 0;
    for (let wins = 0; 2 * wins <= count; wins++) {
      minority += (2 * wins === count ? 0.5 : 1) * mass(count, wins, win);
    }
    wrong += share * minority;
  }
  return gap * wrong;
}

/** log 0!, log 1!, …, log n!. */
function logFactorials(n: number): Float64Array {
  const logs = new Float64Array(n + 1);
  for (let k = 2; k <= n; k++) logs[k] = logs[k - 1] + Math.log(k);
  return logs;
}

/** σ'(x) = σ(x)σ(−x). */
function information(x: number): number {
  return logistic(x) * logistic(-x);
}

/** z with Φ(−z) = 1/4: at this distance half of a coin's errors are left. */
const HALVING = 0.6744897501960817;

/**
 * The sample size at which ratings have halved the coin-flip loss: the law n½ ∝ (noise/gap_h)², from
 * {@link ratingSuboptimality}.
 */
export function ratingHalving(
  { contexts, seenGap }: Pick<TwoArmView, "contexts" | "seenGap">,
  sigma: number,
): number {
  return contexts * (2 * HALVING * sigma / seenGap) ** 2;
}

/** The same for preferences, from {@link preferenceSuboptimality}: about 1/σ² times as many. */
export function preferenceHalving(
  { contexts, seenGap }: Pick<TwoArmView, "contexts" | "seenGap">,
): number {
  return contexts * (HALVING / seenGap) ** 2 / information(seenGap);
}

/**
 * LCB's bound 2 E_ρ[b(s, π*)] on a two-arm bandit with n ratings, the optimal arm of each context having its
 * expected n/(S C*) of them: 2 c σ √(S C* log(2S/δ)/n).
 */
export function lcbWorstCase(
  a: {
    readonly contexts: number;
    readonly sigma: number;
    readonly constant: number;
    readonly delta: number;
  },
  concentrability: number,
  n: number,
): number {
  const level = Math.log(2 * a.contexts / a.delta);
  return 2 * a.constant * a.sigma * Math.sqrt(a.contexts * concentrability * level / n);
}

/** I(θ), the Fisher information of one comparison drawn from the design; d × d, row-major. */
export function fisherInformation(design: ComparisonDesign, theta: Float64Array): Float64Array {
  // The Hessian of the loss does not depend on who won.
  return lossDerivatives(design, { counts: design.shares, wins: design.wins }, theta).hessian;
}

/**
 * The limit of n · E‖θ̂ − θ*‖²_Σ: tr(Σ I(θ*)⁻¹). It is 4d where all differences of rewards are small, hence
 * the √d of the rate.
 */
export function asymptoticSquaredError(design: ComparisonDesign, theta: Float64Array): number {
  const d = design.dimension;
  const factor = cholesky(square(fisherInformation(design, theta), d));
  // tr(Σ I⁻¹) = tr(Rᵀ I⁻¹ R) with Σ = R Rᵀ.
  const root = cholesky(square(designCovariance(design, design.shares), d));
  let trace = 0;
  for (let j = 0; j < d; j++) {
    const column = Float64Array.from({ length: d }, (_, i) => root.data[i * d + j]);
    for (const v of solveLower(factor, column)) trace += v * v;
  }
  return trace;
}
