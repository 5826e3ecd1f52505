/** The reader of claims. */

import assert from "node:assert/strict";
import { Failed } from "../../../pipeline/failure.ts";
import { parseClaims } from "../../../stages/common/claims.ts";

/** A claim as YAML, with some fields replaced (undefined drops one). */
function claimText(changes: Record<string, string | undefined> = {}): string {
  const fields: Record<string, string | undefined> = {
    id: "first",
    kind: "superiority",
    statement: "A is less than B.",
    source: '"[der]"',
    estimand: "loss.even.a - loss.even.b",
    alternative: "less",
    family: "main",
    inconclusive: "Too noisy.",
    ...changes,
  };
  const lines = Object.entries(fields).filter(([, v]) => v !== undefined)
    .map(([k, v]) => `${k}: ${v}`);
  return `- ${lines.join("\n  ")}\n`;
}

function failureOf(text: string): Failed["failure"] {
  try {
    parseClaims(text, "claims.yaml");
  } catch (error) {
    assert.ok(error instanceof Failed);
    return error.failure;
  }
  throw new Error("parsed without a problem");
}

Deno.test("parseClaims applies defaults", () => {
  const [claim] = parseClaims(claimText(), "claims.yaml");
  assert.equal(claim.alpha, 0.05);
  assert.equal(claim.scale, "difference");
  assert.equal(claim.minimum_n, 6);
  assert.equal(claim.paper, null);
});

Deno.test("parseClaims names file, line, claim and field of a bad value", () => {
  const failure = failureOf(claimText({ alpha: "0.7" }));
  assert.equal(failure.code, "claims-invalid");
  assert.match(failure.where ?? "", /^claims\.yaml:9:\d+$/);
  assert.match(failure.message, /claim "first": alpha: /);
});

Deno.test("parseClaims refuses unknown and missing fields, and fields of another kind", () => {
  assert.match(failureOf(claimText({ famly: "main" })).message, /"famly"/);
  assert.match(failureOf(claimText({ family: undefined })).message, /family: /);
  assert.match(failureOf(claimText({ kind: "equivalence" })).message, /margin: /);
  assert.match(failureOf(claimText({ kind: "hunch" })).message, /kind: /);
  assert.match(failureOf(claimText({ alternative: "two-sided" })).message, /favours: /);
});

Deno.test("parseClaims refuses an id that is used twice", () => {
  assert.match(failureOf(claimText() + claimText()).message, /id: "first" is used twice/);
});

Deno.test("parseClaims reports broken YAML", () => {
  const failure = failureOf("- id: [");
  assert.equal(failure.code, "claims-syntax");
  assert.match(failure.where!, /^claims\.yaml:\d+:\d+$/);
});
