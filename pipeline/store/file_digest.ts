/** SHA-256 of a file without holding a large one in memory, and a stamp that changes with its content. */

import { createHash } from "node:crypto";
import type { Digest } from "../types.ts";

/** Files up to this size are read synchronously: much faster for thousands of small ones. */
const SMALL = 8 << 20;
const CHUNK = 4 << 20;

/** SHA-256 and size in bytes of a file's content. @throws the file system's errors. */
export async function fileDigest(path: string): Promise<{ digest: Digest; bytes: number }> {
  using file = Deno.openSync(path);
  const hash = createHash("sha256");
  const { size } = file.statSync();
  let bytes = 0;
  if (size <= SMALL) {
    const buffer = new Uint8Array(size + 1);
    for (let n; (n = file.readSync(buffer)) !== null;) {
      hash.update(buffer.subarray(0, n));
      bytes += n;
    }
    return { digest: hash.digest("hex"), bytes };
  }
  // Another thread reads the next part while this one is hashed.
  let [current, next] = [new Uint8Array(CHUNK), new Uint8Array(CHUNK)];
  let reading = file.read(current);
  for (let n; (n = await reading) !== null;) {
    reading = file.read(next);
    hash.update(current.subarray(0, n));
    bytes += n;
    [current, next] = [next, current];
  }
  return { digest: hash.digest("hex"), bytes };
}

/** Inode, mtime and size: while they stay, so do the bytes of a read-only object. */
export function stamp(info: Deno.FileInfo): string {
  return `${info.dev}:${info.ino}:${info.mtime?.getTime()}:${info.size}`;
}
