/** Raster images as values: 8-bit RGBA in, planar RGB of a chosen size out. */

/** An image of 8-bit RGBA pixels, row by row, alpha not premultiplied. */
export interface RgbaImage {
  readonly width: number;
  readonly height: number;
  /** Length `width * height * 4`. */
  readonly pixels: Uint8Array | Uint8ClampedArray;
}

/**
 * Lays an image on a background colour.
 *
 * @param image Source image.
 * @param background Grey level of the background, 0-255. White by default.
 * @returns Float RGB planes `[3, height, width]`, values in [0, 255].
 */
export function compositeOn(image: RgbaImage, background = 255): Float32Array {
  const { width, height, pixels } = image;
  const area = width * height;
  if (pixels.length !== area * 4) {
    throw new Error(
      `compositeOn: ${width}×${height} RGBA needs ${area * 4} bytes, got ${pixels.length}`,
    );
  }
  const planes = new Float32Array(3 * area);
  for (let i = 0; i < area; i++) {
    const alpha = pixels[i * 4 + 3] / 255;
    for (let c = 0; c < 3; c++) {
      planes[c * area + i] = pixels[i * 4 + c] * alpha + background * (1 - alpha);
    }
  }
  return planes;
}

/**
 * Cuts the same margin off all four sides.
 *
 * @param image Source image.
 * @param margin Pixels to cut from each side; less than half of the shorter side.
 */
export function cropMargin(image: RgbaImage, margin: number): RgbaImage {
  const width = image.width - 2 * margin;
  const height = image.height - 2 * margin;
  if (!Number.isInteger(margin) || margin < 0 || width < 1 || height < 1) {
    throw new Error(`cropMargin: ${margin} does not fit ${image.width}×${image.height}`);
  }
  const pixels = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++) {
    const from = ((y + margin) * image.width + margin) * 4;
    pixels.set(image.pixels.subarray(from, from + width * 4), y * width * 4);
  }
  return { width, height, pixels };
}

/** Overlap of one target pixel with source pixels `first, first + 1, …`, normalised to sum 1. */
interface Window {
  readonly first: number;
  readonly weights: readonly number[];
}

function windows(from: number, to: number): Window[] {
  const scale = from / to;
  return Array.from({ length: to }, (_, i) => {
    const start = i * scale;
    const end = (i + 1) * scale;
    const first = Math.floor(start + 1e-9);
    const last = Math.min(from, Math.ceil(end - 1e-9));
    const weights: number[] = [];
    for (let p = first; p < last; p++) {
      weights.push((Math.min(end, p + 1) - Math.max(start, p)) / scale);
    }
    return { first, weights };
  });
}

/**
 * Resizes planes by area averaging: each target pixel is the mean of the source area that it covers.
 * Exact box filter when the sizes divide; no ringing, no aliasing when shrinking.
 *
 * @param planes `[channels, height, width]`.
 * @param width Source width in pixels.
 * @param height Source height in pixels.
 * @param size Width and height of the result in pixels.
 * @returns `[channels, size, size]`, the same value range.
 */
export function areaResize(
  planes: Float32Array,
  width: number,
  height: number,
  size: number,
): Float32Array {
  const channels = planes.length / (width * height);
  if (!Number.isInteger(channels)) {
    throw new Error(
      `areaResize: ${planes.length} values are no whole planes of ${width}×${height}`,
    );
  }
  if (!Number.isInteger(size) || size < 1) {
    throw new Error(`areaResize: size must be a positive integer, got ${size}`);
  }
  const columns = windows(width, size);
  const rows = windows(height, size);
  const narrow = new Float32Array(channels * height * size);
  for (let line = 0; line < channels * height; line++) {
    for (let x = 0; x < size; x++) {
      const { first, weights } = columns[x];
      let sum = 0;
      for (let k = 0; k < weights.length; k++) sum += planes[line * width + first + k] * weights[k];
      narrow[line * size + x] = sum;
    }
  }
  const result = new Float32Array(channels * size * size);
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < size; y++) {
      const { first, weights } = rows[y];
      for (let x = 0; x < size; x++) {
        let sum = 0;
        for (let k = 0; k < weights.length; k++) {
          sum += narrow[(c * height + first + k) * size + x] * weights[k];
        }
        result[(c * size + y) * size + x] = sum;
      }
    }
  }
  return result;
}

/**
 * Turns an image into the pixels that a model reads: laid on white, area-averaged, rounded.
 *
 * @param image Source image.
 * @param size Width and height of the result in pixels.
 * @returns RGB planes `[3, size, size]`, 0-255.
 */
export function toModelPixels(image: RgbaImage, size: number): Uint8Array {
  const planes = areaResize(compositeOn(image), image.width, image.height, size);
  return Uint8Array.from(planes, (value) => Math.min(255, Math.max(0, Math.round(value))));
}
