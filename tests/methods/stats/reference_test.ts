/** methods/stats against SciPy (values by tests/reference/stats.py). */

import assert from "node:assert/strict";
import {
  binomialTest,
  hodgesLehmann,
  holm,
  mean,
  normalCdf,
  normalQuantile,
  pageTest,
  quantile,
  signFlipTest,
  slope,
  standardDeviation,
  tCdf,
  tost,
  tQuantile,
  tTest,
  wilcoxonSignedRank,
} from "../../../methods/stats/mod.ts";
import reference from "../../reference/stats.json" with { type: "json" };

/** jstat's incomplete beta function is good to about 2e-8 near the middle. */
function assertClose(actual: number, expected: number, what: string, tolerance = 5e-8) {
  const gap = Math.abs(actual - expected);
  assert.ok(
    gap <= tolerance * Math.max(1, Math.abs(expected)),
    `${what}: ${actual}, SciPy ${expected}`,
  );
}

const ALTERNATIVES = ["two-sided", "less", "greater"] as const;

for (const [name, r] of Object.entries(reference.samples)) {
  Deno.test(`sample "${name}": moments, t test and interval agree with SciPy`, () => {
    assertClose(mean(r.values), r.mean, "mean", 1e-14);
    assertClose(standardDeviation(r.values), r.sd, "sd", 1e-14);
    for (const alternative of ALTERNATIVES) {
      assertClose(tTest(r.values, { alternative }).p, r.t_p[alternative], `p ${alternative}`);
    }
    const t = tTest(r.values);
    assertClose(t.statistic, r.t, "t", 1e-12);
    assertClose(t.interval[0], r.interval[0], "interval, lower");
    assertClose(t.interval[1], r.interval[1], "interval, upper");
  });

  Deno.test(`sample "${name}": sign flip and signed ranks agree with SciPy's permutation test`, () => {
    for (const alternative of ALTERNATIVES) {
      const flip = signFlipTest(r.values, { alternative });
      assertClose(flip.p, r.sign_flip_p[alternative], `sign flip ${alternative}`, 1e-14);
      assert.equal(flip.patterns, 2 ** r.values.length);
      const ranks = wilcoxonSignedRank(r.values, { alternative });
      assertClose(ranks.p, r.wilcoxon_p[alternative], `ranks ${alternative}`, 1e-14);
      assertClose(ranks.statistic, r.wilcoxon_statistic, "rank sum", 1e-14);
    }
  });

  Deno.test(`sample "${name}": TOST and Hodges-Lehmann agree with SciPy`, () => {
    const result = tost(r.values, r.tost_margin);
    assertClose(result.pAbove, r.tost[0], "above");
    assertClose(result.pBelow, r.tost[1], "below");
    assert.equal(result.p, Math.max(result.pAbove, result.pBelow));
    assertClose(hodgesLehmann(r.values), r.hodges_lehmann, "Hodges-Lehmann", 1e-14);
  });
}

Deno.test("the t distribution agrees with SciPy", () => {
  for (const [t, df, p] of reference.t_cdf) assertClose(tCdf(t, df), p, `cdf(${t}, ${df})`);
  for (const [p, df, t] of reference.t_quantile) {
    assertClose(tQuantile(p, df), t, `quantile(${p}, ${df})`, 1e-7);
  }
  const [t, df, p] = reference.t_cdf.find(([t, df]) => t === -25 && df === 30)!;
  assert.ok(Math.abs(tCdf(t, df) / p - 1) < 1e-6, "relative precision in the tail");
});

Deno.test("Holm, slope and quantile agree with NumPy and SciPy", () => {
  holm(reference.holm.p).forEach((v, i) => {
    assertClose(v, reference.holm.adjusted[i], `holm ${i}`, 1e-14);
  });
  assertClose(slope(reference.slope.x, reference.slope.y), reference.slope.value, "slope", 1e-13);
  for (const [p, value] of reference.quantile) {
    assertClose(quantile(reference.slope.y, p), value, `quantile ${p}`, 1e-13);
  }
});

Deno.test("the normal distribution agrees with SciPy", () => {
  for (const [z, p] of reference.normal_cdf) assertClose(normalCdf(z), p, `cdf(${z})`);
  for (const [p, z] of reference.normal_quantile) {
    assertClose(normalQuantile(p), z, `quantile(${p})`, 1e-7);
  }
});

for (const { rows, L, p, method } of reference.page) {
  Deno.test(`Page's test of ${rows.length} × ${rows[0].length} agrees with SciPy (${method})`, () => {
    const ours = pageTest(rows);
    assert.equal(ours.statistic, L);
    // SciPy has no exact distribution with ties; ours is exact and near its approximation.
    const close = method === "exact" || !ours.exact;
    assertClose(ours.p, p, "p", close ? (ours.exact ? 1e-12 : 2e-3) : 2e-2);
    const rotated = pageTest(rows.map((row) => row.toReversed()));
    assert.ok(rotated.p > ours.p);
  });
}

Deno.test("the binomial test and its interval agree with SciPy", () => {
  for (const [k, n, q, less, greater, low, high] of reference.binomial) {
    const what = `${k} of ${n} against ${q}`;
    assertClose(binomialTest(k, n, q, { alternative: "less" }).p, less, `${what}, less`);
    const ours = binomialTest(k, n, q, { alternative: "greater" });
    assertClose(ours.p, greater, `${what}, greater`);
    assertClose(ours.interval[0], low, `${what}, low`, 1e-6);
    assertClose(ours.interval[1], high, `${what}, high`, 1e-6);
  }
  assert.throws(() => binomialTest(5, 4, 0.5, { alternative: "less" }), /5 successes of 4 trials/);
});
