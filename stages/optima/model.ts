/** From a model's shape in the configuration to the sizes that methods/nn/coca.ts takes. */

import type { CocaConfig } from "../../methods/nn/coca_config.ts";
import { COCA_DEFAULTS } from "../../methods/nn/coca_config.ts";
import type { DatasetMeta } from "../../methods/optima/dataset.ts";

/** A model's shape as `schema.ts` parses it. */
export interface ModelShape {
  readonly width: number;
  readonly heads: number;
  readonly imageLayers: number;
  readonly textLayers: number;
  readonly multimodalLayers: number;
  readonly imageQueries: number;
  readonly embed: number;
  readonly patch: number;
}

/** Sizes of the model on a data set. */
export function cocaConfig(shape: ModelShape, meta: DatasetMeta): CocaConfig {
  return {
    ...COCA_DEFAULTS,
    ...shape,
    image: meta.imageSize,
    vocab: meta.vocabularySize,
    textLength: meta.textLength,
  };
}
