/** One thread of `bulk.ts`: works through many files with plain system calls. */

import { createHash, hash as hashAtOnce } from "node:crypto";
import { type BulkAnswer, type BulkRequest, DAMAGED } from "./bulk.ts";
import { stamp } from "./file_digest.ts";
import { PackReader } from "./pack_file.ts";

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

/** Files up to this size are read with one call. */
const SMALL = 1 << 18;

function hashFile(path: string, size: number, digests: Uint8Array, row: number): number {
  if (size <= SMALL) {
    const content = Deno.readFileSync(path);
    digests.set(hashAtOnce("sha256", content, "buffer"), row * 32);
    return content.length;
  }
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

/** Writes a member of a pack into a new file, when it is what it should be. */
function unpack(
  reader: PackReader,
  { from, to, sizes, offsets, digests }: BulkRequest,
  row: number,
): void {
  const content = reader.read(from[row], offsets![row], sizes![row]);
  const found = hashAtOnce("sha256", content, "buffer");
  for (let i = 0; i < 32; i++) {
    if (found[i] === digests![row * 32 + i]) continue;
    throw Object.assign(new Error("a damaged member"), { name: DAMAGED });
  }
  Deno.writeFileSync(to[row], content, { createNew: true, mode: READ_ONLY });
}

function carryOut(request: BulkRequest): BulkAnswer {
  const { id, work, from, to } = request;
  const count = from.length;
  const digests = new Uint8Array(count * 32);
  const sizes = new Float64Array(count);
  const stamps: string[] = [];
  const contents: Uint8Array[] = [];
  using reader = new PackReader();
  for (let row = 0; row < count; row++) {
    const size = request.sizes?.[row] ?? Infinity;
    try {
      if (work === "hash") sizes[row] = hashFile(from[row], size, digests, row);
      else if (work === "stamp-and-hash") {
        // Before reading: what is written meanwhile has another stamp.
        const info = Deno.statSync(from[row]);
        stamps.push(stamp(info));
        sizes[row] = hashFile(from[row], info.size, digests, row);
      } else if (work === "copy") sizes[row] = copyFile(from[row], to[row], digests, row);
      else if (work === "read") {
        const content = Deno.readFileSync(from[row]);
        digests.set(hashAtOnce("sha256", content, "buffer"), row * 32);
        sizes[row] = content.length;
        contents.push(content);
      } else if (work === "unpack") unpack(reader, request, row);
      else if (work === "link") Deno.linkSync(from[row], to[row]);
      else {
        Deno.renameSync(from[row], to[row]);
        stamps.push(stamp(Deno.statSync(to[row])));
      }
    } catch (error) {
      const { name, message, code } = error as Error & { code?: string };
      const failed = { row, name, message, code };
      return { id, digests, sizes, stamps, contents: null, failed };
    }
  }
  return { id, digests, sizes, stamps, contents: joined(contents), failed: null };
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

self.onmessage = ({ data }: MessageEvent<BulkRequest>) => {
  const answer = carryOut(data);
  const { digests, sizes, contents } = answer;
  const moved = [digests.buffer, sizes.buffer, ...(contents === null ? [] : [contents.buffer])];
  (self as unknown as Worker).postMessage(answer, moved);
};
