/** The image–caption data set of the OPTIMA experiment: its files, and a reader for the stages. */

import { PAD } from "../text/tokens.ts";
import { decode } from "../tensor/safetensors.ts";
import type { NdArray } from "../tensor/types.ts";
import { type Split, SPLITS } from "./concept_split.ts";

/** Files of the data set's tree. */
export const DATASET_FILES = {
  /** {@linkcode DatasetMeta}. */
  meta: "meta.json",
  /** {@linkcode DatasetItem}`[]`. */
  items: "items.json",
  /** Pieces, the index is the token id. */
  vocabulary: "vocab.json",
  /** The tokenizer for the `tokenizers` libraries. */
  tokenizer: "tokenizer.json",
  /** `images` uint8 `[N, 3, S, S]`. */
  images: "images.safetensors",
  /** `tokens` int32 `[N, C, T]`, `captionCount` int32 `[N]`. */
  tokens: "tokens.safetensors",
} as const;

/** One picture with its captions. */
export interface DatasetItem {
  /** Code points, without variation selectors. */
  readonly hexcode: string;
  readonly vendor: string;
  /** CLDR group. */
  readonly group: string;
  /** Id of the concept; its items are all in one part. */
  readonly concept: number;
  readonly split: Split;
  /** The first is the emoji's name; the others, of training items only, are made of keywords. */
  readonly captions: readonly string[];
}

/** Counts over one part. */
export interface SplitCounts {
  readonly items: number;
  readonly emoji: number;
  readonly concepts: number;
}

/** How the vocabulary fits the captions of one part. All captions of its emoji, each once. */
export interface CaptionCoverage {
  readonly captions: number;
  /** Mean number of tokens, BOS and EOS included, before cutting. */
  readonly meanTokens: number;
  readonly maxTokens: number;
  /** Share of captions cut to fit the text length. */
  readonly truncated: number;
  /** Share of words that the training captions contain. */
  readonly seenWords: number;
  /** Share of words that are a single piece. */
  readonly wholeWords: number;
  /** Share of tokens that are unknown. */
  readonly unknownTokens: number;
}

/** Where pictures or captions come from. */
export interface DatasetSource {
  readonly package: string;
  readonly version: string;
  readonly license: string;
  readonly attribution: string;
}

/** What `meta.json` says. */
export interface DatasetMeta {
  readonly version: 1;
  /** Width and height in pixels. */
  readonly imageSize: number;
  /** T: tokens of a caption with BOS, EOS and padding. */
  readonly textLength: number;
  readonly vocabularySize: number;
  /** C: most captions of an item. */
  readonly captionsEach: number;
  readonly vendors: readonly string[];
  readonly groups: readonly string[];
  readonly counts: {
    readonly items: number;
    readonly emoji: number;
    readonly concepts: number;
    readonly byVendor: Readonly<Record<string, number>>;
    readonly byGroup: Readonly<Record<string, number>>;
    /** Emoji of the selection that a vendor has no picture of. */
    readonly missingByVendor: Readonly<Record<string, number>>;
    /** Pictures left out because the vendor draws another emoji the same. */
    readonly identicalByVendor: Readonly<Record<string, number>>;
    /** Pairs of near-identical pictures whose concepts were united. */
    readonly unitedPairs: number;
  };
  readonly splits: Readonly<Record<Split, SplitCounts>>;
  readonly coverage: Readonly<Record<Split, CaptionCoverage>>;
  readonly sources: readonly DatasetSource[];
}

/** The data set in memory. */
export interface Dataset {
  readonly meta: DatasetMeta;
  readonly items: readonly DatasetItem[];
  /** Piece of each token id. */
  readonly vocabulary: readonly string[];
  /** Item indices of each part, ascending. */
  readonly splits: Readonly<Record<Split, Int32Array>>;
  /** Concept id of each item. */
  readonly concept: Int32Array;
  /** Index into `meta.groups` of each item. */
  readonly group: Int32Array;
  /** Index into `meta.vendors` of each item. */
  readonly vendor: Int32Array;
  /** Captions of each item. */
  readonly captionCount: Int32Array;
  /** Pictures `[N, 3, S, S]`, 0-255. */
  readonly pixels: Uint8Array;
  /** Pictures of the given items: float32 `[B, 3, S, S]` in [-1, 1]. */
  images(items: ArrayLike<number>): NdArray;
  /**
   * Token ids of the given items: int32 `[B, T]`.
   * @param captions Which caption of each item. The first, the emoji's name, by default.
   */
  tokens(items: ArrayLike<number>, captions?: ArrayLike<number>): NdArray;
}

