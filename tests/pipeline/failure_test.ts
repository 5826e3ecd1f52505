/** Failures in words, and the nearest of several names. */

import assert from "node:assert/strict";
import { didYouMean, Failed, failureOf, nearest } from "../../pipeline/failure.ts";

Deno.test("Failed says where, what and how to mend", () => {
  const failure = { code: "x", message: "it is wrong", where: "a.ts:1:2", mend: "Mend it." };
  const error = new Failed(failure, { cause: "reason" });
  assert.equal(error.message, "a.ts:1:2: it is wrong\nMend it.");
  assert.equal(error.cause, "reason");
  assert.equal(failureOf(error), failure);
  assert.equal(failureOf(new Error("a defect")), null);
  assert.equal(new Failed({ code: "x", message: "it is wrong" }).message, "it is wrong");
});

Deno.test("nearest() finds typing mistakes and nothing far", () => {
  const names = ["small", "smoke", "paper", "lr"];
  const cases: [string, string | null][] = [
    ["smal", "small"],
    ["papre", "paper"],
    ["PAPER", "paper"],
    ["smoek", "smoke"],
    ["rl", "lr"],
    ["large", null],
    ["", null],
    ["xyz", null],
  ];
  for (const [typed, expected] of cases) assert.equal(nearest(typed, names), expected, typed);
  assert.equal(nearest("a", []), null);
});

Deno.test("didYouMean() is empty when nothing is near", () => {
  assert.equal(didYouMean("smal", ["small"]), ', did you mean "small"?');
  assert.equal(didYouMean("zzz", ["small"]), "");
});
