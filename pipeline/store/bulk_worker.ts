/** One thread of `bulk.ts`: hashes, copies, links and renames many files with plain system calls. */

import { createHash } from "node:crypto";
import type { BulkAnswer, BulkRequest } from "./bulk.ts";
import { stamp } from "./file_digest.ts";

const BUFFER = new Uint8Array(1 << 20);
const READ_ONLY = 0o444;

/** SHA-256 of an open file, written to `digests` at `row`. @returns its size. */
function hashOpen(file: Deno.FsFile, digests: Uint8Array, row: number): number {
  const hash = createHash("sha256");
  let bytes = 0;
  while (true) {
    const n = file.readSync(BUFFER);
    if (n === null) break;
    hash.update(BUFFER.subarray(0, n));
    bytes += n;
  }
  digests.set(hash.digest(), row * 32);
  return bytes;
}

function hashFile(path: string, digests: Uint8Array, row: number): number {
  using file = Deno.openSync(path);
  return hashOpen(file, digests, row);
}

/** Copies a file while hashing what is written. */
function copyFile(from: string, to: string, digests: Uint8Array, row: number): number {
  using source = Deno.openSync(from);
  using target = Deno.openSync(to, { write: true, createNew: true, mode: READ_ONLY });
  const hash = createHash("sha256");
  let bytes = 0;
  while (true) {
    const n = source.readSync(BUFFER);
    if (n === null) break;
    for (let written = 0; written < n;) {
      written += target.writeSync(BUFFER.subarray(written, n));
    }
    hash.update(BUFFER.subarray(0, n));
    bytes += n;
  }
  digests.set(hash.digest(), row * 32);
  return bytes;
}

function carryOut({ id, work, from, to }: BulkRequest): BulkAnswer {
  const count = from.length;
  const digests = new Uint8Array(count * 32);
  const sizes = new Float64Array(count);
  const stamps: string[] = [];
  for (let row = 0; row < count; row++) {
    try {
      if (work === "hash") sizes[row] = hashFile(from[row], digests, row);
      else if (work === "stamp-and-hash") {
        // Before reading: what is written meanwhile has another stamp.
        stamps.push(stamp(Deno.statSync(from[row])));
        sizes[row] = hashFile(from[row], digests, row);
      } else if (work === "copy") sizes[row] = copyFile(from[row], to[row], digests, row);
      else if (work === "link") Deno.linkSync(from[row], to[row]);
      else {
        Deno.renameSync(from[row], to[row]);
        stamps.push(stamp(Deno.statSync(to[row])));
      }
    } catch (error) {
      const { name, message, code } = error as Error & { code?: string };
      return { id, digests, sizes, stamps, failed: { row, name, message, code } };
    }
  }
  return { id, digests, sizes, stamps, failed: null };
}

self.onmessage = ({ data }: MessageEvent<BulkRequest>) => {
  const answer = carryOut(data);
  (self as unknown as Worker).postMessage(answer, [answer.digests.buffer, answer.sizes.buffer]);
};
