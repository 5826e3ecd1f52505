/** SHA-256 of a file without holding a large one in memory, and a stamp that changes with its content. */

import { createHash } from "node:crypto";
import type { Digest } from "./types.ts";

/** Files up to this size are read synchronously: much faster for thousands of small ones. */
const SMALL = 8 << 20;
const CHUNK = 4 << 20;

/** SHA-256 and size in bytes of a file's content. @throws the file system's errors. */
export async function fileDigest(path: string): Promise<{ digest: Digest; bytes: number }> {
  using file = Deno.openSync(path);
  const hash = createHash("sha256");
  const { size } = file.statSync();
  const small = size <= SMALL;
  const buffer = new Uint8Array(small ? size + 1 : CHUNK);
  let bytes = 0;
  while (true) {
    const n = small ? file.readSync(buffer) : await file.read(buffer);
    if (n === null) break;
    hash.update(buffer.subarray(0, n));
    bytes += n;
  }
  return { digest: hash.digest("hex"), bytes };
}

/** Inode, mtime and size: while they stay, so do the bytes of a read-only object. */
export function stamp(info: Deno.FileInfo): string {
  return `${info.dev}:${info.ino}:${info.mtime?.getTime()}:${info.size}`;
}
