/** Where OPTIMA's pictures and captions come from: npm packages at a pinned version and content. */

import type { DataPackage } from "../common/data_package.ts";

/** Names and keywords of emoji. */
export const EMOJIBASE: DataPackage = {
  package: "emojibase-data",
  version: "17.0.0",
  license: "MIT",
  include: ["en/data.json", "meta/groups.json"],
  digest: "eb52093b731eba972ccc9f946e22085fc10e278769c12866595603213ec4826b",
  attribution: "Emojibase by Miles Johnson (MIT), from the Unicode CLDR (Unicode-3.0).",
};

/** Noto Color Emoji, 64×64 pixels. */
export const EMOJI_GOOGLE: DataPackage = {
  package: "emoji-datasource-google",
  version: "16.0.0",
  license: "Apache-2.0",
  include: ["img/google/64/*.png"],
  digest: "16f69d4cdfd2976e51e3c8e14d4e328411808d1861614441c4dd8feb72737636",
  attribution: "Noto Emoji by Google (Apache-2.0), packaged by Cal Henderson's emoji-data (MIT).",
};

/** Twemoji, 64×64 pixels. */
export const EMOJI_TWITTER: DataPackage = {
  package: "emoji-datasource-twitter",
  version: "16.0.0",
  license: "CC-BY-4.0",
  include: ["img/twitter/64/*.png"],
  digest: "646c301ca5e02504ca67ca38b4790c5a5e432fa2b19cf9d719d86d1203cabca6",
  attribution: "Twemoji by Twitter, Inc and other contributors (CC-BY-4.0), packaged by " +
    "Cal Henderson's emoji-data (MIT).",
};

/** OpenMoji, vector drawings. */
export const OPENMOJI: DataPackage = {
  package: "openmoji",
  version: "17.0.0",
  license: "CC-BY-SA-4.0",
  include: ["color/svg/*.svg"],
  digest: "892e030a7f4561be5eed410ba4a20832ef4ee40d66e72fdea4ff9090d91c2d6e",
  attribution: "OpenMoji, the open-source emoji and icon project (CC-BY-SA-4.0).",
};

/** All of them, in the order of {@linkcode DatasetMeta.sources}. */
export const DATA_PACKAGES: readonly DataPackage[] = [
  EMOJIBASE,
  EMOJI_GOOGLE,
  EMOJI_TWITTER,
  OPENMOJI,
];
