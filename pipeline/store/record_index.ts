/** A cache over records: one file a paper and preset, with what a run that has nothing to do asks of each. */

import { sha256 } from "../canonical.ts";
import { RACY_MS } from "../racy.ts";
import type { Digest, OutputEntry, RecordSummary } from "../types.ts";

/**
 * A record's file when it was read: while it looks the same, so does the record. As git does, a file that
 * was written around the time of reading is not trusted by its looks.
 */
interface Seen {
  readonly stamp: string;
  /** Milliseconds since the epoch, just before `stamp` was taken. */
  readonly checked: number;
}

/** One record in the file: short, because ten thousand of them are read at once. */
type Row = readonly [
  key: Digest,
  stamp: string,
  checked: number,
  node: string,
  stage: string,
  outputs: Readonly<Record<string, OutputEntry>>,
  seconds: number,
  finished: string,
  log: Digest | null,
];

/** Raise when rows change their meaning. */
const VERSION = 1;
/** Rows that nobody asked for are kept up to this many times those in use: another checkout may share the store. */
const KEPT = 2;

/**
 * Summaries of records by key. It holds nothing that the records do not: every answer is checked against the
 * record's file by its inode, size and times, and a file of rows that is damaged in any way is not used.
 */
export class RecordIndex {
  readonly #rows: Map<Digest, Row>;
  readonly #used = new Map<Digest, Row>();
  #changed = false;

  private constructor(rows: Map<Digest, Row>) {
    this.#rows = rows;
  }

  /** @param text What `encode` gave; anything else is as good as nothing. */
  static decode(text: string | null): RecordIndex {
    const rows = new Map<Digest, Row>();
    if (text === null) return new RecordIndex(rows);
    const end = text.indexOf("\n");
    const body = text.slice(end + 1);
    if (text.slice(0, end) !== `${VERSION} ${sha256(body)}`) return new RecordIndex(rows);
    for (const row of JSON.parse(body) as Row[]) rows.set(row[0], row);
    return new RecordIndex(rows);
  }

  /**
   * The summary of a record whose file still looks as it did when it was read.
   * @param path Of the record's file.
   */
  get(key: Digest, path: string): RecordSummary | null {
    const row = this.#rows.get(key);
    if (row === undefined) return null;
    const now = look(path);
    if (now === null || now.stamp !== row[1] || now.touched + RACY_MS >= row[2]) return null;
    this.#used.set(key, row);
    const [, , , node, stage, outputs, seconds, finished, log] = row;
    return { version: 1, key, node, stage, outputs, seconds, finished, log };
  }

  /**
   * Takes in a record that was just read.
   * @param seen What `look` said of its file before it was read.
   */
  put({ key, node, stage, outputs, seconds, finished, log }: RecordSummary, seen: Seen): void {
    const row: Row = [key, seen.stamp, seen.checked, node, stage, outputs, seconds, finished, log];
    this.#used.set(key, row);
    this.#changed = true;
  }

  /** Bytes to keep, or null when nothing is new. */
  encode(): string | null {
    if (!this.#changed) return null;
    const rows = new Map(this.#used);
    const most = KEPT * rows.size;
    for (const [key, row] of this.#rows) {
      if (rows.size >= most) break;
      if (!rows.has(key)) rows.set(key, row);
    }
    this.#changed = false;
    const body = JSON.stringify([...rows.values()]);
    return `${VERSION} ${sha256(body)}\n${body}`;
  }
}

/** How a file looks now; null when it is not there. */
export function look(path: string): (Seen & { readonly touched: number }) | null {
  const checked = Date.now();
  let info: Deno.FileInfo;
  try {
    info = Deno.statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
  const modified = info.mtime?.getTime() ?? Infinity;
  const changed = info.ctime?.getTime() ?? 0;
  return {
    stamp: `${info.ino}:${info.size}:${modified}:${changed}`,
    checked,
    touched: Math.max(modified, changed),
  };
}
