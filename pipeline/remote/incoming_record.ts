/** What a remote says is believed only as far as it can be checked. */

import { keyOf } from "../plan/key.ts";
import { isDigest } from "../store/records.ts";
import type { Digest, KeyComponents, Node, OutputEntry, StageRecord } from "../types.ts";

/** What was asked for. */
export interface Asked {
  readonly key: Digest;
  readonly node: Node;
  readonly components: KeyComponents;
}

/**
 * The record in `bytes`, reduced to what is known and checked: its components make the key that was asked
 * for, its outputs are those that the node declares. The node's name and components are the local ones.
 * @throws {TypeError} one line that says what is wrong.
 */
export function readIncoming(bytes: Uint8Array, asked: Asked): StageRecord {
  const value = parse(bytes);
  const { key, node, components } = asked;
  if (value.version !== 1) throw new TypeError("a record of another version");
  if (value.key !== key || keyOfUnknown(value.components) !== key) {
    throw new TypeError("a record that belongs to another key");
  }
  const { seconds, finished, log } = value;
  const isFine = typeof seconds === "number" && Number.isFinite(seconds) && seconds >= 0 &&
    typeof finished === "string" && ISO_DATE.test(finished) && (log === null || isDigest(log));
  if (!isFine) throw new TypeError("a record with a malformed field");
  return {
    version: 1,
    key,
    node: node.id,
    stage: node.stage,
    components,
    outputs: readOutputs(value.outputs, node),
    seconds,
    finished,
    log,
  };
}

const ISO_DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/;

function parse(bytes: Uint8Array): Partial<StageRecord> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new TypeError("a record that is not JSON");
  }
  if (!isObject(value)) throw new TypeError("a record that is not an object");
  return value;
}

function keyOfUnknown(components: unknown): Digest | null {
  try {
    return keyOf(components as KeyComponents);
  } catch {
    return null;
  }
}

function readOutputs(outputs: unknown, node: Node): Record<string, OutputEntry> {
  const declared = Object.entries(node.outputs);
  const wrong = () => new TypeError("a record whose outputs are not the declared ones");
  if (!isObject(outputs) || Object.keys(outputs).length !== declared.length) throw wrong();
  const entries: Record<string, OutputEntry> = {};
  for (const [name, { form, media }] of declared) {
    if (!Object.hasOwn(outputs, name)) throw wrong();
    const entry = (outputs as Record<string, Partial<OutputEntry> | null>)[name];
    const isFine = isObject(entry) && isDigest(entry.digest) && entry.form === form &&
      entry.media === media && Number.isSafeInteger(entry.bytes) && entry.bytes! >= 0;
    if (!isFine) throw wrong();
    entries[name] = { digest: entry.digest!, form, media, bytes: entry.bytes! };
  }
  return entries;
}

function isObject<T>(value: T): value is T & object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
