/** Records on disk: one JSON file a key, and per paper and preset the last key of each node. */

import { type Host, replaceFile } from "./host.ts";
import type { Digest, OutputEntry, StageRecord } from "./types.ts";

const HEX64 = /^[0-9a-f]{64}$/;

/** True for 64 lower-case hexadecimal digits; anything else must not become a path. */
export function isDigest(text: unknown): text is Digest {
  return typeof text === "string" && HEX64.test(text);
}

/** Two levels, so that no directory grows beyond what file systems handle well. */
function recordPath(root: string, key: Digest): string {
  return `${root}/records/${key.slice(0, 2)}/${key.slice(2)}.json`;
}

/** The bytes of a record's file. */
function encodeRecord(record: StageRecord): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(record) + "\n");
}

/** The record of `key`, or null when `text` is truncated, of another key, or of another version. */
function decodeRecord(text: string, key: Digest): StageRecord | null {
  let value: Partial<StageRecord> | null;
  try {
    value = JSON.parse(text);
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

  constructor(private readonly root: string, private readonly host: Host) {}

  /** The record of a key, or null when there is none that can be read. */
  get(key: Digest): StageRecord | null {
    const text = readIfThere(recordPath(this.root, key));
    return text === null ? null : decodeRecord(text, key);
  }

  /** Keeps a record, over an older one of the same key. */
  put(record: StageRecord): void {
    if (!isDigest(record.key)) throw new TypeError(`${record.key} is not a key`);
    replaceFile(this.host, this.root, recordPath(this.root, record.key), encodeRecord(record));
  }

  /** The key at which a node of this paper and preset stood last, or null. */
  lastKey(paper: string, preset: string, nodeId: string): Digest | null {
    return this.#lastKeys(paper, preset).keys.get(nodeId) ?? null;
  }

  /** Remembers the key at which a node stands now. */
  rememberLast(paper: string, preset: string, nodeId: string, key: Digest): void {
    const last = this.#lastKeys(paper, preset);
    if (last.keys.get(nodeId) === key) return;
    const path = lastPath(this.root, paper, preset);
    last.keys.set(nodeId, key);
    if (last.lines > 1000 && last.lines > 4 * last.keys.size) {
      const text = [...last.keys].map(([node, key]) => encodeLast(node, key)).join("");
      replaceFile(this.host, this.root, path, new TextEncoder().encode(text));
      this.#last.delete(path);
    } else {
      this.host.files.makeDirectory(path.slice(0, path.lastIndexOf("/")));
      this.host.files.append(path, encodeLast(nodeId, key));
    }
  }

  #lastKeys(paper: string, preset: string): LastKeys {
    const path = lastPath(this.root, paper, preset);
    let last = this.#last.get(path);
    if (last === undefined) {
      last = decodeLast(readIfThere(path) ?? "");
      this.#last.set(path, last);
    }
    return last;
  }
}

function lastPath(root: string, paper: string, preset: string): string {
  return `${root}/last/${encodeURIComponent(paper)}/${encodeURIComponent(preset)}.jsonl`;
}

function readIfThere(path: string): string | null {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** The line break comes first too, so that a line after a torn one is whole. */
function encodeLast(node: string, key: Digest): string {
  return `\n${JSON.stringify([node, key])}\n`;
}

/** Reads the list; a torn line is left out. */
function decodeLast(text: string): LastKeys {
  const keys = new Map<string, Digest>();
  const lines = text.split("\n").filter((line) => line !== "");
  for (const line of lines) {
    try {
      const [node, key] = JSON.parse(line);
      if (typeof node === "string" && isDigest(key)) keys.set(node, key);
    } catch {
      // A line that a killed process left half-written.
    }
  }
  return { keys, lines: lines.length };
}
