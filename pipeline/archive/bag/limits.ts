/** How much a bag may ask of the reader when the caller says nothing. */

import type { BagLimits } from "./types.ts";

const MiB = 2 ** 20;
const GiB = 2 ** 30;

/**
 * Room for bags of hundreds of gigabytes and half a million files, while what is held in memory (names
 * and tag files) stays below a few hundred megabytes.
 */
export const DEFAULT_LIMITS: BagLimits = Object.freeze({
  parts: 1000,
  members: 500_000,
  memberBytes: 256 * GiB,
  totalBytes: 1024 * GiB,
  tagBytes: 256 * MiB,
  manifestBytes: 128 * MiB,
  nameBytes: 128 * MiB,
  headerBytes: 16 * 1024,
  inflateRatio: 200,
});

/** A number of bytes in words, e.g. `3.2 GB`. */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  const units = ["kB", "MB", "GB", "TB", "PB"];
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}
