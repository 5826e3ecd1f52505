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

/**
 * The members of a pack, in the order of their bytes.
 * @param name What the list must hash to.
 * @returns null when the file is no whole pack of that name.
 * @throws the file system's errors.
 */
export function readList(path: string, name: Digest): Member[] | null {
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
  const view = new DataView(list.buffer);
  const members: Member[] = [];
  let offset = 0;
  for (let at = 0; at < count * ROW; at += ROW) {
    const bytes = view.getUint32(at + 32, true);
    members.push({ digest: list.subarray(at, at + 32).toHex(), bytes, offset });
    offset += bytes;
  }
  return offset + length === size ? members : null;
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
