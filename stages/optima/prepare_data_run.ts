/** Makes the data set: selection, pictures, concepts, split, captions, tokens, files. */

import type { Run, TreeReader } from "../../pipeline/types.ts";
import {
  type EmojiText,
  keywordCaptions,
  parseEmojiTexts,
} from "../../methods/text/emoji_captions.ts";
import {
  conceptOf,
  hasSkinTone,
  isGenderedFamily,
  plainHexcode,
} from "../../methods/text/emoji_concept.ts";
import { openTokenizer, trainTokenizer } from "../../methods/text/tokenizer.ts";
import { type Split, splitConcepts, SPLITS } from "../../methods/optima/concept_split.ts";
import { DATASET_FILES, type DatasetItem, type DatasetMeta } from "../../methods/optima/dataset.ts";
import { measureCoverage } from "../../methods/optima/caption_coverage.ts";
import { stream } from "../../methods/tensor/random.ts";
import { encode } from "../../methods/tensor/safetensors.ts";
import { cropMargin, toModelPixels } from "../../methods/vision/image.ts";
import { DisjointSets, nearDuplicates } from "../../methods/vision/near_duplicates.ts";
import { decodePng } from "../../methods/vision/png.ts";
import { loadSvgRenderer, renderSvg } from "../../methods/vision/svg.ts";
import {
  DATA_PACKAGES,
  EMOJI_GOOGLE,
  EMOJI_TWITTER,
  EMOJIBASE,
  OPENMOJI,
} from "./data_packages.ts";
import type { prepareData } from "./prepare_data.ts";

type Context = Parameters<Run<typeof prepareData>>[0];
type Params = Context["params"];

/** OpenMoji's canvas in its own units, and the margin that its guidelines leave free on each side. */
const OPENMOJI_CANVAS = 72;
const OPENMOJI_MARGIN = 4;

/** Least share of the selected emoji that a vendor must draw; fewer means that the layout changed. */
const LEAST_DRAWN = 0.9;

interface Picture {
  /** Index into the selected texts. */
  readonly emoji: number;
  readonly vendor: string;
  readonly pixels: Uint8Array;
}

