/** How tables write means over seeds and their intervals. */

import type { Estimate } from "../../../methods/stats/mod.ts";

/** A number with a real minus sign. */
export function signed(value: number, digits: number): string {
  return value.toFixed(digits).replace("-", "−");
}

/** "−0.31 (−0.36 to −0.26)". */
export function shown({ value, low, high }: Estimate, digits = 2): string {
  return low === undefined
    ? signed(value, digits)
    : `${signed(value, digits)} (${signed(low, digits)} to ${signed(high!, digits)})`;
}
