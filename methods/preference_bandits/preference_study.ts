/** Replications of learning from preferences, summarised by independent blocks. */

import { chiSquaredQuantile } from "../stats/chi_squared.ts";
import type { Stream } from "../tensor/random.ts";
import type { Comparisons } from "./comparisons.ts";
import { confidenceMetric, confidenceRadius } from "./confidence.ts";
import { optimalPolicy, suboptimality } from "./instance.ts";
import { dot, norm, quadraticNorm } from "./vectors.ts";
import type { Differences } from "./logistic_loss.ts";
import { pessimismBound, pessimisticPolicy, pessimisticValue } from "./pessimism.ts";
import type { PreferenceProblem } from "./problems.ts";
import { asymptoticSquaredError, fisherInformation } from "./theory.ts";
import { meansOf, type Replications, type StudyResult } from "./rating_study.ts";

/** Estimates θ̂ of many data sets on one design: batch × d, row-major. */
export type BatchMle = (
  design: Differences,
  data: readonly Comparisons[],
) => Promise<Float64Array>;

/** How preferences come about and are learned from. */
export interface PreferenceStudy extends Replications {
  /** The problem of a block at sample size n. The compared differences are the same in all of them. */
  problemAt(n: number, block: number): PreferenceProblem;
  /** B, the radius of Θ_B. */
  readonly ball: number;
  /** δ of the confidence set. */
  readonly delta: number;
  /** λ = ridge/n is added to Σ_D. */
  readonly ridge: number;
  /** Learners by name: the factor on the confidence set's radius, 0 for greedy choice. */
  readonly learners: Readonly<Record<string, number>>;
  /** Data sets of each block and sample size that are given back with their estimates. */
  readonly kept: number;
}

/** One data set with its estimate, for checking the estimate elsewhere. */
export interface FittedData {
  readonly block: number;
  readonly counts: readonly number[];
  readonly wins: readonly number[];
  readonly theta: readonly number[];
}

/**
 * Draws, estimates all data sets in one batch, and chooses policies.
 *
 * For each learner: `<name>` is its mean SubOpt. Once for all: `error` is the mean of ‖θ̂ − θ*‖_{Σ_D} and
 * `squared_error` that of its square, `efficiency` the latter in units of its limit
 * ({@link asymptoticSquaredError}/n); `covered` is the share of confidence sets that hold θ*; `wald` that of
 * the ellipsoids n (θ̂ − θ*)ᵀ I(θ*) (θ̂ − θ*) ≤ χ²_{d, 1−δ}, which tends to 1 − δ exactly; `bound` the share of
 * the learner with radius factor 1 (if there is one) within {@link pessimismBound}, and `reached` that of its
 * searches which find a pessimistic value of at least the best policy's, as that bound supposes.
 *
 * @returns The summary, and of each block and sample size the first `kept` data sets with their estimates.
 */
export async function runPreferences(
  study: PreferenceStudy,
  stream: Stream,
  estimate: BatchMle,
): Promise<{ readonly result: StudyResult; readonly fitted: readonly FittedData[] }> {
  const { sizes, blocks, replications } = study;
  const cells = Array.from(
    { length: blocks },
    (_, block) => sizes.map((n) => cellOf(study, n, block)),
  );
  const data: Comparisons[] = [];
  cells.forEach((row, block) =>
    row.forEach(({ n, problem }) => {
      const draws = stream.child("block", block, n);
      for (let r = 0; r < replications; r++) data.push(problem.draw(draws, n));
    })
  );
  const { design } = cells[0][0].problem;
  const d = design.dimension;
  const thetas = await estimate(design, data);
  const thetaOf = (at: number) => thetas.subarray(at * d, (at + 1) * d);
  const result = {
    sizes,
    blocks: cells.map((row, block) =>
      row.map((cell, i) => {
        const ties = stream.child("ties", block, cell.n);
        const sums: Record<string, number> = {};
        const first = (block * sizes.length + i) * replications;
        for (let at = first; at < first + replications; at++) {
          const values = judge(cell, study.learners, data[at], thetaOf(at), ties);
          for (const [name, value] of Object.entries(values)) {
            sums[name] = (sums[name] ?? 0) + value;
          }
        }
        const means = meansOf(sums, replications);
        return { ...means, efficiency: means.squared_error / cell.limit };
      })
    ),
  };
  const fitted = data.flatMap((one, at) =>
    at % replications >= study.kept ? [] : [{
      block: Math.floor(at / (sizes.length * replications)),
      counts: Array.from(one.counts),
      wins: Array.from(one.wins),
      theta: Array.from(thetaOf(at)),
    }]
  );
  return { result, fitted };
}

/** A sample size, its problem, and what all data sets of it share. */
interface Cell {
  readonly n: number;
  readonly problem: PreferenceProblem;
  readonly lambda: number;
  /** f(n). */
  readonly radius: number;
  /** What the mean squared error tends to. */
  readonly limit: number;
  /** I(θ*), and the χ² quantile that its ellipsoid is cut at. */
  readonly information: Float64Array;
  readonly wald: number;
}

function cellOf(study: PreferenceStudy, n: number, block: number): Cell {
  const { ball, delta, ridge } = study;
  const problem = study.problemAt(n, block);
  const { design, target } = problem;
  const lambda = ridge / n, length = longestDifference(design);
  return {
    n,
    problem,
    lambda,
    radius: confidenceRadius(design.dimension, n, { delta, ball, length, lambda }),
    limit: asymptoticSquaredError(design, target) / n,
    information: fisherInformation(design, target),
    wald: chiSquaredQuantile(1 - delta, design.dimension),
  };
}

/** What one data set's estimate is worth. */
function judge(
  { n, problem: { instance, design, target }, lambda, radius, information, wald }: Cell,
  learners: PreferenceStudy["learners"],
  data: Comparisons,
  theta: Float64Array,
  ties: Stream,
): Record<string, number> {
  const metric = confidenceMetric(design, data.counts, lambda);
  const difference = theta.map((t, j) => t - target[j]);
  const wide = quadraticNorm(metric.matrix, difference);
  const squared = Math.max(0, wide ** 2 - lambda * dot(difference, difference));
  const values: Record<string, number> = {
    error: Math.sqrt(squared),
    squared_error: squared,
    covered: wide <= radius ? 1 : 0,
    wald: n * quadraticNorm(information, difference) ** 2 <= wald ? 1 : 0,
  };
  for (const [name, factor] of Object.entries(learners)) {
    const set = { theta, factor: metric.factor, radius: factor * radius };
    const policy = pessimisticPolicy(instance, set, ties);
    const loss = suboptimality(instance, policy);
    values[name] = loss;
    if (factor === 1) {
      values.bound = loss <= pessimismBound(instance, set) ? 1 : 0;
      const least = pessimisticValue(instance, optimalPolicy(instance), set) - 1e-12;
      values.reached = pessimisticValue(instance, policy, set) >= least ? 1 : 0;
    }
  }
  return values;
}

/** L: the norm of the longest compared difference. */
function longestDifference({ dimension: d, pairs, differences }: Differences): number {
  let longest = 0;
  for (let i = 0; i < pairs; i++) {
    longest = Math.max(longest, norm(differences.subarray(i * d, (i + 1) * d)));
  }
  return longest;
}