export const run: Run<typeof prepareData> = async ({ inputs, params, outputs, progress }) => {
  progress({ message: "reading captions" });
  const texts = await selectTexts(inputs.captions, params);
  const drawings: Picture[] = [];
  const missing: Record<string, number> = {};
  const vendors = vendorsOf(inputs);
  await loadSvgRenderer();
  for (const vendor of vendors) {
    const files = await filesByHexcode(vendor);
    const drawn = [...texts.keys()].filter((i) => files.has(texts[i].hexcode));
    missing[vendor.name] = texts.length - drawn.length;
    if (drawn.length < LEAST_DRAWN * texts.length) {
      throw new Error(
        `${vendor.package}: draws only ${drawn.length} of ${texts.length} emoji selected; ` +
          `expected files like ${vendor.folder}1f600.${vendor.extension}`,
      );
    }
    for (const emoji of drawn) {
      const name = files.get(texts[emoji].hexcode)!;
      drawings.push({
        emoji,
        vendor: vendor.name,
        pixels: await readPicture(vendor, name, params.imageSize),
      });
      progress({
        message: `pictures of ${vendor.package}`,
        step: drawings.length,
        steps: vendors.length * texts.length,
      });
    }
  }
  progress({ message: "looking for near-identical pictures" });
  const { concept, pictures, identical, unitedPairs } = uniteConcepts(texts, drawings, params);
  const split = splitTexts(texts, concept, params);
  const used = new Set(pictures.map((picture) => picture.emoji));
  const captions = texts.map((text, i) => {
    if (!used.has(i)) return [];
    if (split[i] !== "train") return [text.label];
    const random = stream(params.seed, "optima", "keyword_captions", text.hexcode);
    const options = { count: params.keywordCaptions, tagsEach: params.keywordsEach, random };
    return [text.label, ...keywordCaptions(text, options)];
  });
  // Vendors alternate within an emoji, so that any prefix of the items holds all of them.
  const place = new Map(vendors.map((vendor, i) => [vendor.name, i]));
  pictures.sort((a, b) => a.emoji - b.emoji || place.get(a.vendor)! - place.get(b.vendor)!);
  const items: DatasetItem[] = pictures.map(({ emoji, vendor }) => ({
    hexcode: texts[emoji].hexcode,
    vendor,
    group: texts[emoji].group,
    concept: concept[emoji],
    split: split[emoji],
    captions: captions[emoji],
  }));

  progress({ message: "learning the tokenizer" });
  const trained = captions.filter((_, i) => split[i] === "train").flat();
  const tokenizerFile = trainTokenizer(trained, params.vocabulary);
  const tokenizer = openTokenizer(tokenizerFile);
  const captionsEach = 1 + params.keywordCaptions;
  const length = params.textLength;
  const rows = captions.map((list) => list.map((text) => tokenizer.encodeTo(text, length).ids));
  const tokens = new Int32Array(items.length * captionsEach * length);
  pictures.forEach(({ emoji }, item) =>
    rows[emoji].forEach((ids, c) => tokens.set(ids, (item * captionsEach + c) * length))
  );
  const each = 3 * params.imageSize ** 2;
  const pixels = new Uint8Array(items.length * each);
  pictures.forEach((picture, item) => pixels.set(picture.pixels, item * each));

  const distinct = <T>(values: Iterable<T>) => new Set(values).size;
  const countBy = (values: readonly string[]) => {
    const counts: Record<string, number> = {};
    for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
    return counts;
  };
  const bySplit = <T>(value: (part: Split) => T) =>
    Object.fromEntries(SPLITS.map((part) => [part, value(part)])) as Record<Split, T>;
  const meta: DatasetMeta = {
    version: 1,
    imageSize: params.imageSize,
    textLength: length,
    vocabularySize: tokenizer.vocabulary.length,
    captionsEach,
    vendors: vendors.map((vendor) => vendor.name),
    groups: [...new Set(texts.map((text) => text.group))],
    counts: {
      items: items.length,
      emoji: used.size,
      concepts: distinct(items.map((item) => item.concept)),
      byVendor: countBy(items.map((item) => item.vendor)),
      byGroup: countBy(items.map((item) => item.group)),
      missingByVendor: missing,
      identicalByVendor: identical,
      unitedPairs,
    },
    splits: bySplit((part) => {
      const chosen = items.filter((item) => item.split === part);
      return {
        items: chosen.length,
        emoji: distinct(chosen.map((item) => item.hexcode)),
        concepts: distinct(chosen.map((item) => item.concept)),
      };
    }),
    coverage: bySplit((part) =>
      measureCoverage(
        captions.filter((_, i) => split[i] === part).flat(),
        trained,
        tokenizer,
        length,
      )
    ),
    sources: DATA_PACKAGES.map(({ package: name, version, license, attribution }) => ({
      package: name,
      version,
      license,
      attribution,
    })),
  };

  progress({ message: "writing" });
  const write = (name: string, value: unknown) =>
    outputs.data.write(name, new TextEncoder().encode(JSON.stringify(value) + "\n"));
  await write(DATASET_FILES.meta, meta);
  await write(DATASET_FILES.items, items);
  await write(DATASET_FILES.vocabulary, tokenizer.vocabulary);
  await write(DATASET_FILES.tokenizer, tokenizerFile);
  await outputs.data.write(
    DATASET_FILES.images,
    encode({
      images: {
        dtype: "uint8",
        shape: [items.length, 3, params.imageSize, params.imageSize],
        data: pixels,
      },
    }),
  );
  await outputs.data.write(
    DATASET_FILES.tokens,
    encode({
      tokens: { dtype: "int32", shape: [items.length, captionsEach, length], data: tokens },
      captionCount: {
        dtype: "int32",
        shape: [items.length],
        data: Int32Array.from(items, (item) => item.captions.length),
      },
    }),
  );
};

/** The emoji to use, in CLDR order: groups, skin tones, number of concepts. */
async function selectTexts(captions: TreeReader, params: Params): Promise<EmojiText[]> {
  const text = async (name: string) => new TextDecoder().decode(await expectFile(captions, name));
  const all = parseEmojiTexts(await text("en/data.json"), await text("meta/groups.json"));
  const groups = new Set(all.map((text) => text.group));
  const unknown = params.excludeGroups.find((group) => !groups.has(group));
  if (unknown !== undefined) {
    throw new Error(
      `excludeGroups: there is no group "${unknown}"; the groups are ${[...groups].join(", ")}`,
    );
  }
  const wanted = all.filter((text) =>
    !params.excludeGroups.includes(text.group) && !isGenderedFamily(text.hexcode)
  );
  const toned = chooseSkinTones(wanted, params);
  const texts = wanted.filter((text) => !hasSkinTone(text.hexcode) || toned.has(text.hexcode));
  if (params.concepts === null) return texts;
  const keys = [...new Set(texts.map((text) => conceptOf(text.hexcode)))];
  const order = stream(params.seed, "optima", "concepts").permutation(keys.length);
  const kept = new Set([...order.subarray(0, params.concepts)].map((i) => keys[i]));
  return texts.filter((text) => kept.has(conceptOf(text.hexcode)));
}

function chooseSkinTones(texts: readonly EmojiText[], params: Params): Set<string> {
  const chosen = new Set<string>();
  if (params.skinTones === 0) return chosen;
  const variants = Map.groupBy(
    texts.filter((text) => hasSkinTone(text.hexcode)),
    (text) => text.base,
  );
  for (const [base, list] of variants) {
    const count = Math.min(params.skinTones, list.length);
    const order = stream(params.seed, "optima", "skin_tones", base).choice(list.length, count);
    for (const i of order) chosen.add(list[i].hexcode);
  }
  return chosen;
}

