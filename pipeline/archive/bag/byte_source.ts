/** The bytes of an archive, plain or inflated, one after the other and in bounded memory. */

import { bytesText } from "./limits.ts";
import { concat } from "./tar_header.ts";
import type { BagLimits, BagProblem } from "./types.ts";

/** Reads forward through an archive. */
export interface ByteSource {
  /** Bytes read and skipped so far. */
  readonly position: number;
  /** Bytes left; null when only the end will tell. */
  readonly rest: number | null;
  /** The next `n` bytes, fewer at the end. Valid until the next call. `n` is at most 64 KiB. */
  take(n: number): Promise<Uint8Array>;
  /** The next bytes, at most `most`, in memory of their own; empty only at the end. */
  some(most: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Leaves out `n` bytes. @returns false when the archive ends before. */
  skip(n: number): Promise<boolean>;
  /** Gives up what it holds besides the file. */
  close(): Promise<void>;
}

/** Throws about the archive as a whole. */
export type RefuseArchive = (problem: BagProblem, message: string) => never;

const WINDOW = 64 * 1024;
const CHUNK = 256 * 1024;

/** Opens the content of `file`, which is inflated when it begins as gzip does. */
export function byteSource(
  file: Deno.FsFile,
  limits: BagLimits,
  refuse: RefuseArchive,
): ByteSource {
  const head = new Uint8Array(10);
  file.seekSync(0, Deno.SeekMode.Start);
  const got = file.readSync(head) ?? 0;
  if (got < 2 || head[0] !== 0x1f || head[1] !== 0x8b) return new PlainSource(file);
  if (got < 10) refuse("truncated", "the archive ends within the gzip header");
  if (head[2] !== 8) refuse("format", "the gzip header names an unknown method");
  if ((head[3] & ~8) !== 0) refuse("format", "the gzip header has fields that are not known here");
  return new GzipSource(file, limits, refuse);
}

class PlainSource implements ByteSource {
  position = 0;
  readonly #file: Deno.FsFile;
  readonly #size: number;
  readonly #window = new Uint8Array(WINDOW);
  #start = 0;
  #end = 0;

  constructor(file: Deno.FsFile) {
    this.#file = file;
    this.#size = file.statSync().size;
  }

  get rest(): number {
    return this.#size - this.position;
  }

  // Synchronous inside: no call can come between seek and read, so several sources can share a file.
  take(n: number): Promise<Uint8Array> {
    if (this.position < this.#start || this.position + n > this.#end) {
      this.#start = this.position;
      this.#end = this.position + this.#read(this.#window, this.position);
    }
    const at = this.position - this.#start;
    const bytes = this.#window.subarray(at, Math.min(at + n, this.#end - this.#start));
    this.position += bytes.length;
    return Promise.resolve(bytes);
  }

  some(most: number): Promise<Uint8Array<ArrayBuffer>> {
    const held = this.#end - this.position;
    if (this.position >= this.#start && held > 0) {
      const at = this.position - this.#start;
      const bytes = this.#window.slice(at, at + Math.min(held, most));
      this.position += bytes.length;
      return Promise.resolve(bytes);
    }
    const bytes = new Uint8Array(Math.max(0, Math.min(most, CHUNK, this.rest)));
    const n = this.#read(bytes, this.position);
    this.position += n;
    return Promise.resolve(n === bytes.length ? bytes : bytes.slice(0, n));
  }

  skip(n: number): Promise<boolean> {
    const there = n <= this.rest;
    this.position += there ? n : this.rest;
    return Promise.resolve(there);
  }

  #read(into: Uint8Array, from: number): number {
    this.#file.seekSync(from, Deno.SeekMode.Start);
    let n = 0;
    while (n < into.length) {
      const got = this.#file.readSync(into.subarray(n));
      if (got === null) break;
      n += got;
    }
    return n;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Compressed bytes given to the inflater at once: what comes out is at most about a thousand times more. */
const FEED = 4 * 1024;
/** Before so much has come out, the ratio says nothing: a small file of zeros is fine. */
const RATIO_FROM = 2 ** 20;

class GzipSource implements ByteSource {
  position = 0;
  readonly rest = null;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;
  readonly #limits: BagLimits;
  readonly #refuse: RefuseArchive;
  #chunk = new Uint8Array();
  #fed = 0;
  #out = 0;
  #done = false;

  constructor(file: Deno.FsFile, limits: BagLimits, refuse: RefuseArchive) {
    this.#limits = limits;
    this.#refuse = refuse;
    const input = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull: (controller) => {
        const bytes = new Uint8Array(FEED);
        file.seekSync(this.#fed, Deno.SeekMode.Start);
        const n = file.readSync(bytes);
        if (n === null) return controller.close();
        this.#fed += n;
        controller.enqueue(bytes.subarray(0, n));
      },
    }, { highWaterMark: 0 });
    this.#reader = input.pipeThrough(new DecompressionStream("gzip")).getReader();
  }

  /** Makes sure that the current chunk has bytes; false at the end. */
  async #fill(): Promise<boolean> {
    while (this.#chunk.length === 0 && !this.#done) {
      try {
        const { value, done } = await this.#reader.read();
        if (done) this.#done = true;
        else this.#chunk = value;
      } catch (error) {
        // One file is one gzip member: what follows it is refused by the inflater.
        if (!(error instanceof TypeError)) throw error;
        this.#refuse("format", "the gzip data is damaged, cut off, or followed by something");
      }
      this.#out += this.#chunk.length;
      const { inflateRatio } = this.#limits;
      if (this.#out > RATIO_FROM && this.#out > this.#fed * inflateRatio) {
        this.#refuse(
          "limit",
          `the gzip data inflates to more than ${inflateRatio} times its size: ` +
            `${bytesText(this.#fed)} to over ${bytesText(this.#out)}`,
        );
      }
    }
    return this.#chunk.length > 0;
  }

  async take(n: number): Promise<Uint8Array> {
    if (this.#chunk.length >= n) return this.#cut(n);
    const parts: Uint8Array[] = [];
    for (let missing = n; missing > 0 && await this.#fill();) {
      const part = this.#cut(missing);
      parts.push(part);
      missing -= part.length;
    }
    return concat(parts);
  }

  async some(most: number): Promise<Uint8Array<ArrayBuffer>> {
    if (most === 0 || !await this.#fill()) return new Uint8Array();
    return this.#cut(Math.min(most, CHUNK)).slice();
  }

  async skip(n: number): Promise<boolean> {
    while (n > 0) {
      if (!await this.#fill()) return false;
      n -= this.#cut(n).length;
    }
    return true;
  }

  #cut(most: number): Uint8Array {
    const part = this.#chunk.subarray(0, most);
    this.#chunk = this.#chunk.subarray(part.length);
    this.position += part.length;
    return part;
  }

  async close(): Promise<void> {
    await this.#reader.cancel().catch(() => {});
  }
}
