/** Half of an interval's width behind its value, as the tables of reports have it. */

import { type Markup, markup } from "../../methods/plot/mod.ts";
import { formatNumber } from "../../methods/stats/format.ts";

/** ` ± half of the interval`, small; null where there is none (one seed). */
export function halfWidth({ value, high }: { value: number; high?: number }): Markup | null {
  return high === undefined ? null : markup` <small>± ${formatNumber(high - value, 2)}</small>`;
}
