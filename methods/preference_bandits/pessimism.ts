/** Policies from an estimated reward: greedy, and pessimistic over the confidence set. */

import type { Stream } from "../tensor/random.ts";
import { optimalPolicy, type Policy } from "./instance.ts";
import { solveLower } from "../linear_algebra/cholesky.ts";
import type { Dense } from "../linear_algebra/dense.ts";
import { dot, norm } from "./vectors.ts";
import type { LinearInstance } from "./linear_instance.ts";
import { chooseBest } from "./ties.ts";

/** Instances with at most this many policies are searched exhaustively. */
const ENUMERATED = 1024;
/** Random policies from which larger ones are searched, besides the greedy policy. */
const RANDOM_STARTS = 4;

/** A confidence set, as far as pessimism needs it. */
export interface ConfidenceSet {
  /** θ̂. */
  readonly theta: Float64Array;
  /** Cholesky factor of Σ_D + λI. */
  readonly factor: Dense;
  /** f ≥ 0; 0 makes the policy greedy. */
  readonly radius: number;
}

/**
 * The pessimistic value of a policy: Ĵ(π) = min_{θ ∈ Θ} θᵀu = θ̂ᵀu − f‖u‖_{(Σ_D+λI)⁻¹} with
 * u = E_ρ[φ(s, π(s))] − v.
 */
export function pessimisticValue(
  instance: LinearInstance,
  policy: Policy,
  { theta, factor, radius }: ConfidenceSet,
): number {
  const u = policyFeature(instance, policy);
  return dot(theta, u) - radius * norm(solveLower(factor, u));
}

/** u = E_ρ[φ(s, π(s))] − v. */
export function policyFeature(
  { contexts, features, reference }: LinearInstance,
  policy: Policy,
): Float64Array {
  const u = reference.map((v) => -v);
  contexts.forEach((rho, s) => {
    const phi = features[s][policy[s]];
    for (let j = 0; j < u.length; j++) u[j] += rho * phi[j];
  });
  return u;
}

/** The greedy policy: argmax_a θ̂ᵀφ(s, a) in each context, ties at random. */
export function greedyPolicy(
  { features }: LinearInstance,
  theta: Float64Array,
  ties: Stream,
): Policy {
  return Int32Array.from(
    features,
    (row) => chooseBest(row.length, (a) => dot(theta, row[a]), ties),
  );
}

/**
 * π̂ = argmax_π Ĵ(π) over deterministic policies, ties at random. The penalty depends on the average feature
 * of all contexts, so contexts cannot be decided one by one: up to 1024 policies are enumerated, more are
 * searched by coordinate ascent from the greedy policy and a few random ones. That finds the maximum for
 * small radii; for radii at which the penalty outweighs the rewards it ends within some per cent of it.
 */
export function pessimisticPolicy(
  instance: LinearInstance,
  set: ConfidenceSet,
  ties: Stream,
): Policy {
  if (set.radius === 0) return greedyPolicy(instance, set.theta, ties);
  const arms = instance.features[0].length;
  const contexts = instance.features.length;
  if (contexts * Math.log2(arms) <= Math.log2(ENUMERATED)) {
    const policyOf = (code: number) =>
      Int32Array.from({ length: contexts }, (_, s) => Math.floor(code / arms ** s) % arms);
    const values = (code: number) => pessimisticValue(instance, policyOf(code), set);
    return policyOf(chooseBest(arms ** contexts, values, ties));
  }
  const random = () => Int32Array.from({ length: contexts }, () => ties.nextInteger(0, arms));
  const starts = [
    greedyPolicy(instance, set.theta, ties),
    ...Array.from({ length: RANDOM_STARTS }, random),
  ];
  const found = starts.map(ascent(instance, set));
  const values = found.map((policy) => pessimisticValue(instance, policy, set));
  return found[values.indexOf(Math.max(...values))];
}

/** Changes one context's arm of a policy at a time, to the best one, until no change helps. */
function ascent(
  { contexts, dimension: d, features, reference }: LinearInstance,
  { theta, factor, radius }: ConfidenceSet,
): (start: Policy) => Policy {
  const arms = features[0].length;
  // In whitened coordinates the penalty is a Euclidean norm, and one change costs d operations.
  const white = new Float64Array(contexts.length * arms * d);
  const gain = new Float64Array(contexts.length * arms);
  features.forEach((row, s) =>
    row.forEach((phi, a) => {
      const at = s * arms + a;
      gain[at] = contexts[s] * dot(theta, phi);
      white.set(solveLower(factor, phi), at * d);
      for (let j = at * d; j < (at + 1) * d; j++) white[j] *= contexts[s];
    })
  );
  const origin = solveLower(factor, reference).map((w) => -w);
  return (start) => {
    const policy = Int32Array.from(start);
    const sum = Float64Array.from(origin);
    policy.forEach((a, s) => sum.forEach((_, j) => sum[j] += white[(s * arms + a) * d + j]));
    for (let improved = true; improved;) {
      improved = false;
      for (let s = 0; s < policy.length; s++) {
        const from = s * arms + policy[s];
        const before = norm(sum);
        let best = from, bestChange = 1e-12;
        for (let to = s * arms; to < (s + 1) * arms; to++) {
          if (to === from) continue;
          let squares = 0;
          for (let j = 0; j < d; j++) {
            squares += (sum[j] + white[to * d + j] - white[from * d + j]) ** 2;
          }
          const change = gain[to] - gain[from] - radius * (Math.sqrt(squares) - before);
          if (change > bestChange) [best, bestChange] = [to, change];
        }
        if (best === from) continue;
        for (let j = 0; j < d; j++) sum[j] += white[best * d + j] - white[from * d + j];
        policy[s] = best - s * arms;
        improved = true;
      }
    }
    return policy;
  };
}

/**
 * The guarantee of pessimism where θ* lies in the set and Ĵ(π̂) ≥ Ĵ(π*):
 * SubOpt(π̂) ≤ 2 f(n) ‖E_ρ[φ(s, π*(s))] − v‖_{(Σ_D+λI)⁻¹}.
 */
export function pessimismBound(
  instance: LinearInstance,
  { factor, radius }: Pick<ConfidenceSet, "factor" | "radius">,
): number {
  const u = policyFeature(instance, optimalPolicy(instance));
  return 2 * radius * norm(solveLower(factor, u));
}
