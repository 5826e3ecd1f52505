/** Which members an archive has, in which order, and how large it becomes: all known before a byte is written. */

import { createHash } from "node:crypto";
import { groupIdentity, type Place, placeLines } from "./group.ts";
import {
  BAGIT,
  BAGIT_TEXT,
  FETCH,
  formatFetch,
  formatInfo,
  formatManifest,
  GROUP,
  INFO,
  MANIFEST,
  TAG_MANIFEST,
} from "./manifest.ts";
import { BLOCK, formatHeader, padding } from "./tar_header.ts";
import type { FetchEntry, PayloadFile, TagFile } from "./types.ts";

/** A bag's content, checked and sorted. */
export interface Content {
  readonly top: string;
  readonly info: readonly (readonly [string, string])[];
  readonly payload: readonly PayloadFile[];
  readonly tags: readonly TagFile[];
  readonly fetch: readonly FetchEntry[];
}

/** What becomes one archive. */
export interface Layout {
  readonly top: string;
  /** Tag files in the order in which they are written. */
  readonly tags: readonly TagFile[];
  readonly payload: readonly PayloadFile[];
  /** Size of the archive, uncompressed. */
  readonly bytes: number;
}

const encoder = new TextEncoder();

/** Lines of a manifest for payload that is here and payload that is elsewhere, sorted by path. */
function manifestText(content: Content): string {
  const entries = [...content.payload, ...content.fetch]
    .map(({ path, digest }) => [`data/${path}`, digest] as const)
    .sort(([a], [b]) => byBytes(a, b));
  return formatManifest(entries);
}

/**
 * Lays out one archive: BagIt's own files, the tag files, the payload, each group sorted.
 * @param place Which part of a group it is; null when it stands alone.
 * @param group The group's list of files, in the first part.
 */
export function layOut(content: Content, place: Place | null, group: string | null): Layout {
  const { top, payload, fetch } = content;
  const all = [...payload, ...fetch];
  const oxum = `${all.reduce((sum, file) => sum + file.bytes, 0)}.${all.length}`;
  const texts: [string, string][] = [
    [BAGIT, BAGIT_TEXT],
    [
      INFO,
      formatInfo([
        ...content.info,
        ...(place === null ? [] : placeLines(place)),
        ["Payload-Oxum", oxum],
      ]),
    ],
    ...(fetch.length === 0 ? [] : [[FETCH, formatFetch(fetch)] as [string, string]]),
    ...(group === null ? [] : [[GROUP, group] as [string, string]]),
    [MANIFEST, manifestText(content)],
  ];
  const own = texts.map(([path, text]) => ({ path, bytes: encoder.encode(text) }));
  const listed = [...own, ...content.tags].sort((a, b) => byBytes(a.path, b.path));
  const tagManifest = formatManifest(
    listed.map(({ path, bytes }) =>
      [path, createHash("sha256").update(bytes).digest("hex")] as const
    ),
  );
  const tags = [
    ...own,
    { path: TAG_MANIFEST, bytes: encoder.encode(tagManifest) },
    ...content.tags,
  ];
  let bytes = 2 * BLOCK;
  for (const tag of tags) bytes += memberBytes(`${top}/${tag.path}`, tag.bytes.length);
  for (const file of payload) bytes += memberBytes(`${top}/data/${file.path}`, file.bytes);
  // BagIt asks for the folder even when nothing is in it.
  if (payload.length === 0) bytes += memberBytes(`${top}/data/`, 0);
  return { top, tags, payload, bytes };
}

/** What a member takes in an archive. */
function memberBytes(name: string, bytes: number): number {
  return formatHeader(name, bytes).length + bytes + padding(bytes);
}

/** Order of UTF-8 bytes, which for text is that of its code points. */
export function byBytes(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    const surrogates = (x >= 0xd800 && x <= 0xdfff ? 1 : 0) - (y >= 0xd800 && y <= 0xdfff ? 1 : 0);
    // Surrogates stand for code points above all others.
    return surrogates !== 0 ? surrogates : x - y;
  }
  return a.length - b.length;
}

/** What one payload file takes at most: its member, and its line in a manifest. */
function cost(top: string, file: PayloadFile): number {
  return memberBytes(`${top}/data/${file.path}`, file.bytes) + lineBytes(file.path);
}

/** A digest, two spaces, `data/`, a line's end; each % becomes three characters. */
function lineBytes(path: string): number {
  return 64 + 2 + 5 + 1 + encoder.encode(path).length + 2 * (path.split("%").length - 1);
}

/**
 * Lays out as few archives of at most `limit` bytes as fit the payload in its order. Tag files, addresses
 * and the list of everything are in the first.
 * @returns null when a payload file, or what the first archive must hold, does not fit; with its name.
 */
export function layOutParts(content: Content, limit: number): Layout[] | { tooLarge: string } {
  const whole = layOut(content, null, null);
  if (whole.bytes <= limit) return [whole];
  const list = manifestText(content);
  const group = groupIdentity(list);
  const none = { payload: [], tags: [], fetch: [] };
  const top = (n: number, count: number) => `${content.top}.${n}-of-${count}`;
  const most = 999_999;
  const place = { number: most, count: most, group };
  // Manifests grow by up to a block beyond what their lines say.
  const slack = 2 * BLOCK;
  const first = layOut({ ...content, top: top(most, most), payload: [] }, place, list).bytes +
    slack;
  const later = layOut({ ...content, ...none, top: top(most, most) }, place, null).bytes + slack;
  if (first > limit) return { tooLarge: "its metadata" };

  const parts: PayloadFile[][] = [[]];
  let room = limit - first;
  for (const file of content.payload) {
    const needs = cost(top(most, most), file);
    if (needs > room) {
      if (needs > limit - later) return { tooLarge: `data/${file.path}` };
      parts.push([]);
      room = limit - later;
    }
    parts[parts.length - 1].push(file);
    room -= needs;
  }
  const count = parts.length;
  return parts.map((payload, i) =>
    layOut(
      { ...content, ...(i === 0 ? {} : none), payload, top: top(i + 1, count) },
      { number: i + 1, count, group },
      i === 0 ? list : null,
    )
  );
}
