/** The data set stage on small stand-in packages: no leaks, right counts, same bytes, clear errors. */

import assert from "node:assert/strict";
import { DATASET_FILES, readDataset } from "../../../methods/optima/dataset.ts";
import { conceptOf } from "../../../methods/text/emoji_concept.ts";
import { decodePieces } from "../../../methods/text/tokens.ts";
import { openTokenizer } from "../../../methods/text/tokenizer.ts";
import { prepareDataParams } from "../../../stages/optima/prepare_data.ts";
import { run } from "../../../stages/optima/prepare_data_run.ts";
import { memoryTree } from "../common/memory.ts";
import { emojiPackages, type PackageFaults } from "./emoji_packages.ts";

async function prepare(params: Record<string, unknown> = {}, faults: PackageFaults = {}) {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  await run({
    inputs: emojiPackages(faults),
    params: prepareDataParams.parse({ imageSize: 16, vocabulary: 200, seed: 3, ...params }),
    outputs: {
      data: {
        path: "memory",
        write: (name, content) => {
          const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
          files.set(name, new Uint8Array(bytes));
          return Promise.resolve();
        },
      },
    },
    provider: "cpu",
    threads: 1,
    progress: () => {},
  });
  return { files, data: await readDataset((name) => memoryTree(files).bytes(name)) };
}

const { files, data } = await prepare();
const itemsOf = (part: "train" | "validation" | "test") =>
  [...data.splits[part]].map((i) => data.items[i]);

Deno.test("no concept straddles the split, by id or by key", () => {
  for (
    const key of [(i: number) => data.concept[i], (i: number) => conceptOf(data.items[i].hexcode)]
  ) {
    const parts = new Map<unknown, Set<string>>();
    data.items.forEach((item, i) => {
      parts.set(key(i), (parts.get(key(i)) ?? new Set()).add(item.split));
    });
    for (const [concept, set] of parts) assert.equal(set.size, 1, `${concept}`);
  }
});

Deno.test("no name of a held-out emoji is a training caption", () => {
  const trained = new Set(itemsOf("train").flatMap((item) => item.captions));
  for (const item of [...itemsOf("validation"), ...itemsOf("test")]) {
    assert.equal(item.captions.length, 1);
    assert.ok(!trained.has(item.captions[0]), item.captions[0]);
  }
});

Deno.test("counts of the parts agree with the items, and shares with the parameters", () => {
  // 60 drawings, 9 roles, the moon that equals the circle; components and flags are left out.
  assert.equal(data.meta.counts.concepts, 70);
  assert.equal(data.meta.counts.emoji, 60 + 27 + 1);
  assert.equal(data.items.length, 3 * (60 + 27 + 1));
  assert.equal(data.meta.splits.test.concepts, Math.round(0.12 * 70));
  assert.equal(data.meta.splits.validation.concepts, Math.round(0.08 * 70));
  for (const part of ["train", "validation", "test"] as const) {
    assert.equal(data.meta.splits[part].items, data.splits[part].length);
    assert.equal(
      data.meta.splits[part].concepts,
      new Set(itemsOf(part).map((item) => item.concept)).size,
    );
  }
  assert.ok(!data.items.some((item) => ["component", "flags"].includes(item.group)));
  assert.equal(data.meta.sources.length, 4);
});

Deno.test("pictures that one vendor draws alike are kept once, and make one concept", () => {
  const moon = data.items.filter((item) => ["1F315", "1F7E1"].includes(item.hexcode));
  assert.equal(new Set(moon.map((item) => item.concept)).size, 1);
  assert.deepEqual(moon.map((item) => item.vendor).sort(), ["google", "openmoji", "twitter"]);
  assert.deepEqual(data.meta.counts.identicalByVendor, { google: 1, twitter: 1, openmoji: 1 });
});

