// Repetitions and parts of labelled texts.

import assert from "node:assert/strict";
import { stream } from "../../../methods/tensor/random.ts";
import {
  distinctTexts,
  type LabelledText,
  splitTexts,
  TEXT_PARTS,
} from "../../../methods/text/labelled_text.ts";

const random = () => stream(3, "split");

Deno.test("of repeated texts the first stays; none where labels contradict", () => {
  const texts = [
    { text: "Good  film.", label: 1 },
    { text: "good film. ", label: 1 },
    { text: "so so", label: 0 },
    { text: "So so", label: 1 },
    { text: "bad", label: 0 },
  ];
  assert.deepEqual(distinctTexts(texts), [texts[0], texts[4]]);
});

Deno.test("parts have their sizes, share no group, and take at most perGroup of one", () => {
  const texts: LabelledText[] = Array.from({ length: 600 }, (_, i) => ({
    text: `text ${i}`,
    label: i % 3,
    group: `document ${i % 40}`,
  }));
  const sizes = { train: 90, validation: 17, test: 35 };
  const parts = splitTexts(texts, { sizes, perGroup: 5 }, random());
  const owner = new Map<string, string>();
  for (const part of TEXT_PARTS) {
    assert.equal(parts[part].length, sizes[part]);
    const counts = new Map<string, number>();
    for (const { group } of parts[part]) {
      assert.equal(owner.get(group!) ?? part, part, `${group} is in two parts`);
      owner.set(group!, part);
      counts.set(group!, (counts.get(group!) ?? 0) + 1);
    }
    assert.ok(Math.max(...counts.values()) <= 5);
  }
  assert.equal(new Set(TEXT_PARTS.flatMap((part) => parts[part])).size, 142);
  assert.deepEqual(splitTexts(texts, { sizes, perGroup: 5 }, random()), parts);
  const other = splitTexts(texts, { sizes, perGroup: 5 }, stream(4, "split"));
  assert.notDeepEqual(other.test, parts.test);
});

Deno.test("too few texts are an error, not a smaller part", () => {
  const texts = [0, 1, 2].map((i) => ({ text: `${i}`, label: 0 }));
  const sizes = { train: 2, validation: 1, test: 1 };
  assert.throws(() => splitTexts(texts, { sizes }, random()), RangeError);
});
