/** From students' traces and scores to the metrics that verdicts and figures read. */

import { CONDITION, type ConditionName } from "./condition.ts";
import type { Scores } from "./evaluate.ts";
import { type Module, MODULES } from "./modules.ts";
import type { Curve, MetricRow, Metrics, Pulls } from "./metrics.ts";
import { FIXED_MODULE, type PolicyName } from "./policies.ts";
import { interpolate } from "./scores.ts";
import type { DistillTrace } from "./train_student.ts";

/** One finished student. */
export interface Finished {
  readonly trace: DistillTrace & {
    readonly condition: ConditionName;
    readonly policy: PolicyName;
    readonly seed: number;
  };
  /** Held-out module losses over the whole test split, order of MODULES. */
  readonly losses: readonly number[];
  readonly scores: Scores;
}

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

/** Mean loss over the modules that matter in a condition. */
export function layerLoss(condition: ConditionName, losses: ArrayLike<number>): number {
  const { matter } = CONDITION[condition];
  return sum(matter.map((m) => losses[MODULES.indexOf(m)])) / matter.length;
}

/**
 * A student and OPTIMA's at the same compute: both read off their curves where the cheaper of the
 * two has ended. The curves' sample is carried over to the whole test split by its ratio there.
 */
function equalFlops(
  student: Finished,
  optima: Finished,
): Pick<MetricRow["metrics"], "layer_loss_equal_flops" | "optima_loss_equal_flops"> {
  const budget = Math.min(student.trace.flops, optima.trace.flops);
  const at = ({ trace: { condition, curve }, losses }: Finished) => {
    const sample = curve.losses.map((point) => layerLoss(condition, point));
    const scale = layerLoss(condition, losses) / sample[sample.length - 1];
    return scale * interpolate(curve.flops, sample, budget);
  };
  return { layer_loss_equal_flops: at(student), optima_loss_equal_flops: at(optima) };
}

/** Table, curves and pulls of all students. */
export function collect(
  students: readonly Finished[],
): Pick<Metrics, "table" | "curves" | "pulls"> {
  const cell = (f: Finished) => `${f.trace.condition}/${f.trace.seed}`;
  const cells = Map.groupBy(students, cell);
  const table: MetricRow[] = [], curves: Curve[] = [], pulls: Pulls[] = [];
  for (const finished of students) {
    const { trace, losses, scores } = finished;
    const { condition, policy, seed, curve } = trace;
    const peers = cells.get(cell(finished))!;
    const layer = curve.losses.map((point) => layerLoss(condition, point));
    const optima = peers.find((p) => p.trace.policy === "optima");
    const chosen = policy !== "all" && policy !== "none";
    const reward = sum(trace.rewards);
    const fixed = peers.filter((p) => p.trace.policy in FIXED_MODULE);
    table.push({
      seed,
      condition,
      policy,
      metrics: {
        layer_loss: layerLoss(condition, losses),
        ...(optima ? equalFlops(finished, optima) : {}),
        image_loss: losses[0],
        text_loss: losses[1],
        multimodal_loss: losses[2],
        ...scores,
        ...(chosen ? { cumulative_reward: reward } : {}),
        ...(chosen && fixed.length > 0
          ? { regret: Math.max(...fixed.map((p) => sum(p.trace.rewards))) - reward }
          : {}),
        flops: trace.flops,
        steps: trace.steps,
      },
    });
    const column = (k: number) => curve.losses.map((point) => point[k]);
    curves.push({
      seed,
      condition,
      policy,
      steps: curve.steps,
      flops: curve.flops,
      layer_loss: layer,
      image_loss: column(0),
      text_loss: column(1),
      multimodal_loss: column(2),
    });
    if (chosen) {
      pulls.push({
        seed,
        condition,
        policy,
        arms: trace.pulls.map((p) => MODULES.indexOf(p as Module)),
        rewards: trace.rewards,
      });
    }
  }
  return { table, curves, pulls };
}
