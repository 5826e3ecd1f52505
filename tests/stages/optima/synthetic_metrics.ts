/** Made-up metrics of OPTIMA in the shape of the evaluation stage, with a planted gain in one condition. */

import { CONDITIONS } from "../../../methods/optima/condition.ts";
import { POLICIES } from "../../../methods/optima/policies.ts";
import type { Curve, MetricRow, Metrics, Pulls } from "../../../methods/optima/metrics.ts";

/** Final losses around which the seeds scatter, by condition. */
const LEVELS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  wasted: {
    optima: 0.571,
    optima_undiscounted: 0.585,
    greedy: 0.592,
    random: 0.599,
    round_robin: 0.6,
    image_only: 0.62,
    text_only: 0.7,
    multimodal_only: 0.63,
    all: 0.42,
    none: 0.82,
  },
  skew: {
    optima: 0.558,
    optima_undiscounted: 0.56,
    greedy: 0.57,
    random: 0.556,
    round_robin: 0.552,
    image_only: 0.6,
    text_only: 0.64,
    multimodal_only: 0.59,
    all: 0.37,
    none: 0.8,
  },
  even: {
    optima: 0.565,
    optima_undiscounted: 0.566,
    greedy: 0.58,
    random: 0.5652,
    round_robin: 0.564,
    image_only: 0.61,
    text_only: 0.6,
    multimodal_only: 0.605,
    all: 0.38,
    none: 0.81,
  },
};
const STEPS = 600;
const POINTS = 21;
const PULLS = 150;

/** A repeatable stand-in for noise in (−1, 1). */
export function wobble(...keys: number[]): number {
  let h = 2166136261;
  for (const k of keys) h = Math.imul(h ^ (k + 0x9e37), 16777619) ^ (h >>> 13);
  h = Math.imul(h ^ (h >>> 15), 0x85ebca6b);
  return ((h ^ (h >>> 13)) >>> 0) / 2 ** 31 - 1;
}

export interface SyntheticOptions {
  readonly seeds?: number;
  readonly conditions?: readonly string[];
  readonly policies?: readonly string[];
  readonly samples?: number;
}

/** Metrics with the given numbers of seeds; all conditions and policies unless told otherwise. */
export function syntheticMetrics(options: SyntheticOptions = {}): Metrics {
  const { conditions = CONDITIONS, policies = POLICIES, samples = 4 } = options;
  const seeds = Array.from({ length: options.seeds ?? 8 }, (_, i) => i);
  const table: MetricRow[] = [];
  const curves: Curve[] = [];
  const pulls: Pulls[] = [];
  conditions.forEach((condition, c) =>
    policies.forEach((policy, p) =>
      seeds.forEach((seed) => {
        // The part that policies share with a seed makes the comparison paired.
        const shared = 0.03 * wobble(seed, c, 77);
        const loss = LEVELS[condition][policy] + shared + 0.003 * wobble(seed, c, p);
        const steps = Array.from({ length: POINTS }, (_, i) => (STEPS * i) / (POINTS - 1));
        const perStep = 2.1e8 * (policy === "all" ? 1.25 : policy === "none" ? 0.7 : 1);
        const layer_loss = steps.map((s) => loss + (1.1 - loss) * Math.exp(-s / 140));
        const identity = { seed, condition, policy };
        curves.push({ ...identity, steps, flops: steps.map((s) => s * perStep), layer_loss });
        const recall = 0.9 - 0.8 * loss;
        const bandit = !["all", "none"].includes(policy);
        table.push({
          ...identity,
          metrics: {
            layer_loss: loss,
            layer_loss_equal_flops: loss + (policy === "all" ? 0.03 : 0),
            optima_loss_equal_flops: LEVELS[condition].optima + shared + 0.003 * wobble(seed, c, 0),
            image_loss: loss * 1.1,
            text_loss: loss * 0.8,
            multimodal_loss: loss * 1.05,
            recall_i2t_1: recall * 0.4,
            recall_i2t_5: recall * 0.8,
            recall_i2t_10: recall,
            recall_t2i_1: recall * 0.38,
            recall_t2i_5: recall * 0.75,
            recall_t2i_10: recall * 0.97 + 0.01 * wobble(seed, c, p, 5),
            caption_loss: 1.2 + loss + 0.01 * wobble(seed, c, p, 6),
            exact_match: Math.max(0, 0.7 - loss),
            ...(bandit ? { cumulative_reward: 1.1 - loss, regret: loss - 0.5 } : {}),
            flops: STEPS * perStep,
            steps: STEPS,
          },
        });
        if (bandit) pulls.push({ ...identity, ...history(condition, policy, seed, c, p) });
      })
    )
  );
  return {
    seeds,
    conditions: [...conditions],
    policies: [...policies],
    arms: ["image", "text", "multimodal"],
    modulesThatMatter: Object.fromEntries(
      conditions.map((c) => [
        c,
        c === "wasted" ? ["image", "multimodal"] : ["image", "text", "multimodal"],
      ]),
    ),
    table,
    curves,
    pulls,
    samples: Array.from({ length: samples }, (_, i) => sample(i)),
    teacher: {
      curve: Array.from({ length: 40 }, (_, i) => ({
        step: i * 50,
        loss: 2.2 + 6 * Math.exp(-i / 8) + 0.1 * wobble(i),
      })),
      metrics: { recall_i2t_10: 0.81, recall_t2i_10: 0.79, caption_loss: 1.31, exact_match: 0.42 },
    },
  };
}

function history(condition: string, policy: string, seed: number, c: number, p: number) {
  const fixed = ["image_only", "text_only", "multimodal_only"].indexOf(policy);
  const arms: number[] = [];
  const rewards: number[] = [];
  for (let t = 0; t < PULLS; t++) {
    const u = (1 + wobble(seed, c, p, t)) / 2;
    const shy =
      condition === "wasted" && ["optima", "optima_undiscounted", "greedy"].includes(policy)
        ? 0.33 - 0.2 * (t / PULLS) * (policy === "optima" ? 1 : 0.5)
        : 1 / 3;
    const arm = fixed >= 0
      ? fixed
      : policy === "round_robin"
      ? t % 3
      : u < shy
      ? 1
      : u < (1 + shy) / 2
      ? 0
      : 2;
    arms.push(arm);
    const worth = condition === "wasted" && arm === 1 ? 0.0005 : 0.012;
    rewards.push((worth + 0.004 * wobble(seed, t, arm)) * Math.exp(-t / 90));
  }
  return { arms, rewards };
}

function sample(i: number): Metrics["samples"][number] {
  const size = 32;
  const rgb: number[] = [];
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const inside = (x - 16) ** 2 + (y - 16) ** 2 < 120;
      rgb.push(...(inside ? [230 - 40 * i, 120, 40 + 50 * i] : [255, 255, 255]));
    }
  }
  const reference =
    ["an orange circle", "a brown disc", "a violet moon", "a dark blue ball"][i % 4];
  return {
    image: { size, rgb },
    reference,
    teacher: reference,
    students: { optima: reference, all: reference, none: "a <unk> face" },
  };
}
