/** One thread of `bulk.ts`: works through many files with plain system calls. */

import { createHash, hash as hashAtOnce } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
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

/** A small file's bytes, valid until the next call. `node:fs` takes two thirds of the time of Deno's own calls. */
function contentOf(path: string, size: number): Uint8Array {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    // Its errors are the ones that the callers know.
    return Deno.readFileSync(path);
  }
  try {
    // One byte more than is expected tells a file that has grown.
    const n = readSync(file, BUFFER, 0, size + 1, null);
    return n === size ? BUFFER.subarray(0, n) : Deno.readFileSync(path);
  } finally {
    closeSync(file);
  }
}

function hashFile(path: string, size: number, digests: Uint8Array, row: number): number {
  if (size <= SMALL) {
    const content = contentOf(path, size);
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
  const contents = new Contents(work === "read" ? request.sizes! : []);
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
        const content = contentOf(from[row], size);
        digests.set(hashAtOnce("sha256", content, "buffer"), row * 32);
        sizes[row] = content.length;
        contents.add(content);
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
  return { id, digests, sizes, stamps, contents: contents.all(), failed: null };
}

/** Contents of files one after the other. */
class Contents {
  #bytes: Uint8Array<ArrayBuffer>;
  #length = 0;

  /** @param sizes What is expected. */
  constructor(sizes: Iterable<number>) {
    let sum = 0;
    for (const size of sizes) sum += size;
    this.#bytes = new Uint8Array(sum);
  }

  add(content: Uint8Array): void {
    const end = this.#length + content.length;
    if (end > this.#bytes.length) {
      const more = new Uint8Array(2 * end);
      more.set(this.#bytes);
      this.#bytes = more;
    }
    this.#bytes.set(content, this.#length);
    this.#length = end;
  }

  all(): Uint8Array<ArrayBuffer> {
    return this.#bytes.length === this.#length ? this.#bytes : this.#bytes.slice(0, this.#length);
  }
}

self.onmessage = ({ data }: MessageEvent<BulkRequest>) => {
  const answer = carryOut(data);
  const { digests, sizes, contents } = answer;
  const moved = [digests.buffer, sizes.buffer, ...(contents === null ? [] : [contents.buffer])];
  (self as unknown as Worker).postMessage(answer, moved);
};
