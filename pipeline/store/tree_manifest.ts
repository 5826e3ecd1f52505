/** The canonical list of a tree's files; the SHA-256 of its bytes is the tree's digest. */

import { sha256 } from "../canonical.ts";
import { fileType } from "../run/file_type.ts";
import type { Digest } from "../types.ts";

/** One file of a tree. */
export interface TreeFile {
  /** Relative, `/` between parts. */
  readonly path: string;
  readonly digest: Digest;
  readonly bytes: number;
}

/** The files of a tree, sorted by path in code-unit order. Empty directories and modes are not kept. */
export interface TreeManifest {
  readonly files: readonly TreeFile[];
  /** Sum over the files. */
  readonly bytes: number;
}

const HEX64 = /^[0-9a-f]{64}$/;
// deno-lint-ignore no-control-regex
const CONTROL = /[\u0000-\u001f\u007f]/;

/** Most paths: ASCII, no part that begins with a dot. Trees have thousands, so these are let through at once. */
const PLAIN = /^[\w@+-][\w.@+-]*(?:\/[\w@+-][\w.@+-]*)*$/;

/** Those of them that are the same on file systems which fold case. */
const PLAIN_SMALL = /^[a-z0-9_@+-][a-z0-9_.@+-]*(?:\/[a-z0-9_@+-][a-z0-9_.@+-]*)*$/;

/** A tree that cannot be kept: a link, a device, a path that leaves the tree. */
export class TreeError extends Error {
  override readonly name = "TreeError";
}

