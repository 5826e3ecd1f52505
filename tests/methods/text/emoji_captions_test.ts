/** Reading emojibase's files, and captions made from them. */

import assert from "node:assert/strict";
import { stream } from "../../../methods/tensor/random.ts";
import {
  keywordCaptions,
  normalizeCaption,
  parseEmojiTexts,
} from "../../../methods/text/emoji_captions.ts";

const GROUPS = JSON.stringify({ groups: { "0": "smileys-emotion", "1": "people-body" } });
const entry = (fields: Record<string, unknown>) => ({
  hexcode: "1F600",
  label: "grinning face",
  group: 0,
  order: 1,
  ...fields,
});

Deno.test("normalizeCaption() leaves lower-case words", () => {
  assert.equal(normalizeCaption("family: man, boy"), "family man boy");
  assert.equal(
    normalizeCaption("Japanese “free of charge” button"),
    "japanese free of charge button",
  );
  assert.equal(normalizeCaption("piñata"), "pinata");
  assert.equal(normalizeCaption("woman’s hat"), "woman's hat");
  assert.equal(normalizeCaption("A button (blood type)"), "a button blood type");
});

Deno.test("parseEmojiTexts() orders, names groups, attaches skin tones, drops components of flags", () => {
  const data = JSON.stringify([
    { hexcode: "1F1E6", label: "regional indicator A" },
    entry({
      hexcode: "1F44D",
      label: "Thumbs up",
      group: 1,
      order: 9,
      skins: [
        entry({ hexcode: "1F44D-1F3FB", label: "thumbs up: light skin tone", group: 1 }),
      ],
    }),
    entry({ hexcode: "2764-FE0F", tags: ["Smile", "smile", "grinning face", "é"] }),
  ]);
  const texts = parseEmojiTexts(data, GROUPS);
  assert.deepEqual(texts.map((text) => text.hexcode), ["2764", "1F44D", "1F44D-1F3FB"]);
  assert.deepEqual(texts[0].tags, ["smile", "e"]);
  assert.equal(texts[1].label, "thumbs up");
  assert.equal(texts[1].group, "people-body");
  assert.equal(texts[2].base, "1F44D");
});

Deno.test("parseEmojiTexts() names the file and the field that is wrong", () => {
  assert.throws(() => parseEmojiTexts("{", GROUPS), /en\/data\.json is no JSON/);
  assert.throws(
    () => parseEmojiTexts(JSON.stringify([entry({ label: 3 })]), GROUPS),
    /en\/data\.json at 0\.label/,
  );
  assert.throws(
    () => parseEmojiTexts(JSON.stringify([entry({ group: 7 })]), GROUPS),
    /names no group 7/,
  );
});

Deno.test("keywordCaptions() uses each keyword once, never the label, the same every time", () => {
  const text = parseEmojiTexts(
    JSON.stringify([entry({ tags: ["a", "b", "c", "d", "e"] })]),
    GROUPS,
  )[0];
  const make = (count: number) =>
    keywordCaptions(text, { count, tagsEach: 2, random: stream(3, "captions") });
  assert.deepEqual(make(9).flatMap((caption) => caption.split(" ")).sort(), [..."abcde"]);
  assert.equal(make(9).length, 3);
  assert.equal(make(2).length, 2);
  assert.deepEqual(make(9), make(9));
  assert.deepEqual(make(0), []);
});
