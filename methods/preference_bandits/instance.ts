/** Offline contextual bandits with finitely many contexts and arms, and what a policy loses on them. */

/** A contextual bandit and the policy that logged its data. Every arm exists in every context. */
export interface BanditInstance {
  /** ρ(s), the probability of each context; sums to 1. Length S. */
  readonly contexts: readonly number[];
  /** True reward r(s, a) in [0, 1]: S rows of A. */
  readonly rewards: readonly (readonly number[])[];
  /** Logging probabilities d(a | s) of the rating route: S rows of A, each summing to 1. */
  readonly logging: readonly (readonly number[])[];
}

/** A deterministic policy: the arm of each context. */
export type Policy = Int32Array;

/** Arms of an instance, the same number in each context. */
export function armsOf(instance: Pick<BanditInstance, "rewards">): number {
  return instance.rewards[0].length;
}

/** The best arm of each context (the first of equals). */
export function optimalPolicy(instance: Pick<BanditInstance, "rewards">): Policy {
  return Int32Array.from(instance.rewards, (row) => row.indexOf(Math.max(...row)));
}

/** SubOpt(π) = E_ρ[r(s, π*(s)) − r(s, π(s))] ≥ 0. */
export function suboptimality(
  { contexts, rewards }: Pick<BanditInstance, "contexts" | "rewards">,
  policy: Policy,
): number {
  let loss = 0;
  contexts.forEach((rho, s) => {
    loss += rho * (Math.max(...rewards[s]) - rewards[s][policy[s]]);
  });
  return loss;
}

/** Expected SubOpt of choosing arms uniformly: the coin-flip level that every learner starts from. */
export function coinFlipLevel({ contexts, rewards }: BanditInstance): number {
  return contexts.reduce((sum, rho, s) => {
    const row = rewards[s];
    return sum + rho * (Math.max(...row) - row.reduce((a, b) => a + b, 0) / row.length);
  }, 0);
}

/**
 * Single-policy concentrability C* = max_s d^π*(s, a) / d(s, a) over the optimal arms: 2 when the
 * optimal arm gets half of its context's samples.
 */
export function concentrability(instance: BanditInstance): number {
  const best = optimalPolicy(instance);
  return Math.max(...instance.logging.map((row, s) => 1 / row[best[s]]));
}

/**
 * `contexts` equally likely contexts with two arms each, of rewards `top` and `top − gap`. The first
 * arm is the better one and gets the share 1/`concentrability` of the logged ratings.
 */
export function twoArmInstance(a: {
  readonly contexts: number;
  readonly top: number;
  readonly gap: number;
  /** C* ≥ 1 (above 1, so that both arms are seen). */
  readonly concentrability: number;
}): BanditInstance {
  const share = 1 / a.concentrability;
  const each = <T>(row: T) => Array.from({ length: a.contexts }, () => row);
  return {
    contexts: each(1 / a.contexts),
    rewards: each([a.top, a.top - a.gap]),
    logging: each([share, 1 - share]),
  };
}
