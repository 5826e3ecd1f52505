/** Reads JSON from strangers: bounded, without doubled keys or keys that reach into objects' prototypes. */

import { bytesText } from "./limits.ts";
import { BagError, printable } from "./types.ts";

/** What JSON can say. Objects have no prototype. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** How much a JSON text may ask for. */
export interface JsonLimits {
  readonly bytes: number;
  /** Objects and arrays within each other. */
  readonly depth: number;
  /** Objects, arrays, strings, numbers and words together. */
  readonly values: number;
}

export const JSON_LIMITS: JsonLimits = Object.freeze({
  bytes: 64 * 2 ** 20,
  depth: 64,
  values: 5_000_000,
});

/** Where a JSON text comes from: archive and member, for the message. */
export interface JsonPlace {
  readonly archive: string;
  /** Null when the JSON text is a file of its own. */
  readonly member: string | null;
}

const POISON = new Set(["__proto__", "constructor", "prototype"]);
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads JSON.
 * @throws {BagError} when it is malformed, too large, too deep, not UTF-8, has a key twice or one of
 *   `__proto__`, `constructor`, `prototype`, or a number that is not finite.
 */
export function parseJson(
  bytes: Uint8Array,
  place: JsonPlace,
  limits: Partial<JsonLimits> = {},
): Json {
  const most = { ...JSON_LIMITS, ...limits };
  const refuse = (message: string): never => {
    throw new BagError("json", place.archive, place.member, message);
  };
  if (bytes.length > most.bytes) {
    refuse(`it has ${bytesText(bytes.length)} of JSON, over the limit of ${bytesText(most.bytes)}`);
  }
  let text: string;
  try {
    text = strict.decode(bytes);
  } catch {
    return refuse("it is not UTF-8");
  }
  scan(text, most, refuse);
  try {
    return withoutPrototypes(JSON.parse(text));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return refuse(`it is not JSON (${printable(error.message)})`);
  }
}

/** Depth is bounded by then. */
function withoutPrototypes(value: Json): Json {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) {
    for (const item of value) withoutPrototypes(item);
    return value;
  }
  for (const key in value) withoutPrototypes(value[key]);
  return Object.setPrototypeOf(value, null);
}

/** Looks at depth, number of values, keys and numbers; the grammar is left to `JSON.parse`. */
function scan(text: string, most: JsonLimits, refuse: (message: string) => never): void {
  /** Keys of the open objects; null for an open array. */
  const open: (Set<string> | null)[] = [];
  let values = 0;
  /** Where the string just read lies, which is a key when a colon follows. */
  let start = 0;
  let end = 0;
  for (let at = 0; at < text.length;) {
    switch (text.charCodeAt(at)) {
      case 0x7b: // {
      case 0x5b: // [
        open.push(text[at] === "{" ? new Set() : null);
        if (open.length > most.depth) refuse(`its JSON is nested more than ${most.depth} deep`);
        at++;
        break;
      case 0x7d: // }
      case 0x5d: // ]
        open.pop();
        at++;
        continue;
      case 0x3a: // :
        checkKey(text.slice(start, end), open.at(-1) ?? null, refuse);
        at++;
        continue;
      case 0x22: // "
        start = at;
        at = end = stringEnd(text, at);
        break;
      case 0x2c: // ,
      case 0x20:
      case 0x0a:
      case 0x0d:
      case 0x09:
        at++;
        continue;
      default: {
        const word = at;
        while (at < text.length && !ENDS_WORD.has(text.charCodeAt(at))) at++;
        const number = Number(text.slice(word, Math.min(at, word + 400)));
        if (number === Infinity || number === -Infinity || at - word > 400) {
          refuse(
            `its JSON has the number ${printable(text.slice(word, at), 30)}, which is too large`,
          );
        }
      }
    }
    if (++values > most.values) refuse(`its JSON has more than ${most.values} values`);
  }
}

const ENDS_WORD = new Set([...'{}[],:" \n\r\t'].map((char) => char.charCodeAt(0)));

/** Where the string that begins at `at` is over. */
function stringEnd(text: string, at: number): number {
  for (let i = at + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x5c) i++;
    else if (code === 0x22) return i + 1;
  }
  return text.length;
}

function checkKey(token: string, keys: Set<string> | null, refuse: (message: string) => never) {
  let key: unknown;
  try {
    key = JSON.parse(token);
  } catch {
    return; // JSON.parse will say so about the whole.
  }
  if (typeof key !== "string") return;
  if (POISON.has(key)) refuse(`its JSON has the key "${key}", which could change other objects`);
  if (keys?.has(key)) refuse(`its JSON has the key "${printable(key)}" twice`);
  keys?.add(key);
}

/**
 * Checks the version that a JSON object states of itself.
 * @param field Where it says so, e.g. `schemaVersion`.
 * @param newest The newest version that this program reads.
 * @throws {BagError} when it is not stated, not a whole number from 1, or newer.
 */
export function checkVersion(value: Json, field: string, newest: number, place: JsonPlace): number {
  const refuse = (problem: "json" | "version", message: string): never => {
    throw new BagError(problem, place.archive, place.member, message);
  };
  const version = value !== null && typeof value === "object" && !Array.isArray(value)
    ? value[field]
    : undefined;
  if (typeof version !== "number" || !Number.isSafeInteger(version) || version < 1) {
    return refuse("json", `it does not state its ${field}`);
  }
  if (version > newest) {
    refuse(
      "version",
      `its ${field} is ${version}; this program reads up to ${newest}, a newer one is needed`,
    );
  }
  return version;
}
