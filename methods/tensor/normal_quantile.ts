// The inverse of the normal distribution function, by which uniform numbers become normal ones.

/** Coefficients of algorithm AS 241 (PPND16), M. J. Wichura, Applied Statistics 37 (1988). */
const CENTRE_NUMERATOR = [
  2509.0809287301226727,
  33430.575583588128105,
  67265.770927008700853,
  45921.953931549871457,
  13731.693765509461125,
  1971.5909503065514427,
  133.14166789178437745,
  3.387132872796366608,
];
const CENTRE_DENOMINATOR = [
  5226.495278852545925,
  28729.085735721942674,
  39307.89580009271061,
  21213.794301586595867,
  5394.1960214247511077,
  687.1870074920579083,
  42.313330701600911252,
  1,
];
const MIDDLE_NUMERATOR = [
  7.7454501427834140764e-4,
  0.0227238449892691845833,
  0.24178072517745061177,
  1.27045825245236838258,
  3.64784832476320460504,
  5.7694972214606914055,
  4.6303378461565452959,
  1.42343711074968357734,
];
const MIDDLE_DENOMINATOR = [
  1.05075007164441684324e-9,
  5.475938084995344946e-4,
  0.0151986665636164571966,
  0.14810397642748007459,
  0.68976733498510000455,
  1.6763848301838038494,
  2.05319162663775882187,
  1,
];
const TAIL_NUMERATOR = [
  2.01033439929228813265e-7,
  2.71155556874348757815e-5,
  0.0012426609473880784386,
  0.026532189526576123093,
  0.29656057182850489123,
  1.7848265399172913358,
  5.4637849111641143699,
  6.6579046435011037772,
];
const TAIL_DENOMINATOR = [
  2.04426310338993978564e-15,
  1.4215117583164458887e-7,
  1.8463183175100546818e-5,
  7.868691311456132591e-4,
  0.0148753612908506148525,
  0.13692988092273580531,
  0.59983220655588793769,
  1,
];

function ratio(numerator: readonly number[], denominator: readonly number[], x: number): number {
  let top = 0, bottom = 0;
  for (let i = 0; i < 8; i++) {
    top = top * x + numerator[i];
    bottom = bottom * x + denominator[i];
  }
  return top / bottom;
}

/**
 * Inverse of the standard normal distribution function, by AS 241 (relative error about 1e-16).
 * Rational in the centre; the tails need only `log` and `sqrt`, so results do not hang on a
 * platform's trigonometry.
 *
 * @param probability in (0, 1); 0 and 1 give −∞ and +∞.
 */
export function normalQuantile(probability: number): number {
  const centred = probability - 0.5;
  if (Math.abs(centred) <= 0.425) {
    const x = 0.180625 - centred * centred;
    return centred * ratio(CENTRE_NUMERATOR, CENTRE_DENOMINATOR, x);
  }
  const tail = centred < 0 ? probability : 1 - probability;
  if (tail <= 0) return centred < 0 ? -Infinity : Infinity;
  const r = Math.sqrt(-Math.log(tail));
  const magnitude = r <= 5
    ? ratio(MIDDLE_NUMERATOR, MIDDLE_DENOMINATOR, r - 1.6)
    : ratio(TAIL_NUMERATOR, TAIL_DENOMINATOR, r - 5);
  return centred < 0 ? -magnitude : magnitude;
}

/**
 * P(Z > x) of a standard normal Z, by bisection of the quantile (exact to 1e-16).
 *
 * @param x positive.
 * @throws RangeError otherwise.
 */
export function normalTail(x: number): number {
  if (!(x > 0)) throw new RangeError(`truncation bound ${x} must be positive`);
  let low = 0, high = 0.5;
  for (let i = 0; i < 200 && low < high; i++) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (-normalQuantile(middle) > x) low = middle;
    else high = middle;
  }
  return high;
}
