/** Module choice as a bandit: discounted Gaussian Thompson sampling and the policies it is compared with. */

/** Independent standard normal and uniform draws; a named random stream provides it. */
export interface Draws {
  /** One draw from 𝒩(0, 1). */
  normal(): number;
  /** One draw from the uniform distribution on [0, 1). */
  uniform(): number;
}

/** Chooses an arm for each pull and learns from its reward. */
export interface Policy {
  /** Index of the arm to pull next. */
  choose(): number;
  /** Tells the policy what the last pull of `arm` earned. */
  update(arm: number, reward: number): void;
}

/** Names of the policies that choose among the module arms. */
export const ADAPTIVE_POLICIES = [
  "optima",
  "optima_undiscounted",
  "greedy",
  "random",
  "round_robin",
] as const;
export type AdaptivePolicy = typeof ADAPTIVE_POLICIES[number];

export interface BanditOptions {
  /** γ in (0, 1]: the weight that an observation keeps per pull; 1 never forgets. */
  readonly discount: number;
  /** Memory of the reward-noise estimate in [0, 1): σ² ← memory·σ² + (1 − memory)·residual². */
  readonly noiseMemory: number;
}

/**
 * Estimates each arm's mean reward from recent history.
 *
 * After each pull every arm's effective count decays, `n ← γ n`; then the pulled arm's mean takes
 * the reward in, `μ ← (μ n + r)/(n + 1)`, `n ← n + 1` (discounted Gaussian Thompson sampling:
 * Qi, Wang & Zhu, arXiv 2305.10718; discount rule of Raj & Kalyani, arXiv 1707.09727).
 *
 * The reward-noise variance σ² is a running mean of squared residuals: relative loss decrements are
 * near 10⁻², so the textbook σ = 1 would drown the means and make the choice uniform.
 */
export class ArmEstimates {
  readonly mean: Float64Array;
  readonly count: Float64Array;
  #variance = 0;
  #residuals = 0;

  constructor(readonly arms: number, readonly options: BanditOptions) {
    if (!Number.isInteger(arms) || arms < 1) {
      throw new RangeError(`Cannot build a bandit: expected at least 1 arm, got ${arms}`);
    }
    if (!(options.discount > 0 && options.discount <= 1)) {
      throw new RangeError(
        `Cannot build a bandit: discount must be in (0, 1], got ${options.discount}`,
      );
    }
    this.mean = new Float64Array(arms);
    this.count = new Float64Array(arms);
  }

  /** Running estimate σ² of the reward noise; 0 before the second observation of some arm. */
  get variance(): number {
    return this.#variance;
  }

  observe(arm: number, reward: number): void {
    if (!Number.isFinite(reward)) {
      throw new RangeError(`Cannot learn from reward ${reward} of arm ${arm}: it is not finite`);
    }
    if (this.count[arm] > 0) {
      const squared = (reward - this.mean[arm]) ** 2;
      // A plain mean first, so that σ² does not start from an arbitrary value.
      const weight = Math.max(1 / ++this.#residuals, 1 - this.options.noiseMemory);
      this.#variance += weight * (squared - this.#variance);
    }
    for (let k = 0; k < this.arms; k++) this.count[k] *= this.options.discount;
    this.mean[arm] = (this.mean[arm] * this.count[arm] + reward) / (this.count[arm] + 1);
    this.count[arm] += 1;
  }

  /** The first arm that was never pulled, or −1. */
  unpulled(): number {
    return this.count.findIndex((n) => n === 0);
  }
}

/** Modified Thompson sampling (OPTIMA): θ_k ~ 𝒩(μ_k, σ²/(n_k + 1)), pull argmax θ; every arm once first. */
export function thompsonSampling(arms: number, options: BanditOptions, draws: Draws): Policy {
  const estimates = new ArmEstimates(arms, options);
  return {
    choose() {
      // Drawn even when unused: the stream's position then depends on the pull number alone.
      const noise = Array.from({ length: arms }, () => draws.normal());
      const first = estimates.unpulled();
      if (first >= 0) return first;
      return argmax(
        noise.map((z, k) =>
          estimates.mean[k] + z * Math.sqrt(estimates.variance / (estimates.count[k] + 1))
        ),
      );
    },
    update: (arm, reward) => estimates.observe(arm, reward),
  };
}

/** Exploitation only: always the arm with the largest estimated mean, every arm once first. */
export function greedy(arms: number, options: BanditOptions): Policy {
  const estimates = new ArmEstimates(arms, options);
  return {
    choose() {
      const first = estimates.unpulled();
      return first >= 0 ? first : argmax([...estimates.mean]);
    },
    update: (arm, reward) => estimates.observe(arm, reward),
  };
}

/** Uniform choice, independent of rewards. */
export function uniformRandom(arms: number, draws: Draws): Policy {
  return {
    choose: () => Math.min(arms - 1, Math.floor(draws.uniform() * arms)),
    update: () => {},
  };
}

/** 0, 1, …, K − 1, 0, … */
export function roundRobin(arms: number): Policy {
  let next = 0;
  return { choose: () => next++ % arms, update: () => {} };
}

/** Always the same arm. */
export function fixedArm(arm: number): Policy {
  return { choose: () => arm, update: () => {} };
}

/** Builds a policy by its name; `optima_undiscounted` is OPTIMA with γ = 1. */
export function adaptivePolicy(
  name: AdaptivePolicy,
  arms: number,
  options: BanditOptions,
  draws: Draws,
): Policy {
  switch (name) {
    case "optima":
      return thompsonSampling(arms, options, draws);
    case "optima_undiscounted":
      return thompsonSampling(arms, { ...options, discount: 1 }, draws);
    case "random":
      return uniformRandom(arms, draws);
    case "round_robin":
      return roundRobin(arms);
    case "greedy":
      return greedy(arms, options);
  }
}

function argmax(values: readonly number[]): number {
  let best = 0;
  for (let k = 1; k < values.length; k++) if (values[k] > values[best]) best = k;
  return best;
}
