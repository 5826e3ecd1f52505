// Minimises over a few positive settings whose scale is unknown.

/** Steps between neighbours of the grid, as factors. */
const FACTORS = [4, 2];
/** No setting leaves this factor around its start. */
const REACH = 2 ** 12;

/**
 * Pattern search on a logarithmic grid (Hooke and Jeeves): from `start` to the better neighbour along
 * one axis after the other, with shorter steps when none is better. Deterministic; values are kept,
 * so that no place is tried twice. Where `f` throws a RangeError (a matrix that is not positive
 * definite), the place counts as infinitely bad.
 * @throws RangeError when no place that was tried has a value
 */
export function minimiseOnGrid(
  f: (at: readonly number[]) => number,
  start: readonly number[],
): { readonly at: readonly number[]; readonly value: number } {
  const known = new Map<string, number>();
  const value = (logs: readonly number[]): number => {
    const key = logs.map((v) => v.toFixed(3)).join();
    if (!known.has(key)) known.set(key, valueOrInfinity(f, logs.map((v) => 2 ** v)));
    return known.get(key)!;
  };
  const origin = start.map(Math.log2);
  let best = origin, least = value(origin);
  for (const factor of FACTORS) {
    const step = Math.log2(factor);
    for (let moved = true; moved;) {
      moved = false;
      for (let axis = 0; axis < start.length; axis++) {
        for (const side of [1, -1]) {
          const next = best.map((v, i) => i === axis ? v + side * step : v);
          if (Math.abs(next[axis] - origin[axis]) > Math.log2(REACH)) continue;
          const there = value(next);
          if (there < least) {
            [best, least, moved] = [next, there, true];
            break;
          }
        }
      }
    }
  }
  if (least === Infinity) throw new RangeError("no setting that was tried gives a value");
  return { at: best.map((v) => 2 ** v), value: least };
}

function valueOrInfinity(f: (at: readonly number[]) => number, at: readonly number[]): number {
  try {
    const value = f(at);
    return Number.isNaN(value) ? Infinity : value;
  } catch (error) {
    if (error instanceof RangeError) return Infinity;
    throw error;
  }
}
