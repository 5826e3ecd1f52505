/** Tells whether source files still have the contents that were seen before, mostly without reading them. */

import { sha256 } from "../canonical.ts";
import { RACY_MS } from "../racy.ts";
import type { Digest } from "../types.ts";

/** A file's contents as seen at one moment. */
export interface Seen {
  readonly digest: Digest;
  /** Inode, size and times of the file just before it was read. */
  readonly stamp: string;
  /** Milliseconds since the epoch, just before `stamp` was taken. */
  readonly checked: number;
  /** The later of modification and status change, in milliseconds since the epoch. */
  readonly touched: number;
}

/** Reads a file and what is needed to recognise it later. @throws {Deno.errors.NotFound} */
export function see(
  path: string,
): { readonly seen: Seen; readonly bytes: Uint8Array<ArrayBuffer> } {
  const before = stampOf(path);
  const bytes = Deno.readFileSync(path);
  return { seen: { digest: sha256(bytes), ...before }, bytes };
}

/**
 * Whether a file still has the contents seen before. Its stamp is trusted unless the file was
 * written around the time when it was seen; then its bytes are compared.
 *
 * @returns The same object when the stamp was enough, a newer one after comparing equal bytes, null
 * when the contents differ or the file is gone.
 */
export function stillSeen(path: string, known: Seen): Seen | null {
  try {
    const now = stampOf(path);
    if (now.stamp === known.stamp && known.touched + RACY_MS < known.checked) return known;
    const { seen } = see(path);
    return seen.digest === known.digest ? seen : null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return null;
    }
    throw error;
  }
}

function stampOf(path: string): Omit<Seen, "digest"> {
  const checked = Date.now();
  const { ino, size, mtime, ctime, isFile } = Deno.statSync(path);
  if (!isFile) throw new Deno.errors.NotFound(`${path} is not a file`);
  const modified = mtime?.getTime() ?? 0;
  const changed = ctime?.getTime() ?? 0;
  return {
    stamp: `${ino}:${size}:${modified}:${changed}`,
    checked,
    // Without a modification time nothing can be trusted.
    touched: mtime === null ? Infinity : Math.max(modified, changed),
  };
}
