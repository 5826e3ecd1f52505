/** Concepts of real emoji sequences. */

import assert from "node:assert/strict";
import {
  conceptOf,
  hasSkinTone,
  isGenderedFamily,
  plainHexcode,
} from "../../../methods/text/emoji_concept.ts";

const SAME: Record<string, string[]> = {
  "firefighters of any gender and skin": [
    "1F9D1-200D-1F692",
    "1F468-200D-1F692",
    "1F469-200D-1F692",
    "1F469-1F3FF-200D-1F692",
  ],
  "police officers, written with gender signs": [
    "1F46E",
    "1F46E-200D-2642-FE0F",
    "1F46E-1F3FD-200D-2640-FE0F",
  ],
  "heads with any hair": ["1F9D1", "1F468-200D-1F9B0", "1F469-200D-1F9B2", "1F471", "1F9D4"],
  "walkers in any direction": [
    "1F6B6",
    "1F6B6-200D-2640-FE0F-200D-27A1-FE0F",
    "1f6b6-200d-27a1-fe0f",
  ],
  "all families": [
    "1F46A",
    "1F468-200D-1F469-200D-1F466",
    "1F9D1-200D-1F9D2-200D-1F9D2",
  ],
  "people who hold hands": [
    "1F46B",
    "1F46D",
    "1F9D1-200D-1F91D-200D-1F9D1",
    "1F469-1F3FB-200D-1F91D-200D-1F468-1F3FF",
  ],
  "kissing couples": [
    "1F48F",
    "1F469-200D-2764-FE0F-200D-1F48B-200D-1F468",
  ],
  "royal heirs": ["1FAC5", "1F934", "1F478-1F3FC"],
  "thumbs up": ["1F44D", "1F44D-1F3FB"],
};

for (const [name, hexcodes] of Object.entries(SAME)) {
  Deno.test(`conceptOf() unites ${name}`, () => {
    assert.deepEqual(new Set(hexcodes.map(conceptOf)).size, 1, hexcodes.map(conceptOf).join(" "));
  });
}

Deno.test("conceptOf() keeps different concepts apart", () => {
  const all = [...Object.values(SAME).map((list) => list[0]), "1F9D1-200D-1F33E", "1F9D2", "2640"];
  // A heart on fire, a mended heart, a heart.
  all.push("2764-FE0F-200D-1F525", "2764-FE0F-200D-1FA79", "2764-FE0F", "1F491", "1F3FB");
  assert.equal(new Set(all.map(conceptOf)).size, all.length);
});

Deno.test("plainHexcode() does not depend on case or variation selectors", () => {
  assert.equal(plainHexcode("2764-fe0f-200d-1f525"), "2764-200D-1F525");
});

Deno.test("hasSkinTone() tells variants from the bare swatch", () => {
  assert.equal(hasSkinTone("1F44D-1F3FB"), true);
  assert.equal(hasSkinTone("1F3FB"), false);
  assert.equal(hasSkinTone("1F44D"), false);
});

Deno.test("isGenderedFamily() takes only families whose members have a gender", () => {
  assert.equal(isGenderedFamily("1F468-200D-1F469-200D-1F466"), true);
  assert.equal(isGenderedFamily("1F9D1-200D-1F9D2"), false);
  assert.equal(isGenderedFamily("1F46A"), false);
  assert.equal(isGenderedFamily("1F468-200D-1F692"), false);
});
