/** What several verdicts come to, and means over replicates. */

import assert from "node:assert/strict";
import { estimate, geometricEstimate, overallOutcome, tTest } from "../../../methods/stats/mod.ts";
import type { Outcome } from "../../../methods/stats/claim_decision.ts";

Deno.test("one refutation refutes, all must hold, and nothing shows nothing", () => {
  const of = (...verdicts: Outcome[]) => overallOutcome(verdicts.map((verdict) => ({ verdict })));
  assert.equal(of("reproduced", "reproduced"), "reproduced");
  assert.equal(of("reproduced", "inconclusive"), "inconclusive");
  assert.equal(of("inconclusive", "not reproduced", "reproduced"), "not reproduced");
  assert.equal(of(), "inconclusive");
});

Deno.test("estimates are means with t intervals, of logarithms for geometric ones", () => {
  const values = [1, 2, 4, 8];
  const { effect, interval } = tTest(values);
  assert.deepEqual(estimate(values), { value: effect, low: interval[0], high: interval[1] });
  assert.deepEqual(estimate([3]), { value: 3 });
  const { value, low, high } = geometricEstimate(values);
  assert.ok(Math.abs(value - Math.sqrt(8)) < 1e-12);
  assert.ok(Math.abs(low! * high! - 8) < 1e-9, "symmetric about the mean on a logarithmic scale");
});
