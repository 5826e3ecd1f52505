/** The unit in which amounts of computation are shown. */

const UNITS: readonly (readonly [number, string])[] = [
  [1e18, "EFLOP"],
  [1e15, "PFLOP"],
  [1e12, "TFLOP"],
  [1e9, "GFLOP"],
];

/** Divisor and name of the unit for amounts up to `flops`. */
export function computeUnit(flops: number): readonly [number, string] {
  return UNITS.find(([size]) => flops >= size) ?? [1e6, "MFLOP"];
}
