/** The corrected resampled t test. */

import assert from "node:assert/strict";
import { describe, it } from "@std/testing/bdd";
import { correctedTTest } from "../../../methods/stats/corrected_t.ts";
import { tTest } from "../../../methods/stats/paired_t.ts";

describe("correctedTTest()", () => {
  const differences = [0.1, -0.05, 0.2, 0.15, 0.02];

  it("widens the plain test's error by √(1 + J · test/train)", () => {
    const plain = tTest(differences),
      corrected = correctedTTest(differences, { train: 40, test: 10 });
    assert.equal(corrected.effect, plain.effect);
    assert.equal(corrected.df, 4);
    assert(Math.abs(plain.statistic / corrected.statistic - Math.sqrt(1 + 5 / 4)) < 1e-12);
    assert(corrected.p > plain.p);
  });

  it("tends to the plain test as the test part vanishes", () => {
    const plain = tTest(differences, { alternative: "greater" });
    const corrected = correctedTTest(differences, { train: 1e9, test: 1 }, {
      alternative: "greater",
    });
    assert(Math.abs(plain.p - corrected.p) < 1e-6);
  });

  it("refuses one split, and parts without items", () => {
    assert.throws(() => correctedTTest([1], { train: 2, test: 1 }), RangeError);
    assert.throws(() => correctedTTest(differences, { train: 0, test: 1 }), RangeError);
  });
});
