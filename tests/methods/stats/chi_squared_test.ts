/** χ² quantiles against `scipy.stats.chi2.ppf(p, df)` (SciPy 1.17). */

import assert from "node:assert/strict";
import { chiSquaredQuantile } from "../../../methods/stats/mod.ts";

const SCIPY: readonly (readonly [p: number, df: number, x: number])[] = [
  [0.05, 1, 0.003932140000019522],
  [0.5, 1, 0.454936423119572],
  [0.9, 1, 2.705543454095404],
  [0.99, 1, 6.6348966010212145],
  [0.05, 2, 0.10258658877510106],
  [0.5, 2, 1.386294361119891],
  [0.9, 2, 4.605170185988092],
  [0.99, 2, 9.21034037197618],
  [0.05, 4, 0.7107230213973239],
  [0.5, 4, 3.3566939800333224],
  [0.9, 4, 7.779440339734858],
  [0.99, 4, 13.276704135987622],
  [0.05, 16, 7.9616455723785515],
  [0.5, 16, 15.338498885001608],
  [0.9, 16, 23.541828923096105],
  [0.99, 16, 31.999926908815176],
];

Deno.test("χ² quantiles agree with SciPy", () => {
  for (const [p, df, x] of SCIPY) {
    const found = chiSquaredQuantile(p, df);
    assert.ok(Math.abs(found / x - 1) < 1e-6, `quantile(${p}, ${df}): ${found}, SciPy ${x}`);
  }
});