/**
 * Reads the data set from its files.
 *
 * @param bytesOf Content of the file of a name, e.g. `(name) => inputs.data.bytes(name)`.
 * @throws Error when the files do not agree with each other.
 */
export async function readDataset(
  bytesOf: (name: string) => Promise<Uint8Array>,
): Promise<Dataset> {
  const json = async <T>(name: string) =>
    JSON.parse(new TextDecoder().decode(await bytesOf(name))) as T;
  const meta = await json<DatasetMeta>(DATASET_FILES.meta);
  const items = await json<DatasetItem[]>(DATASET_FILES.items);
  const vocabulary = await json<string[]>(DATASET_FILES.vocabulary);
  const { images } = decode(await bytesOf(DATASET_FILES.images));
  const { tokens, captionCount } = decode(await bytesOf(DATASET_FILES.tokens));
  const { imageSize: size, textLength: length, captionsEach } = meta;
  expectShape(DATASET_FILES.images, "images", images, [items.length, 3, size, size]);
  expectShape(DATASET_FILES.tokens, "tokens", tokens, [items.length, captionsEach, length]);
  expectShape(DATASET_FILES.tokens, "captionCount", captionCount, [items.length]);
  const pixels = Uint8Array.from(images.data as Int32Array);
  const ids = tokens.data as Int32Array;
  const counts = captionCount.data as Int32Array;
  const indicesOf = (part: Split) =>
    Int32Array.from(items.keys().filter((i) => items[i].split === part));
  const check = (item: number) => {
    if (!(item >= 0 && item < items.length)) {
      throw new RangeError(`data set: there is no item ${item} of ${items.length}`);
    }
  };
  return {
    meta,
    items,
    vocabulary,
    splits: Object.fromEntries(SPLITS.map((part) => [part, indicesOf(part)])) as Dataset["splits"],
    concept: Int32Array.from(items, (item) => item.concept),
    group: Int32Array.from(items, (item) => meta.groups.indexOf(item.group)),
    vendor: Int32Array.from(items, (item) => meta.vendors.indexOf(item.vendor)),
    captionCount: counts,
    pixels,
    images(chosen) {
      const each = 3 * size * size;
      const data = new Float32Array(chosen.length * each);
      for (let b = 0; b < chosen.length; b++) {
        check(chosen[b]);
        const from = chosen[b] * each;
        for (let k = 0; k < each; k++) data[b * each + k] = pixels[from + k] / 127.5 - 1;
      }
      return { dtype: "float32", shape: [chosen.length, 3, size, size], data };
    },
    tokens(chosen, captions) {
      const data = new Int32Array(chosen.length * length).fill(PAD);
      for (let b = 0; b < chosen.length; b++) {
        check(chosen[b]);
        const caption = captions ? captions[b] : 0;
        if (!(caption >= 0 && caption < counts[chosen[b]])) {
          throw new RangeError(`data set: item ${chosen[b]} has no caption ${caption}`);
        }
        const from = (chosen[b] * captionsEach + caption) * length;
        data.set(ids.subarray(from, from + length), b * length);
      }
      return { dtype: "int32", shape: [chosen.length, length], data };
    },
  };
}

function expectShape(
  file: string,
  name: string,
  array: NdArray | undefined,
  shape: readonly number[],
): void {
  if (!array || array.shape.join() !== shape.join()) {
    throw new Error(
      `data set: "${name}" of ${file} should be [${shape.join(", ")}], it is ${
        array ? `[${array.shape.join(", ")}]` : "missing"
      }`,
    );
  }
}
