/** Records on disk: one JSON file a key, and per paper and preset the last key of each node. */

import { sha256 } from "../canonical.ts";
import { type Host, isSystemError, replaceFile } from "../host.ts";
import { look, RecordIndex } from "./record_index.ts";
import type { Digest, OutputEntry, RecordSummary, StageRecord } from "../types.ts";

const HEX64 = /^[0-9a-f]{64}$/;

/** True for 64 lower-case hexadecimal digits; anything else must not become a path. */
export function isDigest(text: unknown): text is Digest {
  return typeof text === "string" && HEX64.test(text);
}

/** Where a record is: two levels, so that no directory grows beyond what file systems handle well. */
export function recordPath(root: string, key: Digest): string {
  return `${root}/records/${key.slice(0, 2)}/${key.slice(2)}.json`;
}

/** The bytes of a record's file: the record as a line of JSON, then the SHA-256 of that line. */
function encodeRecord(record: StageRecord): Uint8Array<ArrayBuffer> {
  const line = JSON.stringify(record);
  return new TextEncoder().encode(`${line}\n${sha256(line)}\n`);
}

/** The record of `key`, or null when `text` is damaged, of another key, or of another version. */
function decodeRecord(text: string, key: Digest): StageRecord | null {
  const [line, sum] = text.split("\n", 2);
  // Records of earlier versions have no sum.
  if (sum && sum !== sha256(line)) return null;
  let value: Partial<StageRecord> | null;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null) return null;
  if (value.version !== 1 || value.key !== key || typeof value.outputs !== "object") return null;
  if (typeof value.components !== "object" || value.components === null) return null;
  if (!Object.values(value.outputs ?? {}).every(isEntry)) return null;
  return value as StageRecord;
}

function isEntry(entry: Partial<OutputEntry> | null): boolean {
  return typeof entry === "object" && entry !== null && isDigest(entry.digest) &&
    (entry.form === "file" || entry.form === "tree") && Number.isSafeInteger(entry.bytes);
}

/** Which key each node had last, as an append-only list of lines so that writers never wait. */
interface LastKeys {
  /** Node id → key. */
  readonly keys: Map<string, Digest>;
  /** Lines read; many more than `keys` means that the file is worth rewriting. */
  readonly lines: number;
}

/** The records of one store's directory. */
export class Records {
  readonly #last = new Map<string, LastKeys>();
  readonly #indexes = new Map<string, { readonly path: string; readonly index: RecordIndex }>();

  constructor(private readonly root: string, private readonly host: Host) {}

  /** The record of a key, or null when there is none that can be read. */
  get(key: Digest): StageRecord | null {
    const text = readIfThere(recordPath(this.root, key));
    return text === null ? null : decodeRecord(text, key);
  }

  /** Whether there is a file for a key. */
  has(key: Digest): boolean {
    try {
      return Deno.lstatSync(recordPath(this.root, key)).isFile;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
  }

  /**
   * As `get`, without the components: for a record that this paper and preset used before, one look at its
   * file replaces reading it.
   */
  summary(paper: string, preset: string, key: Digest): RecordSummary | null {
    const index = this.#index(paper, preset);
    const path = recordPath(this.root, key);
    const known = index.get(key, path);
    if (known !== null) return known;
    const seen = look(path);
    const record = seen === null ? null : this.get(key);
    if (record !== null) index.put(record, seen!);
    return record;
  }

  /** Keeps what `summary` learnt. Only a cache: when it cannot be written, the next process reads more. */
  saveIndexes(): void {
    for (const { path, index } of this.#indexes.values()) {
      const text = index.encode();
      if (text === null) continue;
      try {
        replaceFile(this.host, this.root, path, new TextEncoder().encode(text));
      } catch (error) {
        if (!isSystemError(error)) throw error;
      }
    }
  }

  #index(paper: string, preset: string): RecordIndex {
    // Papers are in snake_case: the first slash ends their name.
    const name = `${paper}/${preset}`;
    let known = this.#indexes.get(name);
    if (known === undefined) {
      const path = placeOf(this.root, "cache/records", paper, preset, "rows");
      known = { path, index: readIndex(path) };
      this.#indexes.set(name, known);
    }
    return known.index;
  }

