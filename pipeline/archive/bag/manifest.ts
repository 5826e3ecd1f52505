/** The text files that BagIt (RFC 8493) defines: written, and read strictly. */

import type { FetchEntry } from "./types.ts";
import { badName } from "./names.ts";

export const BAGIT = "bagit.txt";
export const INFO = "bag-info.txt";
export const FETCH = "fetch.txt";
export const MANIFEST = "manifest-sha256.txt";
export const TAG_MANIFEST = "tagmanifest-sha256.txt";
/** Not BagIt's: the manifest of all parts together, in the first part of several. */
export const GROUP = "group-sha256.txt";

/** Names at a bag's top that no tag file of a caller may have. */
export const RESERVED =
  /^(?:bagit\.txt|bag-info\.txt|fetch\.txt|group-sha256\.txt|(?:tag)?manifest-.*\.txt)$/i;

/** Content of `bagit.txt`; the reader also takes version 0.97, which bagit-python writes. */
export const BAGIT_TEXT = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n";

/** Throws; the file at fault is known to the caller. */
export type RefuseText = (message: string) => never;

// ---------------------------------------------------------------- writing

/** RFC 8493, 2.1.3: only these three are encoded in a path. */
function encodePath(path: string): string {
  return path.replaceAll("%", "%25").replaceAll("\n", "%0A").replaceAll("\r", "%0D");
}

/** Lines as `sha256sum` writes them. @param entries Sorted, paths relative to the bag's top. */
export function formatManifest(entries: Iterable<readonly [path: string, digest: string]>): string {
  let text = "";
  for (const [path, digest] of entries) text += `${digest}  ${encodePath(path)}\n`;
  return text;
}

export function formatFetch(entries: readonly FetchEntry[]): string {
  return entries.map(({ url, bytes, path }) => `${url} ${bytes} data/${encodePath(path)}\n`).join(
    "",
  );
}

export function formatInfo(lines: Iterable<readonly [string, string]>): string {
  let text = "";
  for (const [label, value] of lines) text += `${label}: ${value}\n`;
  return text;
}

// ---------------------------------------------------------------- reading

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Lines of a tag file, without their ends. */
export function* linesOf(bytes: Uint8Array, refuse: RefuseText): Generator<string> {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
    refuse("it begins with a byte-order mark");
  }
  let text: string;
  try {
    text = strict.decode(bytes);
  } catch {
    refuse("it is not UTF-8");
  }
  if (text!.includes("\r")) refuse("its lines end with CR LF or CR; LF alone is read here");
  if (text!.includes("\0")) refuse("it contains a NUL");
  for (let at = 0, line = 1; at < text!.length; line++) {
    const end = text!.indexOf("\n", at);
    if (end === -1) refuse(`line ${line} has no end`);
    yield text!.slice(at, end);
    at = end + 1;
  }
}

/** Reads a path of a manifest: decoded and checked. */
function readPath(text: string, line: number, refuse: RefuseText): string {
  const path = text.replace(/%(?:25|0[aA]|0[dD])?/g, (code) => {
    if (code === "%") refuse(`line ${line} has a % that is not %25, %0A or %0D`);
    return String.fromCharCode(parseInt(code.slice(1), 16));
  });
  const why = badName(path);
  if (why !== null) refuse(`line ${line}: ${why}`);
  return path;
}

/**
 * Reads a manifest.
 * @returns digests, in lower case, by path.
 */
export function parseManifest(bytes: Uint8Array, refuse: RefuseText): Map<string, string> {
  const entries = new Map<string, string>();
  let line = 0;
  let upper: boolean | null = null;
  for (const text of linesOf(bytes, refuse)) {
    line++;
    const [, digest, name] = /^([0-9a-f]{64}|[0-9A-F]{64})[ \t]+([^ \t].*)$/.exec(text) ??
      refuse(`line ${line} is not a SHA-256 digest and a path`);
    if (/[A-Fa-f]/.test(digest)) {
      const shout = /[A-F]/.test(digest);
      if (upper !== null && upper !== shout) refuse(`line ${line} mixes upper and lower case`);
      upper = shout;
    }
    const path = readPath(name, line, refuse);
    if (entries.has(path)) refuse(`line ${line} names a file a second time`);
    entries.set(path, digest.toLowerCase());
  }
  return entries;
}

/** A line of `fetch.txt`; `bytes` is null where it says `-`. */
export interface FetchLine {
  readonly url: string;
  readonly bytes: number | null;
}

/** Reads `fetch.txt`, by path. */
export function parseFetch(bytes: Uint8Array, refuse: RefuseText): Map<string, FetchLine> {
  const entries = new Map<string, FetchLine>();
  let line = 0;
  for (const text of linesOf(bytes, refuse)) {
    line++;
    const [, url, size, name] =
      /^([^ \t]+)[ \t]+(-|0|[1-9][0-9]{0,15})[ \t]+([^ \t].*)$/.exec(text) ??
        refuse(`line ${line} is not an address, a size and a path`);
    const why = badUrl(url);
    if (why !== null) refuse(`line ${line}: ${why}`);
    const path = readPath(name, line, refuse);
    if (!path.startsWith("data/")) refuse(`line ${line} names a file outside data/`);
    if (entries.has(path)) refuse(`line ${line} names a file a second time`);
    const number = size === "-" ? null : Number(size);
    if (number !== null && number > Number.MAX_SAFE_INTEGER) {
      refuse(`line ${line} has a wrong size`);
    }
    entries.set(path, { url, bytes: number });
  }
  return entries;
}

/** Why an address cannot stand in `fetch.txt`, or null. */
export function badUrl(url: string): string | null {
  // deno-lint-ignore no-control-regex
  if (/[\x00-\x20\x7f-\uffff]/.test(url)) return "the address has characters that need encoding";
  if (url.length > 2048) return "the address is longer than 2048 characters";
  const parsed = URL.parse(url);
  if (parsed === null) return "the address is not one";
  if (parsed.protocol !== "https:" && parsed.protocol !== "http:") {
    return `the address is not https: or http: but ${parsed.protocol}`;
  }
  if (parsed.username !== "" || parsed.password !== "") return "the address holds a password";
  return null;
}

/** Checks `bagit.txt`. */
export function checkBagit(bytes: Uint8Array, refuse: RefuseText): void {
  const [first, second, ...more] = linesOf(bytes, refuse);
  const version = /^BagIt-Version: ([0-9]{1,4}\.[0-9]{1,4})$/.exec(first ?? "")?.[1] ??
    refuse("its first line is not BagIt-Version");
  if (version !== "1.0" && version !== "0.97") {
    refuse(`version ${version} of BagIt is not read here`);
  }
  if (second !== "Tag-File-Character-Encoding: UTF-8") {
    refuse("its second line does not say that tag files are UTF-8");
  }
  if (more.length > 0) refuse("it has more than two lines");
}

/** Reads `bag-info.txt`: labels and values, long values put together again. */
export function parseInfo(bytes: Uint8Array, refuse: RefuseText): [string, string][] {
  const lines: [string, string][] = [];
  let line = 0;
  for (const text of linesOf(bytes, refuse)) {
    line++;
    if (/^[ \t]/.test(text)) {
      if (lines.length === 0) refuse(`line ${line} continues nothing`);
      lines[lines.length - 1][1] += ` ${text.trim()}`;
      continue;
    }
    const [, label, value] = /^([^:\s][^:]*):[ \t]*(.*)$/.exec(text) ??
      refuse(`line ${line} is not a label and a value`);
    lines.push([label.trimEnd(), value.trimEnd()]);
  }
  return lines;
}
