/** Writes small PNG images as data URIs. */

import { Buffer } from "node:buffer";
import { crc32, deflateSync } from "node:zlib";

/**
 * A PNG of `size` × `size` pixels as a data URI.
 * @param rgb Row-major, 3 numbers in 0..255 for each pixel; rounded and clamped.
 * @throws RangeError when the number of values does not fit.
 */
export function pngDataUri(size: number, rgb: readonly number[]): string {
  if (rgb.length !== 3 * size * size) {
    throw new RangeError(`pngDataUri: ${rgb.length} values for ${size} × ${size} × 3`);
  }
  // Each row starts with its filter type: 0, none.
  const rows = Buffer.alloc(size * (3 * size + 1));
  rgb.forEach((value, i) => {
    const row = Math.floor(i / (3 * size));
    rows[i + row + 1] = Math.max(0, Math.min(255, Math.round(value)));
  });
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  // 8 bits a channel, RGB, deflate, adaptive filters, not interlaced.
  header.set([8, 2, 0, 0, 0], 8);
  const bytes = Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
  return `data:image/png;base64,${bytes.toString("base64")}`;
}

function chunk(type: string, content: Uint8Array): Uint8Array {
  const body = Buffer.concat([Buffer.from(type, "latin1"), content]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(content.length, 0);
  framed.set(body, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}
