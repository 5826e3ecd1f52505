/** Results as a run might have given them, with planted effects. */

import type { MethodName, TunedScores } from "../../../methods/panda/replicate.ts";
import type { Curve } from "../../../methods/panda/studies.ts";
import type { GeneResult } from "../../../methods/panda/gene_study.ts";
import { stream } from "../../../methods/tensor/random.ts";
import type { Results } from "../../../stages/panda/collect.ts";

/** What is planted. */
export interface Planted {
  /** Slope of log λ̃* on log Δ, by method. */
  readonly slopes: Readonly<Record<"panda" | "lpd" | "adalda", number>>;
  /** PANDA's mean risk in model a. */
  readonly risk: number;
  readonly replicates: number;
}

const GRID = Array.from({ length: 60 }, (_, i) => 12 * (0.05 / 12) ** (i / 59));

function tuned(risk: number, l2: number): TunedScores {
  const scores = { risk, l2, auc: 0.88, truePositives: 2, selected: 5, precision: 0.4 };
  const smallest = { lambda: 0.5, scores };
  return { lambda: 1, validation: risk, scores, smallest, gap: 0, ties: 2, looked: 80 };
}

function curve(method: MethodName, scale: number, best: number): Curve {
  const l2 = GRID.map((lambda) => 0.5 + Math.log(lambda / best) ** 2);
  return { scale, delta: 3.78 * scale, size: scale, method, l2, risk: l2 };
}

function genes(replicates: number): GeneResult {
  const outcome = (error: number) => ({
    validation: 0,
    test: { largest: error, smallest: error, mean: error },
    lambda: { largest: 1, smallest: 0.5 },
    ties: 3,
  });
  return {
    classes: [{ name: "ALL", samples: 27 }, { name: "AML", samples: 11 }],
    genes: 5000,
    filtered: 3332,
    sizes: { train: 24, validation: 7, test: 7 },
    splits: Array.from({ length: replicates }, (_, seed) => ({
      seed,
      methods: { panda: outcome(0.1 + 0.01 * (seed % 3)), lpd: outcome(0.15 + 0.01 * (seed % 2)) },
    })),
  };
}

/** Results with what is planted, and noise that does not hide it. */
export function syntheticResults(planted: Planted): Results {
  const random = stream(1, "synthetic");
  const noise = (size: number) => size * random.nextNormal();
  const seeds = Array.from({ length: planted.replicates }, (_, i) => i + 1);
  return {
    cells: [{
      cell: "ar1_400_5",
      delta: 2.09,
      bayesRisk: 0.148,
      replicates: seeds.map((seed) => {
        const shared = noise(0.006);
        return {
          seed,
          methods: {
            panda: tuned(planted.risk + shared, 1.87 + noise(0.05)),
            lpd: tuned(0.2086 + shared + noise(0.001), 1.89 + noise(0.05)),
            adalda: tuned(0.2082 + shared + noise(0.001), 1.885 + noise(0.05)),
            adalda_printed: tuned(0.2173 + shared, 1.962 + noise(0.02)),
          },
        };
      }),
    }],
    sensitivity: [{
      model: "varying_diagonal",
      grid: GRID,
      replicates: seeds.map((seed) => ({
        seed,
        curves: [1, 2, 4].flatMap((scale) =>
          (["panda", "lpd", "adalda"] as const).map((method) =>
            curve(method, scale, 0.4 * scale ** planted.slopes[method] * Math.exp(noise(0.1)))
          )
        ),
      })),
    }],
    variations: {
      penalty: {
        penalties: [0.001, 0.01, 0.1, 1, 10, 100],
        replicates: seeds.map((seed) => ({
          seed,
          outcomes: [0.35, 0.22, 0.21, 0.204, 0.2036, 0.2035].map((r) => ({
            tuned: tuned(r + noise(0.001), 1.9),
            fixedRisk: r,
          })),
        })),
      },
      rate: {
        sizes: [100, 400],
        replicates: seeds.map((seed) => ({ seed, l2: [1, 0.5 * Math.exp(noise(0.02))] })),
      },
      theory: seeds.map((seed) => ({
        seed,
        c: 0.01,
        size: 0,
        tau: 0,
        l2: 2,
        risk: 0.5,
        slabOverMeans: 2.5,
      })),
    },
    leukemia: genes(planted.replicates),
    srbct: genes(planted.replicates),
  };
}
