/** Runs the prepare_images stage. */

import { type Pixels, pooled, principalCoordinates } from "../../methods/minkowski/image_design.ts";
import { encode } from "../../methods/tensor/safetensors.ts";
import { decodePng } from "../../methods/vision/png.ts";
import type { Run, TreeReader } from "../../pipeline/types.ts";
import type { ImageSet } from "./data_packages.ts";
import type { prepareImages } from "./prepare_images.ts";

/** Square pixels that become one: d is 14·14 = 196 for MNIST and 8·8·3 = 192 for CIFAR-10. */
const SIDE: Readonly<Record<ImageSet, number>> = { mnist: 2, cifar10: 4 };

export const run: Run<typeof prepareImages> = async ({ inputs, params, outputs }) => {
  const read = params.set === "mnist" ? readMnist : readCifar;
  const { train, test } = await read(inputs.files, params.images);
  const side = SIDE[params.set];
  const { eigenvalues, samples } = principalCoordinates([pooled(train, side), pooled(test, side)]);
  await outputs.images.write(encode({ train: samples[0], test: samples[1] }));
  await outputs.eigenvalues.write([...eigenvalues]);
};

interface Split {
  readonly train: Pixels;
  readonly test: Pixels;
}

/** IDX: a header of four big-endian 32-bit numbers (2051, images, rows, columns), then bytes. */
async function readMnist(files: TreeReader, images: number): Promise<Split> {
  const read = async (name: string): Promise<Pixels> => {
    const bytes = await files.bytes(`data/${name}-images-idx3-ubyte`);
    const header = new DataView(bytes.buffer, bytes.byteOffset, 16);
    const [magic, count, height, width] = [0, 4, 8, 12].map((at) => header.getUint32(at));
    const data = bytes.subarray(16);
    if (magic !== 2051 || data.length !== count * height * width) {
      throw new Error(`${name}: not an IDX file of ${count} images of ${height}×${width} bytes`);
    }
    return { data, height, width, channels: 1 };
  };
  return { train: first(await read("train"), images), test: await read("t10k") };
}

/** One image in each row of a picture of 1024 columns: 32×32 pixels, row by row. */
async function readCifar(files: TreeReader, images: number): Promise<Split> {
  const read = async (name: string): Promise<Pixels> => {
    const { width, height, pixels } = decodePng(await files.bytes(name));
    if (width !== 1024) throw new Error(`${name}: 1024 pixels a row are expected, not ${width}`);
    const data = new Uint8Array(height * width * 3);
    for (let i = 0; i < height * width; i++) {
      for (let c = 0; c < 3; c++) data[3 * i + c] = pixels[4 * i + c];
    }
    return { data, height: 32, width: 32, channels: 3 };
  };
  const names = (await files.list()).filter((name) => /data_batch_\d\.png$/.test(name));
  const batches: Uint8Array[] = [];
  const size = 32 * 32 * 3;
  for (let held = 0; held < images && batches.length < names.length;) {
    const { data } = await read(names[batches.length]);
    batches.push(data);
    held += data.length / size;
  }
  const data = new Uint8Array(batches.reduce((n, b) => n + b.length, 0));
  batches.reduce((at, b) => (data.set(b, at), at + b.length), 0);
  const test = (await files.list()).find((name) => name.endsWith("test_batch.png"));
  if (test === undefined) throw new Error("test_batch.png is missing");
  return {
    train: first({ data, height: 32, width: 32, channels: 3 }, images),
    test: await read(test),
  };
}

/** The first `count` images. */
function first(pixels: Pixels, count: number): Pixels {
  const size = pixels.height * pixels.width * pixels.channels;
  if (count * size > pixels.data.length) {
    throw new Error(`${count} images are wanted, ${pixels.data.length / size} are there`);
  }
  return { ...pixels, data: pixels.data.subarray(0, count * size) };
}