  /** Keeps a record, over an older one of the same key. */
  put(record: StageRecord): void {
    if (!isDigest(record.key)) throw new TypeError(`${record.key} is not a key`);
    replaceFile(this.host, this.root, recordPath(this.root, record.key), encodeRecord(record));
  }

  /** The key at which a node of this paper and preset stood last, or null. */
  lastKey(paper: string, preset: string, nodeId: string): Digest | null {
    const key = this.#lastKeys(paper, preset).keys.get(nodeId);
    return isDigest(key) ? key : null;
  }

  /** Remembers the key at which a node stands now. */
  rememberLast(paper: string, preset: string, nodeId: string, key: Digest): void {
    const last = this.#lastKeys(paper, preset);
    if (last.keys.get(nodeId) === key) return;
    const path = lastPath(this.root, paper, preset);
    last.keys.set(nodeId, key);
    if (last.lines > 1000 && last.lines > 4 * last.keys.size) {
      // With what other processes wrote since it was read: these keys keep results from `gc`.
      const { keys } = decodeLast(readIfThere(path) ?? "");
      keys.set(nodeId, key);
      const text = [...keys].map(([node, key]) => encodeLast(node, key)).join("");
      replaceFile(this.host, this.root, path, new TextEncoder().encode(text));
      this.#last.delete(`${paper}/${preset}`);
    } else {
      this.host.files.makeDirectory(path.slice(0, path.lastIndexOf("/")));
      this.host.files.append(path, encodeLast(nodeId, key));
    }
  }

  #lastKeys(paper: string, preset: string): LastKeys {
    const name = `${paper}/${preset}`;
    let last = this.#last.get(name);
    if (last === undefined) {
      last = decodeLast(readIfThere(lastPath(this.root, paper, preset)) ?? "");
      this.#last.set(name, last);
    }
    return last;
  }
}

function lastPath(root: string, paper: string, preset: string): string {
  return placeOf(root, "last", paper, preset, "jsonl");
}

/** One file a paper and preset. */
function placeOf(
  root: string,
  folder: string,
  paper: string,
  preset: string,
  extension: string,
): string {
  return `${root}/${folder}/${encodeURIComponent(paper)}/${
    encodeURIComponent(preset)
  }.${extension}`;
}

/** Whatever the system says about the file, records can be read instead. */
function readIndex(path: string): RecordIndex {
  try {
    return RecordIndex.decode(Deno.readTextFileSync(path));
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return RecordIndex.decode(null);
  }
}

function readIfThere(path: string): string | null {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    const absent = error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.IsADirectory;
    if (absent) return null;
    throw error;
  }
}

/** The line break comes first too, so that a line after a torn one is whole. */
function encodeLast(node: string, key: Digest): string {
  return `\n${JSON.stringify([node, key])}\n`;
}

/** Reads the list; a torn line is left out. Keys are checked when they are asked for. */
function decodeLast(text: string): LastKeys {
  const keys = new Map<string, Digest>();
  const pairs = parseAtOnce(text) ?? parseLines(text);
  for (const [node, key] of pairs) keys.set(node, key);
  return { keys, lines: pairs.length };
}

/** All lines as one list, which is several times as fast; null when one of them is torn. */
function parseAtOnce(text: string): [string, string][] | null {
  try {
    const pairs = JSON.parse(`[${text.trim().replaceAll("\n\n", ",")}]`);
    return pairs.every(isPair) ? pairs : null;
  } catch {
    return null;
  }
}

function parseLines(text: string): [string, string][] {
  return text.split("\n").flatMap((line) => {
    try {
      const pair = JSON.parse(line);
      return isPair(pair) ? [pair] : [];
    } catch {
      // Empty, or a line that a killed process left half-written.
      return [];
    }
  });
}

function isPair(value: unknown): value is [string, string] {
  return Array.isArray(value) && typeof value[0] === "string" && typeof value[1] === "string";
}
