/** Tabular bandits of any number of arms: random rewards, and features whose gauge is fixed. */

import type { Stream } from "../tensor/random.ts";
import type { BanditInstance } from "./instance.ts";
import type { LinearInstance } from "./linear_instance.ts";

/** Equally likely contexts, rewards uniform on [0, 1], arms logged evenly. */
export function randomTabular(
  stream: Stream,
  { contexts, arms }: { readonly contexts: number; readonly arms: number },
): BanditInstance {
  const row = <T>(length: number, of: () => T) => Array.from({ length }, of);
  return {
    contexts: row(contexts, () => 1 / contexts),
    rewards: row(contexts, () => row(arms, () => stream.nextUniform())),
    logging: row(contexts, () => row(arms, () => 1 / arms)),
  };
}

/**
 * A tabular bandit as a linear one with A − 1 coordinates for a context: arm a of context s has the a-th row of
 * an A × (A − 1) matrix with orthonormal columns that sum to 0 (Helmert's contrasts). Comparisons within a
 * context inform all of these coordinates and nothing else. θ*_s are the contrasts of the rewards; the
 * reference is the average over all arms, 0.
 */
export function tabularFeatures(
  { contexts, rewards }: Pick<BanditInstance, "contexts" | "rewards">,
): LinearInstance {
  const arms = rewards[0].length;
  const free = arms - 1;
  const dimension = contexts.length * free;
  const contrasts = helmert(arms);
  const parameter = new Float64Array(dimension);
  rewards.forEach((row, s) =>
    row.forEach((r, a) => contrasts[a].forEach((c, j) => parameter[s * free + j] += c * r))
  );
  return {
    contexts,
    rewards,
    dimension,
    features: contexts.map((_, s) =>
      contrasts.map((row) => {
        const phi = new Float64Array(dimension);
        phi.set(row, s * free);
        return phi;
      })
    ),
    parameter,
    reference: new Float64Array(dimension),
  };
}

/** Rows of Helmert's contrasts: column j compares arm j + 1 with the mean of the arms before it. */
function helmert(arms: number): number[][] {
  return Array.from({ length: arms }, (_, a) =>
    Array.from({ length: arms - 1 }, (_, j) => {
      const scale = 1 / Math.sqrt((j + 1) * (j + 2));
      return a <= j ? -scale : a === j + 1 ? (j + 1) * scale : 0;
    }));
}
