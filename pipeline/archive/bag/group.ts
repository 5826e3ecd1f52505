/** A bag in several files: how each says which part it is, and what the reader asks of all together. */

import { createHash } from "node:crypto";
import type { PartIndex } from "./index.ts";
import { GROUP, MANIFEST, parseManifest } from "./manifest.ts";
import type { Refuse } from "./tar_header.ts";

/** What a part's `bag-info.txt` says. */
export interface Place {
  /** 1 for the first. */
  readonly number: number;
  readonly count: number;
  /** The whole bag's identity: `sha256:` and the digest of its {@link GROUP} file. */
  readonly group: string;
}

/** The lines of `bag-info.txt` that make a bag a part of a group. */
export function placeLines({ number, count, group }: Place): [string, string][] {
  return [["Bag-Group-Identifier", group], ["Bag-Count", `${number} of ${count}`]];
}

/** Identity of the group whose {@link GROUP} file has this content. */
export function groupIdentity(manifest: string | Uint8Array): string {
  return `sha256:${createHash("sha256").update(manifest).digest("hex")}`;
}

/** Which part it is; null for a bag on its own. Others' groups (with other identifiers) are not ours to check. */
export function placeOf(info: readonly (readonly [string, string])[]): Place | null {
  const value = (label: string) => info.find(([l]) => l.toLowerCase() === label)?.[1];
  const group = value("bag-group-identifier");
  if (group === undefined || !/^sha256:[0-9a-f]{64}$/.test(group)) return null;
  const count = /^([1-9][0-9]{0,5}) of ([1-9][0-9]{0,5})$/.exec(value("bag-count") ?? "");
  if (count === null) return null;
  return { number: Number(count[1]), count: Number(count[2]), group };
}

/**
 * Puts parts in order and checks that they are all there, belong together, and hold exactly what the
 * first one lists.
 * @param refuse One for each part.
 * @returns the parts' places in the list, in order.
 */
export function orderParts(parts: readonly PartIndex[], refuse: readonly Refuse[]): number[] {
  const places = parts.map((part) => placeOf(part.info));
  if (parts.length === 1 && places[0] === null) {
    if (parts[0].tags.has(GROUP)) {
      refuse[0]("bagit", GROUP, "it is there, but bag-info.txt names no group");
    }
    return [0];
  }
  const order: number[] = [];
  places.forEach((place, i) => {
    if (place === null) {
      return refuse[i]("request", null, "it is a bag of its own, not a part of one");
    }
    if (place.group !== places[0]!.group || place.count !== places[0]!.count) {
      refuse[i]("request", null, "it is a part of another bag");
    }
    if (place.number > place.count) {
      refuse[i]("bagit", null, `it says it is part ${place.number} of ${place.count}`);
    }
    if (order[place.number] !== undefined) {
      refuse[i]("request", null, `part ${place.number} is given twice`);
    }
    order[place.number] = i;
  });
  const { count, group } = places[0]!;
  const absent = [];
  for (let n = 1; n <= count && absent.length < 5; n++) if (order[n] === undefined) absent.push(n);
  if (absent.length > 0) {
    refuse[0](
      "request",
      null,
      `it is part ${places[0]!.number} of ${count}; part ${absent.join(", ")} must be given too`,
    );
  }
  order.shift();
  checkGroup(order.map((i) => parts[i]), order.map((i) => refuse[i]), group);
  return order;
}

function checkGroup(parts: readonly PartIndex[], refuse: readonly Refuse[], group: string): void {
  const list = parts[0].tags.get(GROUP) ?? refuse[0]("bagit", GROUP, "it is missing");
  if (groupIdentity(list) !== group) {
    refuse[0]("content", GROUP, "its SHA-256 is not the Bag-Group-Identifier");
  }
  const all = parseManifest(list, (message) => refuse[0]("bagit", GROUP, message));
  const seen = new Set<string>();
  parts.forEach((part, i) => {
    for (const [path, digest] of part.manifest) {
      if (seen.has(path)) refuse[i]("clash", path, "an earlier part has it already");
      if (all.get(path) !== digest) refuse[i]("bagit", path, `${GROUP} does not list it so`);
      seen.add(path);
    }
    if (i > 0 && part.tags.has(GROUP)) refuse[i]("bagit", GROUP, "only the first part has it");
  });
  for (const path of all.keys()) {
    if (!seen.has(path)) {
      refuse[0]("bagit", path, `${GROUP} lists it, but no part's ${MANIFEST} does`);
    }
  }
}
