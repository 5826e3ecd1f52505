/** Headers of tar members, 512 bytes each: POSIX ustar with pax extended headers, read strictly. */

import type { BagProblem } from "./types.ts";

export const BLOCK = 512;
/** Sizes from here on do not fit a header's field and need a pax header. */
const BIG = 8 ** 11;

/** What a header says. */
export interface Header {
  readonly type: "file" | "folder" | "pax";
  /** As found; not checked yet. A folder's ends with `/` as a rule. */
  readonly name: string;
  readonly bytes: number;
}

/** Throws; `member` is what is known of the name. */
export type Refuse = (problem: BagProblem, member: string | null, message: string) => never;

const encoder = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const loose = new TextDecoder("latin1");

/** Why members of these types are not taken. */
const REFUSED: Record<string, string> = {
  "\0": "an old-style file (type NUL)",
  "1": "a hard link",
  "2": "a symbolic link",
  "3": "a character device",
  "4": "a block device",
  "6": "a FIFO",
  "7": "a contiguous file",
  D: "a GNU directory dump",
  g: "a global pax header",
  K: "a GNU long link name",
  L: "a GNU long name (tar --format=posix writes one that can be read)",
  M: "a continuation of a GNU multi-volume archive",
  N: "a GNU list of long names",
  S: "a GNU sparse file",
  V: "a GNU volume label",
  X: "a Solaris extended header",
};

// ---------------------------------------------------------------- reading

/** @param block 512 bytes that are not all zero. */
export function parseHeader(block: Uint8Array, refuse: Refuse): Header {
  const shown = loose.decode(cut(block.subarray(0, 100)));
  if (!checksumFits(block)) refuse("format", shown, "the header's checksum is wrong");
  const magic = loose.decode(block.subarray(257, 265));
  if (magic !== "ustar\x0000" && magic !== "ustar  \0") {
    refuse("format", shown, "the header is not a POSIX (ustar) one");
  }
  const flag = String.fromCharCode(block[156]);
  const type = flag === "0" ? "file" : flag === "5" ? "folder" : flag === "x" ? "pax" : null;
  if (type === null) {
    refuse(
      "type",
      shown,
      `it is ${REFUSED[flag] ?? `of the unknown type ${JSON.stringify(flag)}`}`,
    );
  }
  const text = (at: number, length: number, what: string) => {
    const field = block.subarray(at, at + length);
    const value = cut(field);
    if (!zeros(field.subarray(value.length))) {
      refuse("format", shown, `the header's ${what} is followed by something`);
    }
    try {
      return strict.decode(value);
    } catch {
      return refuse("name", shown, `the header's ${what} is not UTF-8`);
    }
  };
  const gnu = magic === "ustar  \0";
  if (gnu && !zeros(block.subarray(345, 500))) {
    refuse("type", shown, "the header has GNU extensions");
  }
  const prefix = text(345, 155, "prefix");
  const name = text(0, 100, "name");
  if (text(157, 100, "link name") !== "") refuse("type", shown, "it names a link's target");
  text(265, 32, "owner");
  text(297, 32, "group");
  if (!zeros(block.subarray(500))) refuse("format", shown, "the header's end is not zero");
  for (const [at, length, what] of FIELDS) octal(block, at, length, what, shown, refuse);
  for (const at of [329, 337]) {
    if (octal(block, at, 8, "device number", shown, refuse) !== 0) {
      refuse("format", shown, "it has a device number");
    }
  }
  const bytes = octal(block, 124, 12, "size", shown, refuse);
  return { type: type!, name: prefix === "" ? name : `${prefix}/${name}`, bytes };
}

const FIELDS = [[100, 8, "mode"], [108, 8, "owner's number"], [116, 8, "group's number"], [
  136,
  12,
  "time",
]] as const;

/** The part of a field before its first NUL. */
function cut(field: Uint8Array): Uint8Array {
  const end = field.indexOf(0);
  return end === -1 ? field : field.subarray(0, end);
}

/** True when every byte is zero. */
export function zeros(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if (bytes[i] !== 0) return false;
  return true;
}

/** Octal digits, ended by NULs or spaces to the field's end; an empty field is 0. */
function octal(
  block: Uint8Array,
  at: number,
  length: number,
  what: string,
  shown: string,
  refuse: Refuse,
): number {
  if ((block[at] & 0x80) !== 0) {
    refuse("format", shown, `the header's ${what} is binary (base 256), not octal`);
  }
  let value = 0;
  let i = at;
  const end = at + length;
  for (; i < end && block[i] >= 48 && block[i] <= 55; i++) value = value * 8 + block[i] - 48;
  for (; i < end; i++) {
    if (block[i] !== 0 && block[i] !== 32) {
      refuse("format", shown, `the header's ${what} is not an octal number`);
    }
  }
  return value;
}

function checksum(block: Uint8Array): number {
  let sum = 8 * 32;
  for (let i = 0; i < BLOCK; i++) if (i < 148 || i >= 156) sum += block[i];
  return sum;
}

function checksumText(block: Uint8Array): string {
  return `${checksum(block).toString(8).padStart(6, "0")}\0 `;
}

