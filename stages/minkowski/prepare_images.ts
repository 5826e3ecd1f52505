/** Declares the stage that turns real images into points of a design. */

import { z } from "zod";
import { file, json, tree } from "../../pipeline/declare/artifact.ts";
import { stage } from "../../pipeline/declare/stage.ts";
import { IMAGE_SETS } from "./data_packages.ts";

/** `train` and `test`, [images, d] each, in principal coordinates of the first. */
export const imageDesign = file("minkowski-images", ".safetensors");

export const prepareImages = stage({
  name: "prepare_images",
  describe: "Pool pixels and turn images into their principal axes",
  implementation: new URL("./prepare_images_run.ts", import.meta.url),
  inputs: { files: tree("npm-package") },
  params: z.strictObject({
    set: z.enum(IMAGE_SETS),
    /** Training images that are used, from the first. */
    images: z.int().min(100),
  }),
  outputs: { images: imageDesign, eigenvalues: json<number[]>() },
});
