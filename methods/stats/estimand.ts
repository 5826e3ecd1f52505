/** Evaluates a claim's expression for one seed, and names the metric that is missing. */

import { parse } from "mathjs";
import type { MathNode } from "mathjs";

/** Metrics of one seed: nested records that end in numbers, read as `metric.condition.policy`. */
export interface MetricScope {
  readonly [name: string]: number | undefined | MetricScope;
}

/** The metrics of one replicate. */
export interface SeedMetrics {
  readonly seed: number;
  readonly scope: MetricScope;
}

/** An expression that was parsed; `paths` are the metrics that it reads. */
export interface Estimand {
  readonly text: string;
  readonly paths: readonly (readonly string[])[];
  /**
   * The value for one seed.
   * @throws Error naming the expression, the metric and the seed when one is missing or not finite.
   */
  evaluate(metrics: SeedMetrics): number;
}

/**
 * Parses `text`, e.g. `log(layer_loss.wasted.optima / layer_loss.wasted.random)`.
 * @throws Error with the expression and the parser's message for a syntax error.
 */
export function parseEstimand(text: string): Estimand {
  let node: MathNode;
  try {
    node = parse(text);
  } catch (error) {
    throw new Error(`The expression "${text}" cannot be parsed: ${(error as Error).message}`);
  }
  const paths: string[][] = [];
  node.traverse((child, _path, parent) => {
    if (child.type === "AccessorNode" && parent?.type !== "AccessorNode") {
      paths.push(child.toString().split("."));
    }
  });
  const code = node.compile();
  return {
    text,
    paths,
    evaluate({ seed, scope }) {
      for (const path of paths) requireMetric(text, path, seed, scope);
      const value: unknown = code.evaluate({ ...scope });
      if (typeof value !== "number" || !Number.isFinite(value)) {
        throw new Error(`The expression "${text}" gives ${value} for seed ${seed}, not a number`);
      }
      return value;
    },
  };
}

function requireMetric(
  text: string,
  path: readonly string[],
  seed: number,
  scope: MetricScope,
): void {
  let here: number | undefined | MetricScope = scope;
  path.forEach((name, depth) => {
    const inside: MetricScope = typeof here === "object" ? here : {};
    here = Object.hasOwn(inside, name) ? inside[name] : undefined;
    if (here === undefined) {
      const known = Object.keys(inside).join(", ") || "nothing";
      throw new Error(
        `The metric "${path.join(".")}" of the expression "${text}" is missing for seed ${seed}: ` +
          `no "${name}" in "${path.slice(0, depth).join(".") || "the metrics"}" (it has ${known})`,
      );
    }
  });
  if (typeof here !== "number") {
    throw new Error(`"${path.join(".")}" in the expression "${text}" is not a single metric`);
  }
  if (!Number.isFinite(here)) {
    throw new Error(
      `The metric "${path.join(".")}" of the expression "${text}" is ${here} for seed ${seed}`,
    );
  }
}
