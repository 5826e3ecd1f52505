/** What the tests of OPTIMA share: a data set in memory, small models, and their parameters. */

import type { CocaConfig } from "../../../methods/nn/mod.ts";
import {
  type Dataset,
  DATASET_FILES,
  type DatasetItem,
  type DatasetMeta,
  readDataset,
} from "../../../methods/optima/dataset.ts";
import type { ConditionName } from "../../../methods/optima/condition.ts";
import {
  type Objective,
  segmentLengths,
  SEGMENTS,
  type Setting,
} from "../../../methods/optima/distillation.ts";
import { inferStates } from "../../../methods/optima/infer_teacher.ts";
import type { Targets } from "../../../methods/optima/layerwise.ts";
import { initStudent, settingOf } from "../../../methods/optima/student.ts";
import type { TeacherStates } from "../../../methods/optima/teacher_states.ts";
import { cocaLayout } from "../../../methods/optima/train_teacher.ts";
import { initCoca } from "../../../methods/nn/mod.ts";
import type { NdArray, Tree } from "../../../methods/tensor/mod.ts";
import { stream } from "../../../methods/tensor/random.ts";
import { encode } from "../../../methods/tensor/safetensors.ts";
import type { Split } from "../../../methods/optima/concept_split.ts";

export const CPU = { provider: "cpu", threads: 1 } as const;

const IMAGE = 8, LENGTH = 6, CAPTIONS = 2, GROUPS = 3;
export const VOCABULARY = [
  ...["[PAD]", "[BOS]", "[EOS]", "[UNK]"],
  ...["red", "green", "blue", "cat", "dog", "sun", "##s", "big", "tiny"],
];

export const STUDENT: CocaConfig = {
  image: IMAGE,
  channels: 3,
  patch: 4,
  width: 8,
  heads: 2,
  imageLayers: 1,
  textLayers: 1,
  multimodalLayers: 1,
  imageQueries: 2,
  vocab: VOCABULARY.length,
  textLength: LENGTH,
  embed: 8,
  mlpRatio: 2,
};
export const TEACHER: CocaConfig = { ...STUDENT, width: 12, imageLayers: 2, textLayers: 2 };
export const SIZES = { student: STUDENT, teacher: TEACHER, groups: GROUPS };

/** Weights that are all different from each other and from 1. */
export const OBJECTIVE: Objective = {
  taskWeight: 0.7,
  contrastiveWeight: 1.3,
  captioningWeight: 1.9,
  kdWeight: 0.6,
  kdTemperature: 2.5,
  kdTeacherScale: 20,
  layerWeight: 3,
  updates: "module",
};

const partOf = (concept: number): Split =>
  concept < 9 ? "train" : concept < 12 ? "validation" : "test";