/** Compares by UTF-16 code units, the same on every machine and locale. */
export function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * Checks a relative path of a tree.
 * @throws {TreeError} when it is empty, absolute, contains `..`, `.`, `\`, a control character, or a part over 255 bytes.
 */
export function checkTreePath(path: string): void {
  if (path.length <= 255 && PLAIN.test(path)) return;
  const bad = (why: string): never => {
    throw new TreeError(`${JSON.stringify(path)} cannot be a file of a tree: ${why}`);
  };
  if (path === "") bad("the name is empty");
  if (path.startsWith("/") || /^[A-Za-z]:/.test(path)) bad("the path is absolute");
  if (path.includes("\\")) bad("it contains a backslash");
  if (CONTROL.test(path)) bad("it contains a control character");
  for (const part of path.split("/")) {
    if (part === "" || part === "." || part === "..") bad(`it contains ${JSON.stringify(part)}`);
    if (new TextEncoder().encode(part).length > 255) bad("a name is longer than 255 bytes");
  }
}

/**
 * Relative paths of all regular files under `directory`, sorted by code units. Links are not followed.
 *
 * @param empty What becomes of empty directories inside, which a tree does not keep. @default "skip"
 * @throws {TreeError} on a symbolic link, FIFO, socket or device, or on a name that other systems cannot hold.
 */
export function listTree(directory: string, empty: "skip" | "refuse" = "skip"): string[] {
  const root = Deno.lstatSync(directory);
  if (root.isSymlink) throw new TreeError(`${directory} is a symbolic link`);
  if (!root.isDirectory) throw new TreeError(`${directory} is not a directory`);
  const paths: string[] = [];
  const folders = [""];
  for (let prefix; (prefix = folders.pop()) !== undefined;) {
    let count = 0;
    for (const entry of Deno.readDirSync(`${directory}/${prefix}`)) {
      count++;
      const path = prefix + entry.name;
      if (path.includes("\ufffd")) checkEncoding(directory, path);
      if (entry.isDirectory) folders.push(`${path}/`);
      else if (entry.isFile) paths.push(path);
      else throw notRegular(directory, path);
    }
    if (count === 0 && prefix !== "" && empty === "refuse") {
      throw new TreeError(
        `${JSON.stringify(prefix)} is an empty directory, which a tree cannot hold`,
      );
    }
  }
  paths.sort(byCodeUnits);
  checkPaths(paths);
  return paths;
}

function notRegular(directory: string, path: string): TreeError {
  const what = fileType(`${directory}/${path}`);
  return new TreeError(`${JSON.stringify(path)} is ${what}; a tree holds regular files only`);
}

/** Names that are not UTF-8 are listed with U+FFFD, and then not found. */
function checkEncoding(directory: string, path: string): void {
  try {
    Deno.lstatSync(`${directory}/${path}`);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new TreeError(`the name ${JSON.stringify(path)} is not UTF-8`);
  }
}

/**
 * Whether sorted paths have plain characters without capitals and clash nowhere, which is told several times as fast
 * as {@link checkPaths} tells it; false says nothing.
 */
function arePlain(files: readonly TreeFile[]): boolean {
  const folders = new Set<string>();
  let folder = "";
  let before = "";
  for (const { path } of files) {
    if (path.length > 255 || path === before || !PLAIN_SMALL.test(path)) return false;
    before = path;
    const isBeside = path.startsWith(folder) && path.indexOf("/", folder.length) < 0;
    if (isBeside) continue;
    folder = path.slice(0, path.lastIndexOf("/") + 1);
    for (let end = folder.indexOf("/"); end >= 0; end = folder.indexOf("/", end + 1)) {
      folders.add(folder.slice(0, end));
    }
  }
  return !files.some(({ path }) => folders.has(path));
}

function checkPaths(paths: readonly string[]): void {
  const folded = new Map<string, string>();
  let folder = "";
  for (const path of paths) {
    checkTreePath(path);
    // Folders one by one, as their files follow each other.
    const now = path.slice(0, path.lastIndexOf("/") + 1);
    if (now !== folder) {
      for (let end = now.indexOf("/"); end >= 0; end = now.indexOf("/", end + 1)) {
        const name = now.slice(0, end);
        if (folded.get(fold(name)) !== `${name}/`) checkFold(folded, name, `${name}/`);
      }
      folder = now;
    }
    checkFold(folded, path, path);
  }
}

function fold(path: string): string {
  return (PLAIN.test(path) ? path : path.normalize("NFC")).toLowerCase();
}

/** @param entry `path`, with a final slash when it is a folder. */
function checkFold(folded: Map<string, string>, path: string, entry: string): void {
  const key = fold(path);
  const other = folded.get(key);
  if (other === undefined) {
    folded.set(key, entry);
    return;
  }
  const [a, b] = [JSON.stringify(other.replace(/\/$/, "")), JSON.stringify(path)];
  throw new TreeError(
    other === entry
      ? `${a} occurs twice`
      : a === b
      ? `${a} is both a file and a folder`
      : `${a} and ${b} differ only in case or in Unicode form; ` +
        "file systems that fold names cannot hold both",
  );
}

/**
 * The canonical bytes of a manifest: JSON, one file a line, sorted.
 * @throws {TreeError} on a path that a tree cannot hold.
 */
export function encodeManifest(files: readonly TreeFile[]): Uint8Array<ArrayBuffer> {
  const isSorted = files.every((file, i) => i === 0 || files[i - 1].path <= file.path);
  const sorted = isSorted ? files : [...files].sort((a, b) => byCodeUnits(a.path, b.path));
  const isPlain = arePlain(sorted);
  if (!isPlain) checkPaths(sorted.map((f) => f.path));
  const lines = sorted.map((file) => manifestLine(file, isPlain));
  const list = lines.length === 0 ? "[]" : `[\n${lines.join(",\n")}\n]`;
  return new TextEncoder().encode(`{"version":1,"files":${list}}\n`);
}

/** The line of a file, without the comma that follows all but the last. */
export function manifestLine({ path, digest, bytes }: TreeFile, isPlain = false): string {
  // Paths of plain characters are their own JSON: half the time for a hundred thousand files.
  const quoted = isPlain || PLAIN.test(path) ? `"${path}"` : JSON.stringify(path);
  return `{"path":${quoted},"digest":"${digest}","bytes":${bytes}}`;
}

/**
 * Reads what {@link encodeManifest} wrote.
 * @throws {TreeError} when `bytes` are not the canonical bytes of a manifest.
 */
export function decodeManifest(bytes: Uint8Array): TreeManifest {
  const not = () => new TreeError("not the manifest of a tree");
  let value: { version?: unknown; files?: unknown };
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw not();
  }
  if (value?.version !== 1 || !Array.isArray(value.files)) throw not();
  let total = 0;
  for (const file of value.files as TreeFile[]) {
    const fine = typeof file?.path === "string" && HEX64.test(file.digest) &&
      Number.isSafeInteger(file.bytes) && file.bytes >= 0;
    if (!fine) throw not();
    total += file.bytes;
  }
  const files = value.files as TreeFile[];
  // Clashing names were refused when it was written; a path that leaves the tree must never be followed.
  for (const { path } of files) checkTreePath(path);
  return { files, bytes: total };
}

/**
 * Digest of the files under `directory` that `accept` takes, without storing them.
 * @throws {TreeError} as {@link listTree}.
 */
export function treeDigest(
  directory: string,
  accept: (path: string) => boolean = () => true,
): Digest {
  const files = listTree(directory).filter(accept).map((path) => {
    const bytes = Deno.readFileSync(`${directory}/${path}`);
    return { path, digest: sha256(bytes), bytes: bytes.length };
  });
  return sha256(encodeManifest(files));
}
