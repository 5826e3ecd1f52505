/** The format of a pack: thousands of small objects in one file, the list of them at its end. */

import { sha256 } from "../canonical.ts";
import type { Digest } from "../types.ts";

/**
 * A pack is the bytes of its members one after the other, then 36 bytes a member (SHA-256, size as 32-bit
 * little-endian number), then a tail: 8 bytes that say what it is, the number of members, and 4 zero bytes.
 * Its name is the SHA-256 of list and tail, so that a pack is named by the contents of its members.
 */
const MAGIC = new TextEncoder().encode("objpack1");
const ROW = 36;
const TAIL = 16;
/** Read at once, when members that follow each other are asked for in order. */
const WINDOW = 1 << 20;

/** One object of a pack. */
export interface Member {
  readonly digest: Digest;
  readonly bytes: number;
  /** Where it starts in the file. */
  readonly offset: number;
}

/** What is being written as the end of a pack. */
export class PackList {
  #rows = new Uint8Array(1024 * ROW);
  /** Members so far. */
  count = 0;
  /** Sum of their sizes. */
  bytes = 0;

  /** @param digest 32 bytes. */
  add(digest: Uint8Array, bytes: number): void {
    const at = this.count++ * ROW;
    if (at + ROW > this.#rows.length) {
      const more = new Uint8Array(2 * this.#rows.length);
      more.set(this.#rows);
      this.#rows = more;
    }
    this.#rows.set(digest, at);
    new DataView(this.#rows.buffer).setUint32(at + 32, bytes, true);
    this.bytes += bytes;
  }

  /** The bytes after those of the last member, and the name of the pack. */
  end(): { bytes: Uint8Array<ArrayBuffer>; name: Digest } {
    const bytes = new Uint8Array(this.count * ROW + TAIL);
    bytes.set(this.#rows.subarray(0, this.count * ROW));
    bytes.set(MAGIC, this.count * ROW);
    new DataView(bytes.buffer).setUint32(this.count * ROW + MAGIC.length, this.count, true);
    return { bytes, name: sha256(bytes) };
  }
}

/** The list of a pack: which objects it holds and where. A hundred thousand take a few milliseconds to read. */
export class PackIndex {
  readonly length: number;
  readonly #list: Uint8Array;
  /** Where members start, and at last where they end. */
  readonly #offsets: Float64Array;
  /** Open addressing by the first bytes of digests; rows count from 1. */
  readonly #table: Int32Array;
  readonly #mask: number;

  /** @param list {@link ROW} bytes a member. */
  constructor(list: Uint8Array) {
    this.length = list.length / ROW;
    this.#list = list;
    this.#offsets = new Float64Array(this.length + 1);
    this.#mask = (1 << Math.ceil(Math.log2(2 * this.length + 2))) - 1;
    this.#table = new Int32Array(this.#mask + 1);
    const view = new DataView(list.buffer, list.byteOffset, list.length);
    for (let row = 0; row < this.length; row++) {
      this.#offsets[row + 1] = this.#offsets[row] + view.getUint32(row * ROW + 32, true);
      let slot = view.getUint32(row * ROW, true) & this.#mask;
      while (this.#table[slot] !== 0) slot = (slot + 1) & this.#mask;
      this.#table[slot] = row + 1;
    }
  }

  /** Sum over the members. */
  get bytes(): number {
    return this.#offsets[this.length];
  }

  /** The digest in a row. */
  digestAt(row: number): Digest {
    return this.#list.subarray(row * ROW, row * ROW + 32).toHex();
  }

  /** Where an object is, or null. */
  find(digest: Digest): Member | null {
    const wanted = Uint8Array.fromHex(digest);
    const first = new DataView(wanted.buffer).getUint32(0, true);
    for (let slot = first & this.#mask; this.#table[slot] !== 0; slot = (slot + 1) & this.#mask) {
      const row = this.#table[slot] - 1;
      if (this.#isAt(row, wanted)) return this.#memberAt(row, digest);
    }
    return null;
  }

  /** All members, in the order of their bytes. */
  *members(): Generator<Member> {
    for (let row = 0; row < this.length; row++) yield this.#memberAt(row, this.digestAt(row));
  }

  #memberAt(row: number, digest: Digest): Member {
    const offset = this.#offsets[row];
    return { digest, bytes: this.#offsets[row + 1] - offset, offset };
  }

  #isAt(row: number, wanted: Uint8Array): boolean {
    for (let i = 0, at = row * ROW; i < 32; i++, at++) {
      if (this.#list[at] !== wanted[i]) return false;
    }
    return true;
  }
}

/**
 * The list of a pack.
 * @param name What it must hash to.
 * @returns null when the file is no whole pack of that name.
 * @throws the file system's errors.
 */
export function readIndex(path: string, name: Digest): PackIndex | null {
  using file = Deno.openSync(path);
  const { size, isFile } = file.statSync();
  if (!isFile || size < TAIL) return null;
  const tail = readAt(file, size - TAIL, TAIL);
  if (tail === null || !MAGIC.every((byte, i) => tail[i] === byte)) return null;
  const count = new DataView(tail.buffer).getUint32(MAGIC.length, true);
  const length = count * ROW + TAIL;
  if (length > size) return null;
  const list = readAt(file, size - length, length);
  if (list === null || sha256(list) !== name) return null;
  const index = new PackIndex(list.subarray(0, count * ROW));
  return index.bytes + length === size ? index : null;
}

function readAt(file: Deno.FsFile, offset: number, size: number): Uint8Array<ArrayBuffer> | null {
  const bytes = new Uint8Array(size);
  file.seekSync(offset, Deno.SeekMode.Start);
  for (let at = 0; at < size;) {
    const n = file.readSync(bytes.subarray(at));
    if (n === null) return null;
    at += n;
  }
  return bytes;
}

/** Reads members of packs, those that follow each other in one go. Dispose of it. */
export class PackReader {
  #path = "";
  #file: Deno.FsFile | null = null;
  #window: Uint8Array = new Uint8Array();
  #start = 0;

  /**
   * The bytes at a place, not checked; shorter than asked where the file ends. They are valid until the next call.
   * @throws the file system's errors.
   */
  read(path: string, offset: number, size: number): Uint8Array {
    if (path !== this.#path) {
      this[Symbol.dispose]();
      this.#file = Deno.openSync(path);
      this.#path = path;
    }
    const at = offset - this.#start;
    if (at < 0 || at + size > this.#window.length) {
      this.#fill(offset, Math.max(size, WINDOW));
      return this.#window.subarray(0, size);
    }
    return this.#window.subarray(at, at + size);
  }

  #fill(offset: number, size: number): void {
    const bytes = new Uint8Array(size);
    this.#file!.seekSync(offset, Deno.SeekMode.Start);
    let at = 0;
    for (let n; at < size && (n = this.#file!.readSync(bytes.subarray(at))) !== null;) at += n;
    this.#window = bytes.subarray(0, at);
    this.#start = offset;
  }

  [Symbol.dispose](): void {
    this.#file?.close();
    this.#file = null;
    this.#path = "";
    this.#window = new Uint8Array();
  }
}