/** 15 concepts of two vendors' pictures: colour patterns with noise, captions of 1 to 4 words. */
async function makeDataset(): Promise<Dataset> {
  const vendors = ["alpha", "beta"], concepts = 15, total = concepts * vendors.length;
  const items: DatasetItem[] = [];
  const pixels = new Uint8Array(total * 3 * IMAGE * IMAGE);
  const tokens = new Int32Array(total * CAPTIONS * LENGTH);
  const captionCount = new Int32Array(total);
  for (let i = 0; i < total; i++) {
    const concept = i >> 1, random = stream(3, "picture", i);
    const words = [4 + concept % 3, 7 + Math.floor(concept / 3) % 3];
    if (concept % 4 === 1) words.push(10);
    if (concept % 5 === 2) words.unshift(11);
    const captions = partOf(concept) === "train" ? [words, [12, words[0]]] : [words];
    captionCount[i] = captions.length;
    captions.forEach((ids, c) => tokens.set([1, ...ids, 2], (i * CAPTIONS + c) * LENGTH));
    const size = 3 * IMAGE * IMAGE;
    for (let k = 0; k < size; k++) {
      const channel = Math.floor(k / IMAGE ** 2), x = k % IMAGE;
      const level = channel === concept % 3 ? 150 : 40;
      const stripes = (x + i % 2) % (2 + Math.floor(concept / 3)) === 0 ? 60 : 0;
      pixels[i * size + k] = level + stripes + random.nextInteger(0, 20);
    }
    items.push({
      hexcode: `X${i}`,
      vendor: vendors[i % 2],
      group: `g${concept % GROUPS}`,
      concept,
      split: partOf(concept),
      captions: captions.map((ids) => ids.map((id) => VOCABULARY[id]).join(" ").replace(" ##", "")),
    });
  }
  const meta: Partial<DatasetMeta> = {
    imageSize: IMAGE,
    textLength: LENGTH,
    vocabularySize: VOCABULARY.length,
    captionsEach: CAPTIONS,
    vendors,
    groups: ["g0", "g1", "g2"],
  };
  const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  const files: Record<string, Uint8Array> = {
    [DATASET_FILES.meta]: text(meta),
    [DATASET_FILES.items]: text(items),
    [DATASET_FILES.vocabulary]: text(VOCABULARY),
    [DATASET_FILES.images]: encode({
      images: { dtype: "uint8", shape: [total, 3, IMAGE, IMAGE], data: pixels },
    }),
    [DATASET_FILES.tokens]: encode({
      tokens: { dtype: "int32", shape: [total, CAPTIONS, LENGTH], data: tokens },
      captionCount: { dtype: "int32", shape: [total], data: captionCount },
    }),
  };
  return await readDataset((name) => Promise.resolve(files[name]));
}

export const dataset: Dataset = await makeDataset();

/** A vector of parameters of a CoCa, larger than the usual initial ones so that outputs differ. */
export function randomCoca(config: CocaConfig, seed: number, factor = 8): NdArray {
  const flat = cocaLayout(config).pack(
    initCoca(stream(seed, "model"), config) as unknown as Tree<NdArray>,
  );
  return jittered(flat, seed, factor);
}

/** Initial parameters of a student, likewise. */
export function randomStudent(setting: Setting, seed: number, factor = 8): NdArray {
  const flat = setting.layout.pack(initStudent(seed, SIZES) as unknown as Tree<NdArray>);
  return jittered(flat, seed, factor);
}

/** Each entry moved by 𝒩(0, (0.02·factor)²), so that biases and norms are not at their defaults. */
function jittered(flat: NdArray, seed: number, factor: number): NdArray {
  const noise = stream(seed, "jitter").normal(flat.shape, { std: 0.02 * factor });
  const data = (flat.data as Float32Array).map((x, i) => x + Number(noise.data[i]));
  return { ...flat, data };
}

export function teacherStates(batch: number): Promise<TeacherStates> {
  const params = randomCoca(TEACHER, 1);
  return inferStates({ config: TEACHER, params, studentDepths: STUDENT, dataset, batch, ...CPU });
}

export function tinySetting(
  variances: Targets<number>,
  objective: Partial<Objective> = {},
  condition: ConditionName = "even",
  rest: { weightDecay?: number; clip?: number } = {},
): Setting {
  return settingOf({
    sizes: SIZES,
    condition,
    objective: { ...OBJECTIVE, ...objective },
    weightDecay: 0.1,
    clip: 1,
    variances,
    ...rest,
  });
}

/** The part of a vector `[layout.size]` that is each segment's. */
export function bySegment(
  setting: Setting,
  flat: NdArray,
): Record<typeof SEGMENTS[number], Float32Array> {
  let start = 0;
  const parts = segmentLengths(setting.layout).map((length) =>
    (flat.data as Float32Array).slice(start, start += length)
  );
  return Object.fromEntries(SEGMENTS.map((s, i) => [s, parts[i]])) as Record<
    typeof SEGMENTS[number],
    Float32Array
  >;
}

/** Asserting helper: `actual` is `expected` to a share of the latter. */
export function close(actual: number, expected: number, tolerance = 2e-5): boolean {
  return Math.abs(actual - expected) <= tolerance * Math.max(1e-6, Math.abs(expected));
}
