/** The stage that makes OPTIMA's image–caption data set from the data packages. */

import { z } from "zod";
import { tree } from "../../pipeline/declare/artifact.ts";
import { stage } from "../../pipeline/declare/stage.ts";

/** Choices in making the data set. */
export const prepareDataParams = z.strictObject({
  imageSize: z.int().min(8).max(64).default(32).describe("width and height in pixels"),
  textLength: z.int().min(6).max(64).default(12).describe(
    "tokens of a caption, with BOS, EOS and padding",
  ),
  vocabulary: z.int().min(150).max(8192).default(1000).describe(
    "word pieces, special tokens included",
  ),
  concepts: z.int().min(20).nullable().default(null).describe(
    "use only so many concepts, drawn at random; null: all",
  ),
  keywordCaptions: z.int().min(0).max(8).default(3).describe(
    "further captions of a training item, made of CLDR keywords",
  ),
  keywordsEach: z.int().min(1).max(6).default(3).describe("keywords in such a caption"),
  skinTones: z.int().min(0).max(5).default(0).describe(
    "skin tone variants of an emoji to include, drawn at random",
  ),
  excludeGroups: z.array(z.string()).default(["component", "flags"]).describe(
    "CLDR groups to leave out; a country's name cannot be told from an unseen flag",
  ),
  validationShare: z.number().min(0).max(0.4).default(0.08).describe("share of the concepts"),
  testShare: z.number().min(0).max(0.4).default(0.12).describe("share of the concepts"),
  largestHeldOut: z.int().min(1).default(6).describe(
    "concepts of more emoji (families, hair styles) are always trained on",
  ),
  nearDuplicate: z.number().min(0).max(64).default(8).describe(
    "concepts with pictures of one vendor closer than this are united; root mean square, 0-255",
  ),
  identical: z.number().min(0).max(64).default(2).describe(
    "of pictures of one vendor closer than this only the first is kept, as their names contradict",
  ),
  seed: z.int().default(0).describe("of the split, the selection and the keyword captions"),
});

/** Decodes and shrinks the pictures, splits by concept, learns the tokenizer, encodes the captions. */
export const prepareData = stage({
  name: "prepare_data",
  describe: "pictures of emoji by three vendors with captions, split by concept",
  implementation: new URL("./prepare_data_run.ts", import.meta.url),
  inputs: {
    captions: tree("npm-package"),
    google: tree("npm-package"),
    twitter: tree("npm-package"),
    openmoji: tree("npm-package"),
  },
  params: prepareDataParams,
  outputs: { data: tree("optima-dataset") },
});
