/** A short run of the fuzzer; `deno task fuzz` is the long one. */

import assert from "node:assert/strict";
import { describe, it } from "@std/testing/bdd";
import { flipBits, fuzz, fuzzForged, specimens } from "./bag_fuzz.ts";

describe("damaged bags", () => {
  it("are refused or give the right content", async () => {
    const { mutations, refused, harmless, defects } = await fuzz(600, 1);
    assert.deepEqual(defects, []);
    assert.equal(refused + harmless, mutations);
    assert.ok(refused > 400 && harmless > 5, `${refused} refused, ${harmless} harmless`);
  });

  it("are refused or give what they say when they are forged", async () => {
    const { mutations, refused, harmless, defects } = await fuzzForged(600, 1);
    assert.deepEqual(defects, []);
    assert.equal(refused + harmless, mutations);
    assert.ok(refused > 300 && harmless > 20, `${refused} refused, ${harmless} harmless`);
  });

  it("are refused with any single bit flipped", async () => {
    const tiny = (await specimens()).find((specimen) => specimen.name === "tiny")!;
    const { flips, missed } = await flipBits(tiny.files[0], 3, 23);
    assert.deepEqual(missed, []);
    assert.ok(flips > 1000);
  });
});