function checksumFits(block: Uint8Array): boolean {
  return loose.decode(block.subarray(148, 156)) === checksumText(block);
}

/** What a pax header may say that matters here. */
export interface Pax {
  readonly path?: string;
  readonly size?: number;
}

/** Records that change nothing about name or content. */
const HARMLESS = new Set(["mtime", "atime", "ctime", "uid", "gid", "uname", "gname"]);

/** Reads a pax extended header: lines `<length> <key>=<value>\n`. */
export function parsePax(bytes: Uint8Array, shown: string, refuse: Refuse): Pax {
  const found = new Map<string, string>();
  const bad = (): never => refuse("format", shown, "its pax header is malformed");
  if (bytes.length === 0) bad();
  for (let at = 0; at < bytes.length;) {
    const digits = /^[1-9][0-9]{0,8} /.exec(loose.decode(bytes.subarray(at, at + 10)));
    const length = digits === null ? bad() : Number(digits[0]);
    const end = at + length;
    if (end > bytes.length || length <= digits![0].length + 1 || bytes[end - 1] !== 10) bad();
    let record: string;
    try {
      record = strict.decode(bytes.subarray(at + digits![0].length, end - 1));
    } catch {
      return refuse("name", shown, "its pax header is not UTF-8");
    }
    const equals = record.indexOf("=");
    if (equals < 1) bad();
    const key = record.slice(0, equals);
    if (found.has(key)) refuse("format", shown, `its pax header says ${key} twice`);
    if (key !== "path" && key !== "size" && !HARMLESS.has(key)) {
      refuse("type", shown, `its pax header has the record "${key}", which is not known here`);
    }
    found.set(key, record.slice(equals + 1));
    at = end;
  }
  const size = found.get("size");
  if (size !== undefined && !(/^(?:0|[1-9][0-9]{0,15})$/.test(size) && Number(size) < 2 ** 53)) {
    refuse("format", shown, "its pax header's size is not a number");
  }
  return { path: found.get("path"), size: size === undefined ? undefined : Number(size) };
}

/** The size that header and pax header agree on; null when they do not. */
export function agreedSize(header: number, pax: number | undefined): number | null {
  if (pax === undefined || pax === header) return header;
  return pax >= BIG && header === 0 ? pax : null;
}

// ---------------------------------------------------------------- writing

/**
 * Everything that stands before a member's content: a header, with a pax header in front where the name
 * or the size does not fit. Time, owner and group are zero; the mode is 0644, a folder's 0755.
 * @param name Ends with `/` for a folder.
 */
export function formatHeader(name: string, bytes: number): Uint8Array {
  const split = splitName(name);
  if (split !== null && bytes < BIG) return ustar(split.prefix, split.name, bytes, mode(name));
  const records = (split === null ? paxRecord("path", name) : "") +
    (bytes < BIG ? "" : paxRecord("size", String(bytes)));
  const body = encoder.encode(records);
  const padded = new Uint8Array(padding(body.length) + body.length);
  padded.set(body);
  return concat([
    ustar("", "pax", body.length, "x"),
    padded,
    ustar(split?.prefix ?? "", split?.name ?? "in-pax-header", bytes < BIG ? bytes : 0, mode(name)),
  ]);
}

function mode(name: string): "0" | "5" {
  return name.endsWith("/") ? "5" : "0";
}

/** How a name fits the fields of a ustar header; null when it does not. */
function splitName(name: string): { prefix: string; name: string } | null {
  // Other bytes than ASCII are not portable in ustar's own fields.
  if (!/^[\x20-\x7e]+$/.test(name)) return null;
  if (name.length <= 100) return { prefix: "", name };
  const first = name.indexOf("/", Math.max(name.length - 101, 1));
  if (first === -1 || first > 155 || first === name.length - 1) return null;
  return { prefix: name.slice(0, first), name: name.slice(first + 1) };
}

function ustar(prefix: string, name: string, bytes: number, flag: "0" | "5" | "x"): Uint8Array {
  const block = new Uint8Array(BLOCK);
  const put = (at: number, text: string) => {
    for (let i = 0; i < text.length; i++) block[at + i] = text.charCodeAt(i);
  };
  put(0, name);
  put(100, flag === "5" ? "0000755" : "0000644");
  put(108, "0000000");
  put(116, "0000000");
  put(124, bytes.toString(8).padStart(11, "0"));
  put(136, "00000000000");
  put(156, flag);
  put(257, "ustar\x0000");
  put(329, "0000000");
  put(337, "0000000");
  put(345, prefix);
  put(148, checksumText(block));
  return block;
}

/** The length at a record's head counts itself. */
function paxRecord(key: string, value: string): string {
  const rest = encoder.encode(` ${key}=${value}\n`).length;
  let length = rest + String(rest).length;
  if (rest + String(length).length !== length) length = rest + String(length).length;
  return `${length} ${key}=${value}\n`;
}

/** Zero bytes that fill the last block of a member of this size. */
export function padding(bytes: number): number {
  return (BLOCK - bytes % BLOCK) % BLOCK;
}

/** The chunks as one. */
export function concat(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let bytes = 0;
  for (const chunk of chunks) bytes += chunk.length;
  const all = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
