/** Verdict rules of pre-registered claims. */

import assert from "node:assert/strict";
import { claimSchema } from "../../../methods/stats/claim.ts";
import type { Claim } from "../../../methods/stats/claim.ts";
import { evaluateClaims } from "../../../methods/stats/claims.ts";
import type { SeedMetrics } from "../../../methods/stats/estimand.ts";

const SMALL_NOISE = [0.01, -0.02, 0.015, -0.005, 0.02, -0.01, 0.003, -0.013];

/** Seeds with `loss.x.a = base + shift + noise` against `loss.x.b = base`. */
function seedsWith(shift: number, noise: readonly number[] = SMALL_NOISE): SeedMetrics[] {
  return noise.map((e, seed) => ({
    seed,
    scope: { loss: { x: { a: 1 + seed / 10 + shift + e, b: 1 + seed / 10 } } },
  }));
}

function claim(fields: Record<string, unknown> = {}): Claim {
  return claimSchema.parse({
    id: "c",
    kind: "superiority",
    statement: "a is less than b.",
    source: "[der]",
    estimand: "loss.x.a - loss.x.b",
    family: "f",
    inconclusive: "The seeds scatter.",
    ...(fields.kind === undefined || fields.kind === "superiority" ? { alternative: "less" } : {}),
    ...fields,
  });
}

function decide(c: Claim, seeds: SeedMetrics[]) {
  return evaluateClaims([c], seeds)[0].verdict;
}

Deno.test("superiority is reproduced when p < α in the claimed direction", () => {
  const verdict = decide(claim(), seedsWith(-0.1));
  assert.equal(verdict.verdict, "reproduced");
  assert.equal(verdict.p, 1 / 256);
  assert.ok(Math.abs(verdict.effect + 0.1) < 1e-12);
  assert.ok(verdict.interval[0] < -0.1 && verdict.interval[1] > -0.1 && verdict.interval[1] < 0);
  assert.equal(verdict.n, 8);
  assert.match(verdict.test, /exact sign-flip permutation test of paired differences, one-sided/);
});

Deno.test("superiority is not reproduced when the interval excludes the claimed direction", () => {
  const verdict = decide(claim(), seedsWith(+0.1));
  assert.equal(verdict.verdict, "not reproduced");
  assert.match(verdict.explanation, /excludes the claimed direction/);
});

Deno.test("superiority is inconclusive near zero, and not reproduced if that is shown to be negligible", () => {
  assert.equal(decide(claim(), seedsWith(0)).verdict, "inconclusive");
  assert.match(decide(claim(), seedsWith(0)).explanation, /Inconclusive: the seeds scatter\./);
  const wide = decide(claim({ negligible: 0.05 }), seedsWith(0));
  assert.equal(wide.verdict, "not reproduced");
  assert.match(wide.explanation, /too small to matter/);
  assert.equal(decide(claim({ negligible: 0.005 }), seedsWith(0)).verdict, "inconclusive");
});

Deno.test("a two-sided claim needs the effect on the side that it favours", () => {
  const c = claim({ alternative: "two-sided", favours: "less" });
  assert.equal(decide(c, seedsWith(-0.1)).verdict, "reproduced");
  assert.equal(decide(c, seedsWith(-0.1)).p, 2 / 256);
  assert.equal(decide(c, seedsWith(+0.1)).verdict, "not reproduced");
});

for (const kind of ["equivalence", "control"]) {
  Deno.test(`${kind}: inside the margin, outside it, across it`, () => {
    const c = claim({ kind, margin: 0.05 });
    assert.equal(decide(c, seedsWith(0)).verdict, "reproduced");
    assert.equal(decide(c, seedsWith(-0.2)).verdict, "not reproduced");
    assert.equal(decide(c, seedsWith(0.2)).verdict, "not reproduced");
    assert.equal(decide(c, seedsWith(0.05)).verdict, "inconclusive");
    assert.equal(decide(c, seedsWith(0)).control, kind === "control");
  });
}

Deno.test("noninferiority asks for one side only", () => {
  const c = claim({ kind: "noninferiority", margin: 0.05, alternative: "less" });
  assert.equal(decide(c, seedsWith(-0.5)).verdict, "reproduced");
  assert.equal(decide(c, seedsWith(0)).verdict, "reproduced");
  assert.equal(decide(c, seedsWith(0.05)).verdict, "inconclusive");
  assert.equal(decide(c, seedsWith(0.2)).verdict, "not reproduced");
  const gain = claim({ kind: "noninferiority", margin: 0.05, alternative: "greater" });
  assert.equal(decide(gain, seedsWith(0.5)).verdict, "reproduced");
  assert.equal(decide(gain, seedsWith(-0.2)).verdict, "not reproduced");
});

Deno.test("a relative margin follows the reference of each seed", () => {
  const c = claim({ kind: "equivalence", margin: { fraction: 0.05, of: "loss.x.b" } });
  const [{ evidence }] = evaluateClaims([c], seedsWith(0));
  assert.equal(evidence.region?.[1].toFixed(6), (0.05 * 1.35).toFixed(6));
  assert.equal(decide(c, seedsWith(0)).verdict, "reproduced");
});

