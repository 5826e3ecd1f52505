/** Holm's correction for several tests. */

/**
 * Adjusted p values, in the order given: compare each with α to keep the chance of any false
 * rejection in the family at or below α, whatever the dependence between the tests.
 *
 * @throws RangeError for a value outside [0, 1].
 * Source: Holm (1979), jstor.org/stable/4615733.
 */
export function holm(p: readonly number[]): number[] {
  const bad = p.find((v) => !(v >= 0 && v <= 1));
  if (bad !== undefined) throw new RangeError(`holm: ${bad} is not a p value`);
  const order = p.map((_, i) => i).sort((a, b) => p[a] - p[b]);
  const adjusted = new Array<number>(p.length);
  let largest = 0;
  order.forEach((index, rank) => {
    largest = Math.max(largest, Math.min(1, (p.length - rank) * p[index]));
    adjusted[index] = largest;
  });
  return adjusted;
}
