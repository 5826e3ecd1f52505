/**
 * Binomial and multinomial counts from a stream of uniforms. Counts are sufficient statistics of the
 * experiments here, so that a data set of a million comparisons costs a few draws.
 */

import type { Stream } from "../tensor/random.ts";

/**
 * A draw of Binomial(n, p).
 *
 * Exact: sequential inversion where the mean is small, else Hörmann's transformed rejection with
 * squeeze, BTRS (W. Hörmann, The generation of binomial random variates, J. Stat. Comput. Simul. 46,
 * 1993).
 *
 * @param n integer ≥ 0. @param p in [0, 1].
 * @throws RangeError outside these ranges.
 */
export function binomial(stream: Stream, n: number, p: number): number {
  if (!Number.isSafeInteger(n) || n < 0) throw new RangeError(`binomial: n is ${n}`);
  if (!(p >= 0 && p <= 1)) throw new RangeError(`binomial: p is ${p}`);
  if (n === 0 || p === 0) return 0;
  if (p === 1) return n;
  if (p > 0.5) return n - binomial(stream, n, 1 - p);
  return n * p < 10 ? byInversion(stream, n, p) : byRejection(stream, n, p);
}

/** Walks up the distribution function; expects n p < 10, so that P(0) does not underflow. */
function byInversion(stream: Stream, n: number, p: number): number {
  const odds = p / (1 - p);
  let mass = Math.exp(n * Math.log1p(-p));
  let u = stream.nextUniform();
  let k = 0;
  while (u >= mass && k < n) {
    u -= mass;
    k++;
    mass *= odds * (n - k + 1) / k;
  }
  return k;
}

function byRejection(stream: Stream, n: number, p: number): number {
  const deviation = Math.sqrt(n * p * (1 - p));
  // The constants of the paper's table; the hat is a transformed uniform about the centre.
  const b = 1.15 + 2.53 * deviation;
  const a = -0.0873 + 0.0248 * b + 0.01 * p;
  const centre = n * p + 0.5;
  const squeeze = 0.92 - 4.2 / b;
  const alpha = (2.83 + 5.1 / b) * deviation;
  const odds = p / (1 - p);
  const mode = Math.floor((n + 1) * p);
  for (;;) {
    const u = stream.nextUniform() - 0.5;
    const v = 1 - stream.nextUniform();
    const us = 0.5 - Math.abs(u);
    const k = Math.floor((2 * a / us + b) * u + centre);
    if (us >= 0.07 && v <= squeeze) return k;
    if (!(k >= 0 && k <= n)) continue;
    const level = Math.log(v * alpha / (a / (us * us) + b));
    const ratio = (mode + 0.5) * Math.log((mode + 1) / (odds * (n - mode + 1))) +
      (n + 1) * Math.log((n - mode + 1) / (n - k + 1)) +
      (k + 0.5) * Math.log(odds * (n - k + 1) / (k + 1)) +
      stirling(mode) + stirling(n - mode) - stirling(k) - stirling(n - k);
    if (level <= ratio) return k;
  }
}

/** log k! − [½ log 2π + (k + ½) log(k + 1) − (k + 1)]: the tail of Stirling's series at k + 1. */
function stirling(k: number): number {
  if (k < STIRLING.length) return STIRLING[k];
  const x = 1 / (k + 1);
  const xx = x * x;
  return x * (1 / 12 - xx * (1 / 360 - xx * (1 / 1260 - xx / 1680)));
}

const STIRLING = Float64Array.from({ length: 10 }, (_, k) => {
  let logFactorial = 0;
  for (let i = 2; i <= k; i++) logFactorial += Math.log(i);
  return logFactorial - (0.5 * Math.log(2 * Math.PI) + (k + 0.5) * Math.log(k + 1) - (k + 1));
});

/**
 * A draw of Multinomial(n, probabilities) by conditional binomials.
 *
 * @param probabilities non-negative, summing to 1 up to rounding.
 * @returns counts that sum to n.
 */
export function multinomial(
  stream: Stream,
  n: number,
  probabilities: ArrayLike<number>,
): Float64Array {
  const counts = new Float64Array(probabilities.length);
  let left = n;
  let mass = 0;
  for (let i = 0; i < probabilities.length; i++) mass += probabilities[i];
  for (let i = 0; i < probabilities.length && left > 0; i++) {
    const last = i === probabilities.length - 1;
    counts[i] = last ? left : binomial(stream, left, Math.min(1, probabilities[i] / mass));
    left -= counts[i];
    mass -= probabilities[i];
  }
  return counts;
}
