/** Canonical bytes of JSON-like values, and their digests: equal bytes exactly for equal values. */

import { hash } from "node:crypto";
import type { Digest } from "./types.ts";

/** SHA-256 of bytes, or of the UTF-8 form of a text. */
export function sha256(content: Uint8Array | string): Digest {
  return hash("sha256", content, "hex");
}

/** SHA-256 of the canonical bytes of a JSON-like value. */
export function digestOf(value: unknown): Digest {
  return sha256(canonicalText(value));
}

/**
 * The canonical bytes of a JSON-like value.
 *
 * Every value starts with a tag for its type; texts carry their length in UTF-8 bytes, arrays and
 * objects their number of members, so no two different values share bytes. Members of objects are
 * sorted by name. As in JSON, a member that is `undefined` is missing, and -0 is 0.
 *
 * @throws {TypeError} For what JSON cannot carry unchanged: NaN, infinities, bigints, functions,
 * symbols, `undefined` in arrays, lone surrogates, instances of classes, cycles. The message names the path.
 */
export function canonical(value: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(canonicalText(value));
}

/** A JSON-like value with the members of its objects in the order in which its canonical bytes have them. */
export function inNameOrder(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(inNameOrder);
  const names = Object.keys(value).sort();
  return Object.fromEntries(
    names.map((name) => [name, inNameOrder((value as Record<string, unknown>)[name])]),
  );
}

/** Texts of frozen values: the nodes of a sweep share most parts of their keys. */
const known = new WeakMap<object, string>();
/** Longer texts are made again instead of kept. */
const LONGEST_KNOWN = 16384;

/**
 * Freezes a JSON-like value all the way down, so that it cannot change after its canonical bytes were
 * made once.
 *
 * @throws {TypeError} As `canonical`.
 */
export function frozen<T>(value: T): T {
  if (typeof value !== "object" || value === null || known.has(value)) return value;
  const text = canonicalText(value);
  freeze(value);
  if (text.length <= LONGEST_KNOWN) known.set(value, text);
  return value;
}

function freeze(value: object): void {
  Object.freeze(value);
  for (const member of Object.values(value)) {
    if (typeof member === "object" && member !== null) freeze(member);
  }
}

function canonicalText(value: unknown): string {
  const out: string[] = [];
  append(out, value, [], []);
  return out.join("");
}

function append(out: string[], value: unknown, path: (string | number)[], above: object[]): void {
  switch (typeof value) {
    case "string":
      return appendText(out, value, path);
    case "number":
      if (!Number.isFinite(value)) throw refused(`the number ${value}`, path);
      // ECMAScript fixes the shortest decimal that reads back as the same number; -0 prints as 0.
      out.push("d", String(value), ";");
      return;
    case "boolean":
      out.push(value ? "t" : "f");
      return;
    case "object":
      break;
    default:
      throw refused(value === undefined ? "undefined" : `a ${typeof value}`, path);
  }
  if (value === null) {
    out.push("n");
    return;
  }
  const text = known.get(value);
  if (text !== undefined) {
    out.push(text);
    return;
  }
  if (above.includes(value)) throw refused("a cycle", path);
  above.push(value);
  if (Array.isArray(value)) {
    out.push("a", String(value.length), ":");
    for (let i = 0; i < value.length; i++) {
      path.push(i);
      append(out, value[i], path, above);
      path.pop();
    }
  } else {
    appendObject(out, value, path, above);
  }
  above.pop();
}

function appendObject(
  out: string[],
  value: object,
  path: (string | number)[],
  above: object[],
): void {
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    throw refused(`an instance of ${value.constructor?.name ?? "a class"}`, path);
  }
  const record = value as Record<string, unknown>;
  const names = Object.keys(record).filter((name) => record[name] !== undefined).sort();
  out.push("o", String(names.length), ":");
  for (const name of names) {
    path.push(name);
    appendText(out, name, path);
    append(out, record[name], path, above);
    path.pop();
  }
}

function appendText(out: string[], text: string, path: readonly (string | number)[]): void {
  // Lone surrogates would all become U+FFFD in UTF-8, and so collide.
  if (!text.isWellFormed()) throw refused("a text that is not well-formed Unicode", path);
  out.push("s", String(utf8Length(text)), ":", text);
}

/** Number of UTF-8 bytes of a well-formed text. */
function utf8Length(text: string): number {
  let length = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    // A surrogate pair is two units and four bytes.
    length += unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 1 : 2;
  }
  return length;
}

function refused(what: string, path: readonly (string | number)[]): TypeError {
  return new TypeError(`Cannot store ${what} at ${formatPath(path)}: it has no JSON form`);
}

/** A path in the form `a.b[2]["odd name"]`; `(top)` for the empty path. */
export function formatPath(path: readonly PropertyKey[]): string {
  if (path.length === 0) return "(top)";
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else if (/^[\p{L}_$][\p{L}\p{N}_$-]*$/u.test(String(part))) {
      text += text === "" ? String(part) : `.${String(part)}`;
    } else text += `[${JSON.stringify(String(part))}]`;
  }
  return text;
}