async function expectFile(reader: TreeReader, name: string): Promise<Uint8Array> {
  try {
    return await reader.bytes(name);
  } catch (error) {
    throw new Error(
      `${EMOJIBASE.package} ${EMOJIBASE.version} has no readable file ${name} ` +
        `(${(error as Error).message}); check "include" in data_packages.ts`,
    );
  }
}

interface Vendor {
  readonly name: string;
  readonly package: string;
  readonly folder: string;
  readonly extension: "png" | "svg";
  readonly reader: TreeReader;
}

function vendorsOf(inputs: Context["inputs"]): Vendor[] {
  return [
    {
      name: "google",
      package: EMOJI_GOOGLE.package,
      folder: "img/google/64/",
      extension: "png",
      reader: inputs.google,
    },
    {
      name: "twitter",
      package: EMOJI_TWITTER.package,
      folder: "img/twitter/64/",
      extension: "png",
      reader: inputs.twitter,
    },
    {
      name: "openmoji",
      package: OPENMOJI.package,
      folder: "color/svg/",
      extension: "svg",
      reader: inputs.openmoji,
    },
  ];
}

/** File of each emoji, by hexcode without variation selectors. */
async function filesByHexcode(vendor: Vendor): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const path of await vendor.reader.list()) {
    if (!path.startsWith(vendor.folder) || !path.endsWith(`.${vendor.extension}`)) continue;
    const name = path.slice(vendor.folder.length, -vendor.extension.length - 1);
    files.set(plainHexcode(name), path);
  }
  return files;
}

async function readPicture(vendor: Vendor, path: string, size: number): Promise<Uint8Array> {
  const bytes = await vendor.reader.bytes(path);
  try {
    const image = vendor.extension === "png" ? decodePng(bytes) : cropMargin(
      renderSvg(new TextDecoder().decode(bytes), OPENMOJI_CANVAS),
      OPENMOJI_MARGIN,
    );
    return toModelPixels(image, size);
  } catch (error) {
    throw new Error(`${vendor.package}: ${path} cannot be decoded: ${(error as Error).message}`);
  }
}

interface Concepts {
  /** Id of each text. */
  readonly concept: Int32Array;
  /** The pictures to use. */
  readonly pictures: Picture[];
  /** Pictures left out, by vendor. */
  readonly identical: Readonly<Record<string, number>>;
  readonly unitedPairs: number;
}

/** Concepts: by key, united with those of equal names and near-identical pictures. */
function uniteConcepts(
  texts: readonly EmojiText[],
  drawings: readonly Picture[],
  params: Params,
): Concepts {
  const sets = new DisjointSets(texts.length);
  const uniteBy = (key: (text: EmojiText) => string) => {
    const first = new Map<string, number>();
    texts.forEach((text, i) => {
      const other = first.get(key(text));
      if (other === undefined) first.set(key(text), i);
      else sets.unite(other, i);
    });
  };
  uniteBy((text) => conceptOf(text.hexcode));
  uniteBy((text) => text.label);
  let unitedPairs = 0;
  const pictures: Picture[] = [];
  const identical: Record<string, number> = {};
  const shape = { channels: 3, size: params.imageSize };
  for (const [vendor, list] of Map.groupBy(drawings, (picture) => picture.vendor)) {
    const pixels = list.map((picture) => picture.pixels);
    for (const [i, j] of nearDuplicates(pixels, shape, params.nearDuplicate)) {
      if (sets.find(list[i].emoji) === sets.find(list[j].emoji)) continue;
      sets.unite(list[i].emoji, list[j].emoji);
      unitedPairs++;
    }
    const dropped = new Set<number>();
    for (const [i, j] of nearDuplicates(pixels, shape, params.identical)) {
      if (!dropped.has(i)) dropped.add(j);
    }
    pictures.push(...list.filter((_, i) => !dropped.has(i)));
    identical[vendor] = dropped.size;
  }
  const ids = new Map<number, number>();
  const concept = Int32Array.from(texts, (_, i) => {
    const root = sets.find(i);
    if (!ids.has(root)) ids.set(root, ids.size);
    return ids.get(root)!;
  });
  return { concept, pictures, identical, unitedPairs };
}

function splitTexts(texts: readonly EmojiText[], concept: Int32Array, params: Params): Split[] {
  const sizes: { group: string; emoji: number }[] = [];
  texts.forEach((text, i) => {
    const known = sizes[concept[i]];
    if (known) known.emoji += hasSkinTone(text.hexcode) ? 0 : 1;
    else sizes[concept[i]] = { group: text.group, emoji: 1 };
  });
  const parts = splitConcepts(sizes, {
    validation: params.validationShare,
    test: params.testShare,
    largestHeldOut: params.largestHeldOut,
    random: stream(params.seed, "optima", "split"),
  });
  return texts.map((_, i) => parts[concept[i]]);
}
