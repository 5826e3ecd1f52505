/** Sections about training: loss curves, choices of modules, regret. */

import { figure, lineChart, markup, styleOf } from "../../../methods/plot/mod.ts";
import type { LinePoint, Panel } from "../../../methods/plot/mod.ts";
import { formatNumber } from "../../../methods/stats/format.ts";
import { estimate, mean } from "../../../methods/stats/mod.ts";
import type { Curve, Metrics, Pulls } from "../../../methods/optima/metrics.ts";
import { conditionTitle, FIXED, MODULE_STYLES, POLICY_STYLES } from "./names.ts";
import { estimateCurve } from "./over_seeds.ts";
import { computeUnit } from "./compute_unit.ts";
import { regretCurves } from "./regret.ts";
import type { Section } from "../../common/section.ts";

const WINDOWS = 10;

/** Held-out layer loss by steps and by FLOPs, one panel for each condition. */
export function curvesSection(metrics: Metrics): Section {
  const [flopsUnit, flopsName] = computeUnit(
    Math.max(...metrics.curves.flatMap((curve) => curve.flops)),
  );
  const panels = (axis: "steps" | "flops"): Panel[] =>
    metrics.conditions.map((condition) => {
      const points = metrics.policies.flatMap((policy) => {
        const curves = metrics.curves.filter((c) =>
          c.condition === condition && c.policy === policy
        );
        return curves.length === 0 ? [] : curvePoints(policy, curves, axis, flopsUnit);
      });
      return {
        title: conditionTitle(condition),
        chart: lineChart({
          label: `Held-out layer loss against ${axis} in the condition ${condition}, by policy`,
          points,
          styles: POLICY_STYLES,
          xLabel: axis === "steps" ? "optimiser steps" : `training compute (${flopsName})`,
          yLabel: "held-out layer loss (log)",
          yScale: "log",
          yTickFormat: (y) => `${y}`,
        }),
      };
    });
  const legend = metrics.policies.map((policy) => styleOf(POLICY_STYLES, policy));
  return {
    id: "curves",
    title: "Held-out layer loss during training",
    html: markup`${
      figure({
        panels: panels("steps"),
        legend,
        caption:
          "By optimiser steps: mean over seeds and its 95 % interval. The intervals hold the " +
          "spread that policies of one seed share; the paired differences above do not.",
      })
    }${
      figure({
        panels: panels("flops"),
        legend,
        caption:
          "The same by training compute, counted from the traced programs. Distilling all modules " +
          "costs more for each step, not three times as much: the forward pass is shared.",
      })
    }`,
  };
}

function curvePoints(
  policy: string,
  curves: readonly Curve[],
  axis: "steps" | "flops",
  flopsUnit: number,
): LinePoint[] {
  const x = curves[0][axis].map((_, i) =>
    axis === "steps" ? curves[0].steps[i] : mean(curves.map((c) => c.flops[i])) / flopsUnit
  );
  return estimateCurve(curves.map((c) => c.layer_loss)).map(({ value, low, high }, i) => ({
    series: policy,
    x: x[i],
    y: value,
    low,
    high,
  }));
}

/** Shares of the modules among the pulls of each tenth of training. */
export function choicesSection(metrics: Metrics): Section | null {
  const shown = ["optima", "optima_undiscounted"].filter((policy) =>
    metrics.pulls.some((p) => p.policy === policy)
  );
  if (shown.length === 0) return null;
  const panels = shown.flatMap((policy) =>
    metrics.conditions.map((condition): Panel => {
      const runs = metrics.pulls.filter((p) => p.condition === condition && p.policy === policy);
      return {
        title: `${styleOf(POLICY_STYLES, policy).label}, ${condition}`,
        chart: lineChart({
          label: `Share of pulls of each module over training, ${policy}, condition ${condition}`,
          points: sharePoints(metrics.arms, runs),
          styles: MODULE_STYLES,
          xLabel: "pull",
          yLabel: "share of pulls",
          yDomain: [0, 1],
          yTickFormat: (y) => `${Math.round(100 * y)} %`,
          reference: 1 / metrics.arms.length,
          height: 190,
        }),
      };
    })
  );
  return {
    id: "choices",
    title: "Which modules are distilled",
    html: figure({
      panels,
      legend: metrics.arms.map((arm) => styleOf(MODULE_STYLES, arm)),
      caption:
        `Share of each module among the pulls of each tenth of training: mean over seeds and ` +
        `its 95 % interval. Dotted: an even share. With γ = 1 old rewards are never forgotten.`,
    }),
  };
}

function sharePoints(arms: readonly string[], runs: readonly Pulls[]): LinePoint[] {
  const length = Math.min(...runs.map((run) => run.arms.length));
  const windows = Math.max(1, Math.min(WINDOWS, length));
  return arms.flatMap((series, arm) =>
    Array.from({ length: windows }, (_, w): LinePoint => {
      const from = Math.floor((length * w) / windows);
      const to = Math.floor((length * (w + 1)) / windows);
      const shares = runs.map((run) =>
        run.arms.slice(from, to).filter((a) => a === arm).length / (to - from)
      );
      const { value, low, high } = estimate(shares);
      return {
        series,
        x: (from + to) / 2,
        y: value,
        low: low === undefined ? undefined : Math.max(0, low),
        high: high === undefined ? undefined : Math.min(1, high),
      };
    })
  );
}

/** Cumulative regret against the best fixed module in hindsight. */
export function regretSection(metrics: Metrics): Section | null {
  const policies = metrics.policies.filter((policy) =>
    !FIXED.includes(policy) && metrics.pulls.some((p) => p.policy === policy)
  );
  const panels = metrics.conditions.flatMap((condition): Panel[] => {
    const points = policies.flatMap((policy) => {
      const curves = regretCurves(metrics.pulls, condition, policy, FIXED);
      if (curves.length === 0) return [];
      const length = Math.min(...curves.map((c) => c.length));
      const stride = Math.max(1, Math.floor(length / 50));
      const kept = Array.from(
        { length: Math.ceil(length / stride) },
        (_, i) => Math.min(length - 1, (i + 1) * stride - 1),
      );
      return estimateCurve(curves.map((c) => kept.map((i) => c[i]))).map(
        ({ value, low, high }, i): LinePoint => ({
          series: policy,
          x: kept[i] + 1,
          y: value,
          low,
          high,
        }),
      );
    });
    if (points.length === 0) return [];
    return [{
      title: conditionTitle(condition),
      chart: lineChart({
        label: `Cumulative regret by pull in the condition ${condition}, by policy`,
        points,
        styles: POLICY_STYLES,
        xLabel: "pull",
        yLabel: "cumulative regret",
        reference: 0,
        bands: ["optima", "random"],
        yTickFormat: (y) => formatNumber(y, 2),
      }),
    }];
  });
  if (panels.length === 0) return null;
  return {
    id: "regret",
    title: "Regret",
    html: figure({
      panels,
      legend: policies.map((policy) => styleOf(POLICY_STYLES, policy)),
      caption:
        "Reward of the best single module of the same seed, chosen in hindsight, minus the " +
        "policy's, summed over pulls: mean over seeds, for OPTIMA and random with its 95 % interval. Below zero, the policy " +
        "earned more than any single module. Rewards depend on what was distilled before, so this is " +
        "a diagnostic, not the regret of a textbook bandit.",
    }),
  };
}
