/** Verdicts of claims against printed numbers, of trends and of shares; claims over several studies. */

import assert from "node:assert/strict";
import { claimSchema } from "../../../methods/stats/claim.ts";
import type { Claim } from "../../../methods/stats/claim.ts";
import { evaluateClaims, evaluateStudies } from "../../../methods/stats/claims.ts";
import type { SeedMetrics } from "../../../methods/stats/estimand.ts";

const NOISE = [0.01, -0.02, 0.015, -0.005, 0.02, -0.01, 0.003, -0.013];

function claim(fields: Record<string, unknown>): Claim {
  return claimSchema.parse({
    id: "c",
    statement: "It holds.",
    source: "[der]",
    family: "f",
    inconclusive: "The seeds scatter.",
    ...fields,
  });
}

/** One replicate for each row: `m.a`, `m.b`, … in the order of the row. */
function replicates(rows: readonly (readonly number[])[]): SeedMetrics[] {
  return rows.map((row, seed) => ({
    seed,
    scope: { m: Object.fromEntries(row.map((v, i) => ["abcdefgh"[i], v])) },
  }));
}

const match = (fields: Record<string, unknown> = {}) =>
  claim({
    kind: "match",
    estimand: "m.a",
    published: { value: 1, sd: 0.02, n: 100 },
    precision: 0.01,
    ...fields,
  });

Deno.test("a match is reproduced near the printed mean, refused away from it, open when vague", () => {
  const near = replicates(NOISE.map((e) => [1.001 + e]));
  const [{ verdict, evidence }] = evaluateClaims([match()], near);
  assert.equal(verdict.verdict, "reproduced");
  assert.ok(verdict.p > 0.5);
  assert.match(verdict.test, /z test against the printed mean 1\.000 \(sd 0\.0200, n = 100\)/);
  assert.equal(evidence.reference, 1);
  assert.ok(Math.abs(evidence.region![1] - (1 + 1.96 * 0.002)) < 1e-5);
  const far = replicates(NOISE.map((e) => [1.05 + e]));
  assert.equal(evaluateClaims([match()], far)[0].verdict.verdict, "not reproduced");
  const vague = evaluateClaims([match({ precision: 0.001 })], near)[0].verdict;
  assert.equal(vague.verdict, "inconclusive");
});

Deno.test("matches stand outside Holm's correction", () => {
  const rows = replicates(NOISE.map((e) => [1.014 + e, e]));
  const rival = claim({ id: "d", kind: "superiority", estimand: "m.b", alternative: "less" });
  const alone = evaluateClaims([match()], rows)[0].verdict;
  const [together, other] = evaluateClaims([match(), rival], rows);
  assert.equal(together.verdict.p, alone.p);
  assert.equal(alone.verdict, "not reproduced");
  assert.equal(other.verdict.p, evaluateClaims([rival], rows)[0].verdict.p);
});

const trend = (alternative: string) =>
  claim({ kind: "trend", estimands: ["m.a", "m.b", "m.c", "m.d"], alternative });

Deno.test("a trend is reproduced in its order, refused in the other, open without one", () => {
  const rising = replicates(NOISE.map((e, i) => [i, i + 1 + e, i + 2, i + 3 - e]));
  const up = evaluateClaims([trend("increasing")], rising)[0].verdict;
  assert.equal(up.verdict, "reproduced");
  assert.equal(up.effect, 1);
  assert.ok(Math.abs(up.p - 24 ** -8) < 1e-15);
  assert.equal(evaluateClaims([trend("decreasing")], rising)[0].verdict.verdict, "not reproduced");
  const flat = replicates(NOISE.map((_, i) => i % 2 ? [4, 3, 2, 1] : [1, 2, 3, 4]));
  assert.equal(evaluateClaims([trend("increasing")], flat)[0].verdict.verdict, "inconclusive");
});

Deno.test("a share is tested exactly, and anything but 0 and 1 is refused", () => {
  const bound = claim({ kind: "proportion", estimand: "m.a", alternative: "greater", share: 0.9 });
  const share = (ones: number) =>
    evaluateClaims(
      [bound],
      replicates(Array.from({ length: 100 }, (_, i) => [i < ones ? 1 : 0])),
    )[0]
      .verdict;
  assert.equal(share(99).verdict, "reproduced");
  assert.equal(share(99).effect, 0.99);
  assert.equal(share(92).verdict, "inconclusive");
  assert.equal(share(60).verdict, "not reproduced");
  assert.match(share(99).test, /exact binomial test of a share above 0\.900.*Clopper–Pearson/);
  assert.throws(
    () => evaluateClaims([bound], replicates([[1], [0.5]])),
    /Claim "c": the expression "m\.a" must be 0 or 1, got 0\.5/,
  );
});

Deno.test("each claim reads its own study; families reach over studies", () => {
  const low = (id: string, study: string | undefined) =>
    claim({ id, study, kind: "superiority", estimand: "m.a", alternative: "less" });
  const studies = {
    small: { replicates: replicates(NOISE.map((e) => [e - 1])) },
    large: {
      replicates: [],
      leftOut: [{ path: "", because: "this preset has no large study" }],
    },
  };
  const [a, b] = evaluateStudies([low("a", "small"), low("b", "large")], studies);
  assert.equal(a.verdict.verdict, "reproduced");
  assert.equal(b.verdict.verdict, "inconclusive");
  assert.match(b.verdict.explanation, /this preset has no large study/);
  const { p } = evaluateStudies([low("a", "small"), low("b", "small")], studies)[0].verdict;
  assert.equal(p, 2 * a.verdict.p);
  assert.throws(
    () => evaluateStudies([low("a", "middle")], studies),
    /Claim "a": names the study "middle"; the run has small, large/,
  );
  assert.throws(() => evaluateStudies([low("a", undefined)], studies), /names no study/);
  const only = { small: studies.small };
  assert.equal(evaluateStudies([low("a", undefined)], only)[0].verdict.verdict, "reproduced");
});
