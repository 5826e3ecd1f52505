/** A certificate: which files a run with nothing to do looked at, how they looked, and what it said. */

import type { PastRun } from "../history/past_run.ts";
import { RACY_MS } from "../racy.ts";
import type { Digest } from "../types.ts";
import { webSha256 } from "./web_sha256.ts";

/** A run as the history has it, without what differs from one run to the next. */
export type SameRun = Omit<PastRun, "id" | "began" | "seconds" | "commit">;

/** What a run said and left behind, when it had nothing to do. */
export interface Certified {
  /** Standard output before and after the time that it took. */
  readonly said: readonly [string, string];
  readonly json: boolean;
  readonly past: SameRun;
  /** Objects whose bytes were read, not only looked at. */
  readonly read: readonly Digest[];
}

/** Files as they looked, and what follows while they look the same. */
export interface Certificate {
  /** Directory of the store, absolute and without links. */
  readonly store: string;
  /** Null when the run can't be certified as long as these files look the same. */
  readonly certified: Certified | null;
  readonly paths: readonly string[];
  /** {@link COLUMNS} numbers a path. */
  readonly stamps: Float64Array<ArrayBuffer>;
}

/** Device, inode, size, modification and change of status; all zero where nothing is. */
const COLUMNS = 5;

/** Looks at a path: fills a row, and says when the file changed last, in milliseconds since the epoch. */
function look(path: string, stamps: Float64Array, row: number): number {
  const at = row * COLUMNS;
  let info: Deno.FileInfo;
  try {
    info = Deno.statSync(path);
  } catch (error) {
    const { name } = error as Error;
    if (name !== "NotFound" && name !== "NotADirectory") throw error;
    stamps.fill(0, at, at + COLUMNS);
    return 0;
  }
  const modified = info.mtime?.getTime() ?? Infinity;
  const changed = info.ctime?.getTime() ?? 0;
  stamps[at] = info.dev;
  stamps[at + 1] = info.ino ?? 0;
  stamps[at + 2] = info.size;
  stamps[at + 3] = modified;
  // Objects never change, and links to them come and go, which counts as a change of status.
  stamps[at + 4] = isObject(path) ? 0 : changed;
  return isObject(path) ? modified : Math.max(modified, changed);
}

function isObject(path: string): boolean {
  return path.includes("/objects/sha256/");
}

/**
 * How files look.
 *
 * @param since Milliseconds since the epoch: when the run started that read them.
 * @returns null when one of them changed so late that the run may have seen another content.
 */
export function looks(paths: readonly string[], since: number): Float64Array<ArrayBuffer> | null {
  const stamps = new Float64Array(paths.length * COLUMNS);
  for (let row = 0; row < paths.length; row++) {
    if (look(paths[row], stamps, row) + RACY_MS >= since) return null;
  }
  return stamps;
}

/** The paths at which nothing was. */
export function absentAmong(paths: readonly string[], stamps: Float64Array): string[] {
  return paths.filter((_, row) => stamps[row * COLUMNS + 1] === 0);
}

/** Whether all files of a certificate still look as they did. */
export function holds({ paths, stamps }: Certificate): boolean {
  const now = new Float64Array(COLUMNS);
  for (let row = 0; row < paths.length; row++) {
    look(paths[row], now, 0);
    for (let i = 0, at = row * COLUMNS; i < COLUMNS; i++) {
      if (now[i] !== stamps[at + i]) return false;
    }
  }
  return true;
}

interface Head {
  readonly store: string;
  readonly certified: Certified | null;
  readonly paths: number;
  readonly stamps: number;
}

/** The bytes of a certificate: a checksum, a line of JSON, paths, numbers. */
export async function encode(c: Certificate): Promise<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder();
  const paths = encoder.encode(shorten(c.paths, c.store).join("\n"));
  const numbers = new Uint8Array(c.stamps.buffer);
  const { store, certified } = c;
  const head: Head = { store, certified, paths: paths.length, stamps: numbers.length };
  const line = encoder.encode(JSON.stringify(head) + "\n");
  const body = new Uint8Array(line.length + paths.length + numbers.length);
  body.set(line);
  body.set(paths, line.length);
  body.set(numbers, line.length + paths.length);
  const file = new Uint8Array(SUM + body.length);
  file.set(encoder.encode(await webSha256(body) + "\n"));
  file.set(body, SUM);
  return file;
}

/** Length of a checksum's line. */
const SUM = 65;

/** Reads a certificate; null for anything but the bytes that `encode` gave. */
export async function decode(file: Uint8Array<ArrayBuffer>): Promise<Certificate | null> {
  const decoder = new TextDecoder();
  const body = file.subarray(SUM);
  if (decoder.decode(file.subarray(0, SUM)) !== await webSha256(body) + "\n") return null;
  const end = body.indexOf(10);
  const head: Head = JSON.parse(decoder.decode(body.subarray(0, end)));
  const paths = body.subarray(end + 1, end + 1 + head.paths);
  const stamps = new Float64Array(head.stamps / Float64Array.BYTES_PER_ELEMENT);
  new Uint8Array(stamps.buffer).set(body.subarray(end + 1 + head.paths));
  return {
    store: head.store,
    certified: head.certified,
    paths: lengthen(decoder.decode(paths).split("\n"), head.store),
    stamps,
  };
}

/** Most paths are in the store: `o` and `r` stand for its objects and records. */
const SHORT = [["o", "objects/sha256/", ""], ["r", "records/", ".json"]] as const;

function shorten(paths: readonly string[], store: string): string[] {
  return paths.map((path) => {
    for (const [letter, folder, extension] of SHORT) {
      const start = `${store}/${folder}`;
      if (!path.startsWith(start) || !path.endsWith(extension)) continue;
      const name = path.slice(start.length, path.length - extension.length);
      if (/^[0-9a-f]{2}\/[0-9a-f]{62}$/.test(name)) return letter + name.replace("/", "");
    }
    return path;
  });
}

function lengthen(names: readonly string[], store: string): string[] {
  const [[, objects], [, records]] = SHORT;
  const [o, r] = [`${store}/${objects}`, `${store}/${records}`];
  return names.map((name) => {
    const first = name.charCodeAt(0);
    if (first === 47) return name;
    const rest = `${name.slice(1, 3)}/${name.slice(3)}`;
    return first === 111 ? o + rest : `${r}${rest}.json`;
  });
}
