/** What is remembered about files that were hashed, so that unchanged ones need not be read again. */

import { sha256 } from "../canonical.ts";
import { discard, type Host, isSystemError } from "../host.ts";
import { RACY_MS } from "../racy.ts";
import { type ListedFolders, NO_FOLDERS } from "./folder_stamps.ts";
import type { Digest } from "../types.ts";

/** Numbers kept a file: device, inode, size, mtime, ctime, mode, and whether they may be trusted. */
const COLUMNS = 7;
const [DEV, INO, SIZE, MTIME, CTIME, MODE, TRUSTED] = [0, 1, 2, 3, 4, 5, 6];

/** Files in the order of a walk, with their stamps and digests. */
export interface Stamped {
  readonly names: readonly string[];
  /** {@link COLUMNS} numbers a file. */
  readonly stamps: Float64Array<ArrayBuffer>;
  /** 32 bytes a file. */
  readonly digests: Uint8Array<ArrayBuffer>;
  /** Digest of the whole: of the file, or of the tree's manifest. */
  readonly digest: Digest;
  /** Sum of the sizes. */
  readonly bytes: number;
  /** The folders of a tree, in the order of the walk. */
  readonly folders: ListedFolders;
}

/** Room for the stamps of `count` files. */
export function newStamps(count: number): Float64Array<ArrayBuffer> {
  return new Float64Array(count * COLUMNS);
}

/** The same stamps, in more room when row `row` has none. */
export function withRoomFor(
  stamps: Float64Array<ArrayBuffer>,
  row: number,
): Float64Array<ArrayBuffer> {
  if ((row + 1) * COLUMNS <= stamps.length) return stamps;
  const more = newStamps(2 * row);
  more.set(stamps);
  return more;
}

/** The first `count` rows, in as much room as they need. */
export function firstStamps(
  stamps: Float64Array<ArrayBuffer>,
  count: number,
): Float64Array<ArrayBuffer> {
  return stamps.length === count * COLUMNS ? stamps : stamps.slice(0, count * COLUMNS);
}

/**
 * Writes the stamp of a file into row `row`.
 * @param checked Milliseconds since the epoch just before `info` was taken.
 */
export function setStamp(
  stamps: Float64Array,
  row: number,
  info: Deno.FileInfo,
  checked: number,
): void {
  const at = row * COLUMNS;
  const modified = info.mtime?.getTime() ?? NaN;
  const changed = info.ctime?.getTime() ?? 0;
  stamps[at + DEV] = info.dev;
  stamps[at + INO] = info.ino ?? 0;
  stamps[at + SIZE] = info.size;
  stamps[at + MTIME] = modified;
  // The store's links to a file come and go, and each sets the time of the status change.
  stamps[at + CTIME] = (info.nlink ?? 1) > 1 ? 0 : changed;
  stamps[at + MODE] = info.mode ?? 0;
  // Links count as a change of status too; content cannot change without a modification time.
  const touched = (info.nlink ?? 1) > 1 ? modified : Math.max(modified, changed);
  stamps[at + TRUSTED] = touched + RACY_MS < checked ? 1 : 0;
}

/** Whether two rows say that it is the same file with the same content. */
export function sameStamp(
  a: Float64Array,
  rowA: number,
  b: Float64Array,
  rowB: number,
): boolean {
  const [i, j] = [rowA * COLUMNS, rowB * COLUMNS];
  for (let column = 0; column < CTIME; column++) {
    if (a[i + column] !== b[j + column]) return false;
  }
  if (a[i + MODE] !== b[j + MODE]) return false;
  const [before, after] = [a[i + CTIME], b[j + CTIME]];
  return before === after || before === 0 || after === 0;
}

/** Whether the file was old enough when it was hashed for its stamp to be believed. */
export function isTrusted(stamps: Float64Array, row: number): boolean {
  return stamps[row * COLUMNS + TRUSTED] === 1;
}

/** Copies row `from` of `source` into row `to`, when the file was not read again. */
export function copyStamp(
  source: Float64Array,
  from: number,
  target: Float64Array,
  to: number,
): void {
  for (let column = 0; column < COLUMNS; column++) {
    target[to * COLUMNS + column] = source[from * COLUMNS + column];
  }
}

/** The size in a row. */
export function sizeOf(stamps: Float64Array, row: number): number {
  return stamps[row * COLUMNS + SIZE];
}

/** The digest in row `row`. */
export function digestAt(digests: Uint8Array<ArrayBuffer>, row: number): Digest {
  return digests.subarray(row * 32, row * 32 + 32).toHex();
}

/** Raise when the layout changes. */
const VERSION = 2;

interface Head {
  readonly version: number;
  readonly count: number;
  /** Bytes of the names. */
  readonly names: number;
  /** How many folders, and the bytes of their names. */
  readonly folders: readonly [count: number, bytes: number];
  readonly digest: Digest;
  readonly bytes: number;
  /** Of everything after the head. */
  readonly check: Digest;
}

/** Reads a cache file; whatever cannot be used is as good as absent. */
export function readStamped(path: string): Stamped | null {
  let file: Uint8Array<ArrayBuffer>;
  try {
    file = Deno.readFileSync(path);
  } catch {
    return null;
  }
  try {
    const line = file.indexOf(10);
    const head: Head = JSON.parse(new TextDecoder().decode(file.subarray(0, line)));
    const body = file.subarray(line + 1);
    if (head.version !== VERSION || sha256(body) !== head.check) return null;
    let at = 0;
    const take = (length: number) => body.subarray(at, at += length);
    const text = new TextDecoder();
    const stamps = newStamps(head.count);
    const names = text.decode(take(head.names));
    new Uint8Array(stamps.buffer).set(take(stamps.byteLength));
    const [folderCount, folderBytes] = head.folders;
    const folderNames = text.decode(take(folderBytes));
    const end = body.length - 32 * head.count;
    const numbers = new Float64Array((end - at) / 8);
    new Uint8Array(numbers.buffer).set(take(numbers.byteLength));
    return {
      names: head.count === 0 ? [] : names.split("\n"),
      stamps,
      folders: folderCount === 0 ? NO_FOLDERS : { names: folderNames.split("\n"), numbers },
      digests: body.slice(end),
      digest: head.digest,
      bytes: head.bytes,
    };
  } catch {
    return null;
  }
}

/** Writes a cache file. A full or read-only disk costs the next run some hashing, nothing else. */
export function writeStamped(host: Host, path: string, known: Stamped): void {
  const encoder = new TextEncoder();
  const names = encoder.encode(known.names.join("\n"));
  const folderNames = encoder.encode(known.folders.names.join("\n"));
  const body = concatenated([
    names,
    new Uint8Array(known.stamps.buffer),
    folderNames,
    new Uint8Array(known.folders.numbers.buffer),
    known.digests,
  ]);
  const head: Head = {
    version: VERSION,
    count: known.names.length,
    names: names.length,
    folders: [known.folders.names.length, folderNames.length],
    digest: known.digest,
    bytes: known.bytes,
    check: sha256(body),
  };
  const file = concatenated([encoder.encode(JSON.stringify(head) + "\n"), body]);
  const temporary = `${path}.${host.unique()}`;
  try {
    host.files.makeDirectory(path.slice(0, path.lastIndexOf("/")));
    host.files.writeNew(temporary, file);
    host.files.rename(temporary, path);
  } catch (error) {
    discard(host, temporary);
    if (!isSystemError(error)) throw error;
  }
}

function concatenated(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
