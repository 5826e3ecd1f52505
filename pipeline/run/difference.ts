/** The first place where two artifacts differ, in words. */

import { formatPath } from "../canonical.ts";
import type { Store } from "../store/store.ts";
import { tensorDifference } from "./tensor_difference.ts";
import type { Digest, Kind, OutputEntry } from "../types.ts";

/** Larger files are compared byte by byte only, so that memory stays bounded. */
const UNDERSTOOD = 256 << 20;
const CHUNK = 1 << 20;

/** Outputs of one node, by name. */
type Outputs = Readonly<Record<string, OutputEntry>>;

/**
 * Where the outputs of two runs of one node first differ, in the order of the declaration.
 *
 * For a tree the first member is named; for JSON the path and both values; for safetensors the tensor that differs
 * most; for everything else the first byte.
 *
 * @returns null when all digests are the same.
 * @throws {DamagedObject} when a stored object is damaged.
 */
export async function outputsDifference(
  store: Store,
  kinds: Readonly<Record<string, Kind>>,
  first: Outputs,
  second: Outputs,
): Promise<string | null> {
  for (const [name, kind] of Object.entries(kinds)) {
    const [a, b] = [first[name], second[name]];
    if (a.digest === b.digest) continue;
    const what = kind.form === "tree"
      ? await treeDifference(store, a.digest, b.digest)
      : await fileDifference(store, a.digest, b.digest, formatOf(kind.media, kind.extension));
    return `output "${name}" differs: ${what}`;
  }
  return null;
}

async function treeDifference(store: Store, first: Digest, second: Digest): Promise<string> {
  const a = new Map(store.treeFiles(first).map((file) => [file.path, file]));
  const b = new Map(store.treeFiles(second).map((file) => [file.path, file]));
  for (const path of [...new Set([...a.keys(), ...b.keys()])].sort()) {
    const [left, right] = [a.get(path), b.get(path)];
    const file = `file ${JSON.stringify(path)}`;
    if (left === undefined) return `${file} is only in the second`;
    if (right === undefined) return `${file} is only in the first`;
    if (left.digest === right.digest) continue;
    const dot = path.lastIndexOf(".");
    const format = formatOf("", dot < 0 ? "" : path.slice(dot));
    return `${file}: ${await fileDifference(store, left.digest, right.digest, format)}`;
  }
  return "the lists of files";
}

function formatOf(media: string, extension: string): "json" | "safetensors" | "bytes" {
  if (media === "application/json" || extension === ".json") return "json";
  return media === "safetensors" || extension === ".safetensors" ? "safetensors" : "bytes";
}

async function fileDifference(
  store: Store,
  first: Digest,
  second: Digest,
  format: ReturnType<typeof formatOf>,
): Promise<string> {
  const paths = [first, second].map((digest) => store.objectPath(digest));
  for (const digest of [first, second]) await store.verify(digest);
  if (format !== "bytes" && paths.every((path) => Deno.statSync(path).size <= UNDERSTOOD)) {
    const [a, b] = paths.map((path) => Deno.readFileSync(path));
    const found = format === "json" ? jsonDifference(a, b) : tensorDifference(a, b);
    if (found !== null) return found;
  }
  return byteDifference(paths[0], paths[1]);
}

function jsonDifference(first: Uint8Array, second: Uint8Array): string | null {
  const decoder = new TextDecoder();
  try {
    const [a, b] = [first, second].map((bytes) => JSON.parse(decoder.decode(bytes)));
    const found = firstInValue(a, b, []);
    return found === null
      ? null
      : `${formatPath(found.path)} is ${show(found.values[0])} and ${show(found.values[1])}`;
  } catch {
    return null;
  }
}

interface Place {
  readonly path: readonly (string | number)[];
  readonly values: readonly [unknown, unknown];
}

function firstInValue(a: unknown, b: unknown, path: readonly (string | number)[]): Place | null {
  if (isObject(a) && isObject(b) && Array.isArray(a) === Array.isArray(b)) {
    for (const name of new Set([...Object.keys(a), ...Object.keys(b)])) {
      const part = Array.isArray(a) ? Number(name) : name;
      const found = firstInValue(member(a, name), member(b, name), [...path, part]);
      if (found !== null) return found;
    }
    return null;
  }
  return Object.is(a, b) ? null : { path, values: [a, b] };
}

function member(value: object, name: string): unknown {
  return Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function show(value: unknown): string {
  // As it stands in the file; JavaScript would write it back without its sign.
  if (Object.is(value, -0)) return "-0";
  const text = value === undefined ? "missing" : JSON.stringify(value);
  return text.length <= 80 ? text : `${text.slice(0, 77)}...`;
}

/** Reads both files in step, so that size does not matter. */
function byteDifference(first: string, second: string): string {
  using a = Deno.openSync(first);
  using b = Deno.openSync(second);
  const sizes = [a.statSync().size, b.statSync().size];
  const lengths = sizes[0] === sizes[1]
    ? `${sizes[0]} bytes each`
    : `${sizes[0]} and ${sizes[1]} bytes`;
  for (let offset = 0;; offset += CHUNK) {
    const [left, right] = [chunk(a), chunk(b)];
    const shared = Math.min(left.length, right.length);
    for (let i = 0; i < shared; i++) {
      if (left[i] === right[i]) continue;
      return `byte ${offset + i} is ${hex(left[i])} and ${hex(right[i])} (${lengths})`;
    }
    if (left.length !== right.length || shared === 0) {
      return `the shorter is how the longer begins (${lengths})`;
    }
  }
}

function chunk(file: Deno.FsFile): Uint8Array {
  const buffer = new Uint8Array(CHUNK);
  let filled = 0;
  while (filled < CHUNK) {
    const n = file.readSync(buffer.subarray(filled));
    if (n === null) break;
    filled += n;
  }
  return buffer.subarray(0, filled);
}

function hex(byte: number): string {
  return `0x${byte.toString(16).padStart(2, "0")}`;
}
