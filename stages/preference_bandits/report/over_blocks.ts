/** Means over blocks with 95 % t intervals, and curves of them. */

import type { LinePoint } from "../../../methods/plot/mod.ts";
import type { StudyResult } from "../../../methods/preference_bandits/rating_study.ts";
import { estimate } from "../../../methods/stats/mod.ts";
import type { Estimate } from "../../../methods/stats/mod.ts";

/** A measure of one condition at one sample size, over blocks. */
export function estimateAt(result: StudyResult, measure: string, at: number): Estimate {
  return estimate(result.blocks.map((block) => block[at][measure]));
}

/** A measure over sample sizes as the points of a line. */
export function curve(result: StudyResult, measure: string, series: string): LinePoint[] {
  return result.sizes.map((x, at) => {
    const { value, low, high } = estimateAt(result, measure, at);
    return { series, x, y: value, low, high };
  });
}

/** A theoretical curve over the same sizes, or over many between them. */
export function theoryCurve(
  sizes: readonly number[],
  series: string,
  of: (n: number) => number,
): LinePoint[] {
  const steps = 60;
  const [first, last] = [sizes[0], sizes[sizes.length - 1]];
  return Array.from({ length: steps + 1 }, (_, i) => {
    const x = first * (last / first) ** (i / steps);
    return { series, x, y: of(x) };
  });
}

/** Points of a logarithmic axis: what has fallen to 0 cannot be drawn. */
export function positive(points: readonly LinePoint[]): LinePoint[] {
  return points.filter((p) => p.y > 0);
}

/** Points with their intervals cut to what an axis shows: few blocks give intervals that leave it. */
export function within(
  points: readonly LinePoint[],
  [low, high]: readonly [number, number],
): LinePoint[] {
  const cut = (y: number) => Math.min(high, Math.max(low, y));
  return points.map((p) => ({
    ...p,
    y: cut(p.y),
    low: p.low === undefined ? undefined : cut(p.low),
    high: p.high === undefined ? undefined : cut(p.high),
  }));
}

/** Sample sizes as text: 20, 5,120, 1.3 million. */
export function sizeText(n: number): string {
  return n >= 1e6 ? `${Number((n / 1e6).toPrecision(2))} million` : n.toLocaleString("en-US");
}

/** Labels of a logarithmic axis: powers of ten only, so that they do not crowd. */
export function decadeTick(x: number): string {
  const power = Math.log10(x);
  if (Math.abs(power - Math.round(power)) > 1e-9) return "";
  return x >= 1e4 || x < 1e-3 ? `10${superscript(Math.round(power))}` : `${x}`;
}

/** Labels of a linear axis without needless digits: 0.05, 0.1. */
export function plainTick(y: number): string {
  return String(Number(y.toFixed(6)));
}

/** Labels of a logarithmic axis over less than two decades: 1, 2 and 5 times a power of ten. */
export function denseTick(x: number): string {
  const digit = x / 10 ** Math.floor(Math.log10(x) + 1e-9);
  return [1, 2, 5].some((d) => Math.abs(digit - d) < 1e-9) ? `${x}` : "";
}

function superscript(n: number): string {
  return [...String(n)].map((c) => c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(c)]).join("");
}
