/** PNG files to 8-bit RGBA: every colour type and bit depth of the format. */

import { convertIndexedToRgb, decode, type DecodedPng } from "fast-png";
import type { RgbaImage } from "./image.ts";

/**
 * Decodes a PNG file. Grey, grey + alpha, RGB, RGBA and palette images of 1 to 16 bits per sample;
 * 16-bit samples keep their high byte.
 *
 * @param bytes The file.
 * @throws Error when the bytes are no PNG, fail its checksums, or use a transparent key colour.
 */
export function decodePng(bytes: Uint8Array): RgbaImage {
  const png = decode(bytes, { checkCrc: true });
  const { width, height } = png;
  const pixels = new Uint8ClampedArray(width * height * 4);
  const { samples, channels } = eightBitSamples(png);
  const colours = channels >= 3 ? 3 : 1;
  const hasAlpha = channels === 2 || channels === 4;
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) {
      pixels[i * 4 + c] = samples[i * channels + (colours === 3 ? c : 0)];
    }
    pixels[i * 4 + 3] = hasAlpha ? samples[i * channels + channels - 1] : 255;
  }
  return { width, height, pixels };
}

function eightBitSamples(png: DecodedPng): { samples: ArrayLike<number>; channels: number } {
  if (png.palette) {
    return { samples: convertIndexedToRgb(png), channels: png.palette[0].length };
  }
  if (png.transparency && png.transparency.length > 0) {
    throw new Error("PNG with a transparent key colour (tRNS without a palette) is not supported");
  }
  if (png.depth === 16) return { samples: png.data.map((v) => v >> 8), channels: png.channels };
  if (png.depth === 8) return { samples: png.data, channels: png.channels };
  return { samples: unpackGrey(png), channels: 1 };
}

/** Grey samples of 1, 2 or 4 bits come packed, each row starting on a byte. */
function unpackGrey(png: DecodedPng): Uint8Array {
  const { width, height, depth, data } = png;
  const perByte = 8 / depth;
  const bytesPerRow = Math.ceil(width / perByte);
  const top = (1 << depth) - 1;
  const samples = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const byte = data[y * bytesPerRow + Math.floor(x / perByte)];
      const shift = 8 - depth * (x % perByte + 1);
      samples[y * width + x] = Math.round(((byte >> shift) & top) * 255 / top);
    }
  }
  return samples;
}