Deno.test("the same parameters give the same bytes, another seed another split", async () => {
  const again = await prepare();
  for (const name of Object.values(DATASET_FILES)) {
    assert.deepEqual(again.files.get(name), files.get(name), name);
  }
  const other = await prepare({ seed: 4 });
  assert.notDeepEqual(other.data.splits.test, data.splits.test);
});

Deno.test("tokens spell the captions", () => {
  const ids = data.tokens([0, 5, 9]);
  assert.deepEqual(ids.shape, [3, data.meta.textLength]);
  [0, 5, 9].forEach((item, b) => {
    const row = (ids.data as Int32Array).subarray(b * 12, b * 12 + 12);
    assert.equal(decodePieces(data.vocabulary, row), data.items[item].captions[0]);
  });
  const item = data.splits.train.find((i) => data.captionCount[i] > 1)!;
  const second = data.tokens([item], [1]).data as Int32Array;
  const tokenizer = openTokenizer(
    JSON.parse(new TextDecoder().decode(files.get(DATASET_FILES.tokenizer))),
  );
  assert.deepEqual(second, tokenizer.encodeTo(data.items[item].captions[1], 12).ids);
  assert.throws(() => data.tokens([item], [data.captionCount[item]]), /has no caption/);
});

Deno.test("images are scaled to [-1, 1]", () => {
  const batch = data.images([3, 3, 1]);
  assert.deepEqual(batch.shape, [3, 3, 16, 16]);
  const values = batch.data as Float32Array;
  const each = 3 * 16 * 16;
  assert.deepEqual(values.subarray(0, each), values.subarray(each, 2 * each));
  assert.ok(Math.abs(values[0] - (data.pixels[3 * each] / 127.5 - 1)) < 1e-6);
  assert.ok(values.every((v) => v >= -1 && v <= 1));
  assert.throws(() => data.images([data.items.length]), /no item/);
});

Deno.test("the tokenizer is learnt from training captions alone", () => {
  const letters = new Set(itemsOf("train").flatMap((item) => item.captions).join("").split(""));
  for (const piece of data.vocabulary.slice(4)) {
    const text = piece.replace("##", "");
    if (text.length > 1) assert.ok([...text].every((letter) => letters.has(letter)), piece);
  }
  const trained = itemsOf("train").flatMap((item) => item.captions).join(" ").split(" ");
  for (const piece of data.vocabulary.slice(4)) {
    const text = piece.replace("##", "");
    if (text.length > 1) assert.ok(trained.some((word) => word.includes(text)), piece);
  }
});

Deno.test("a limit on concepts keeps whole concepts", async () => {
  const few = await prepare({ concepts: 20 });
  assert.ok(few.data.meta.counts.concepts <= 20);
  for (const hexcode of few.data.items.map((item) => item.hexcode)) {
    const concept = conceptOf(hexcode);
    const all = data.items.filter((item) => conceptOf(item.hexcode) === concept).length;
    const kept = few.data.items.filter((item) => conceptOf(item.hexcode) === concept).length;
    assert.equal(kept, all);
  }
});

Deno.test("skin tone variants join the concept of their emoji", async () => {
  const toned = await prepare({ skinTones: 1 });
  assert.equal(toned.data.meta.counts.concepts, data.meta.counts.concepts);
  assert.equal(toned.data.meta.counts.emoji, data.meta.counts.emoji + 24);
});

Deno.test("errors name the package and the file", async () => {
  await assert.rejects(
    prepare({}, { missing: { vendor: "twitter", share: 0.5 } }),
    /emoji-datasource-twitter: draws only \d+ of 89 emoji selected; expected files like img\/twitter/,
  );
  await assert.rejects(
    prepare({}, { damaged: { vendor: "google", hexcode: "1F603" } }),
    /emoji-datasource-google: img\/google\/64\/1f603\.png cannot be decoded/,
  );
  await assert.rejects(
    prepare({ excludeGroups: ["flag"] }),
    /there is no group "flag"; the groups are .*flags/,
  );
});
