/** Policies from an estimated reward: greedy, and pessimistic over the confidence set. */

import type { Stream } from "../tensor/random.ts";
import { optimalPolicy, type Policy } from "./instance.ts";
import { dot, norm, solveLower } from "./linear_algebra.ts";
import type { LinearInstance } from "./linear_instance.ts";
import { chooseBest } from "./ties.ts";

/** Instances with at most this many policies are searched exhaustively. */
const ENUMERATED = 1024;

/** A confidence set, as far as pessimism needs it. */
export interface ConfidenceSet {
  /** θ̂. */
  readonly theta: Float64Array;
  /** Cholesky factor of Σ_D + λI. */
  readonly factor: Float64Array;
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
 * searched by coordinate ascent from the greedy policy, which may end in a local maximum.
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
  return ascend(instance, set, greedyPolicy(instance, set.theta, ties));
}

/** Changes one context's arm at a time, to the best one, until no change helps. */
function ascend(
  { contexts, features, reference }: LinearInstance,
  { theta, factor, radius }: ConfidenceSet,
  start: Policy,
): Policy {
  const policy = Int32Array.from(start);
  // In whitened coordinates the penalty is a Euclidean norm, and one change costs d operations.
  const white = features.map((row, s) => row.map((phi) => scaled(solveLower(factor, phi), s)));
  const gain = features.map((row, s) => row.map((phi) => contexts[s] * dot(theta, phi)));
  const sum = solveLower(factor, reference).map((w) => -w);
  policy.forEach((a, s) => white[s][a].forEach((w, j) => sum[j] += w));
  for (let improved = true; improved;) {
    improved = false;
    for (let s = 0; s < policy.length; s++) {
      const from = policy[s];
      let best = from, bestChange = 1e-12;
      const before = norm(sum);
      for (let a = 0; a < gain[s].length; a++) {
        if (a === from) continue;
        let squares = 0;
        for (let j = 0; j < sum.length; j++) {
          squares += (sum[j] + white[s][a][j] - white[s][from][j]) ** 2;
        }
        const change = gain[s][a] - gain[s][from] - radius * (Math.sqrt(squares) - before);
        if (change > bestChange) [best, bestChange] = [a, change];
      }
      if (best === from) continue;
      for (let j = 0; j < sum.length; j++) sum[j] += white[s][best][j] - white[s][from][j];
      policy[s] = best;
      improved = true;
    }
  }
  return policy;

  function scaled(x: Float64Array, s: number): Float64Array {
    return x.map((v) => contexts[s] * v);
  }
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