Deno.test("log ratios are tested as logarithms and shown as relative changes", () => {
  const c = claim({
    estimand: "log(loss.x.a / loss.x.b)",
    scale: "log_ratio",
    negligible: "log(1.01)",
  });
  const seeds = SMALL_NOISE.map((e, seed) => ({
    seed,
    scope: { loss: { x: { a: 0.9 * Math.exp(e), b: 1 } } },
  }));
  const [{ verdict, evidence }] = evaluateClaims([c], seeds);
  assert.ok(Math.abs(verdict.effect - -0.1) < 1e-9);
  assert.match(verdict.explanation, /Mean −10\.0 %/);
  assert.equal(evidence.region?.[1].toFixed(9), "0.010000000");
  assert.ok(evidence.values.every((v) => v < -0.07 && v > -0.13));
});

Deno.test("Holm's correction runs within a family only", () => {
  const noisy = [0.4, -0.5, 0.3, -0.6, -0.2, 0.1, -0.3, 0.2];
  const claims = ["a", "b", "c"].map((id) => claim({ id, family: id === "c" ? "other" : "main" }));
  const [a, b, c] = evaluateClaims(claims, seedsWith(-0.4, noisy));
  assert.equal(a.verdict.p, 2 * a.evidence.rawP!);
  assert.equal(b.verdict.p, a.verdict.p);
  assert.equal(c.verdict.p, c.evidence.rawP);
  assert.match(a.verdict.test, /Holm over 2 claims \(main\)/);
  assert.doesNotMatch(c.verdict.test, /Holm/);
});

Deno.test("the correction can undo a verdict", () => {
  const noisy = [0.1, -0.3, -0.2, -0.4, 0.05, -0.1];
  const one = claim();
  const many = ["a", "b", "c", "d"].map((id) => claim({ id }));
  assert.equal(evaluateClaims([one], seedsWith(-0.06, noisy))[0].verdict.verdict, "reproduced");
  assert.equal(evaluateClaims(many, seedsWith(-0.06, noisy))[0].verdict.verdict, "inconclusive");
});

Deno.test("too few seeds leave every kind inconclusive, with the reason", () => {
  const few = seedsWith(-0.5).slice(0, 3);
  for (const c of [claim(), claim({ kind: "control", margin: 10 })]) {
    const verdict = decide(c, few);
    assert.equal(verdict.verdict, "inconclusive");
    assert.match(verdict.explanation, /3 seeds are too few.*at least 6/);
  }
  const single = decide(claim(), seedsWith(-0.5).slice(0, 1));
  assert.equal(single.verdict, "inconclusive");
  assert.equal(single.p, 1);
  assert.match(single.explanation, /at least two seeds/);
  assert.equal(decide(claim(), []).n, 0);
});

Deno.test("verdicts hold only numbers that JSON can carry", () => {
  const equalSeeds = seedsWith(-0.1, new Array(8).fill(0)).map((s) => ({
    ...s,
    scope: { loss: { x: { a: 0.5, b: 1 } } },
  }));
  for (const seeds of [equalSeeds, equalSeeds.slice(0, 1), []]) {
    for (const c of [claim(), claim({ kind: "equivalence", margin: 0.1 })]) {
      const verdict = decide(c, seeds);
      assert.deepEqual(JSON.parse(JSON.stringify(verdict)), verdict);
      assert.ok(
        [verdict.statistic, verdict.p, verdict.effect, ...verdict.interval].every(Number.isFinite),
      );
    }
  }
});

Deno.test("a missing metric is an error that names claim, path, seed and what there is", () => {
  const c = claim({ estimand: "loss.x.aa - loss.x.b" });
  assert.throws(
    () => evaluateClaims([c], seedsWith(0)),
    /Claim "c": The metric "loss\.x\.aa".*missing for seed 0.*no "aa" in "loss\.x" \(it has a, b\)/,
  );
  assert.throws(
    () => decide(claim({ estimand: "lss.x.a" }), seedsWith(0)),
    /no "lss" in "the metrics"/,
  );
  assert.throws(
    () => decide(claim({ estimand: "loss.x - 1" }), seedsWith(0)),
    /not a single metric/,
  );
  assert.throws(() => decide(claim({ estimand: "loss.x.toString" }), seedsWith(0)), /missing/);
});

Deno.test("a metric that is not finite, and an expression that gives none, are errors", () => {
  const bad = [{ seed: 4, scope: { loss: { x: { a: NaN, b: 1 } } } }];
  assert.throws(() => decide(claim(), bad), /"loss\.x\.a".*is NaN for seed 4/);
  const zero = [{ seed: 4, scope: { loss: { x: { a: 0, b: 1 } } } }];
  assert.throws(() => decide(claim({ estimand: "log(loss.x.a)" }), zero), /-Infinity for seed 4/);
  assert.throws(() => decide(claim({ estimand: "loss.x.a -" }), bad), /cannot be parsed/);
});

Deno.test("metrics that the run leaves out on purpose make a claim inconclusive, outside Holm", () => {
  const claims = [claim({ id: "a" }), claim({ id: "b", estimand: "loss.x.absent - loss.x.b" })];
  const [a, b] = evaluateClaims(claims, seedsWith(-0.1), {
    absent: (path) =>
      path[2] === "absent" ? 'the policy "absent" is not part of this preset' : null,
  });
  assert.equal(a.verdict.p, a.evidence.rawP);
  assert.equal(b.verdict.verdict, "inconclusive");
  assert.match(b.verdict.explanation, /Not tested: the policy "absent" is not part/);
  assert.equal(b.evidence.interval, null);
});
