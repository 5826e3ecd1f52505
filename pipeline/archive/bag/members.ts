/** Walks the members of one archive, strictly: order, end marker, padding, names, types, sizes, limits. */

import type { ByteSource } from "./byte_source.ts";
import { bytesText } from "./limits.ts";
import { badName, Names, utf8Length } from "./names.ts";
import {
  agreedSize,
  BLOCK,
  type Header,
  padding,
  parseHeader,
  parsePax,
  type Pax,
  type Refuse,
  zeros,
} from "./tar_header.ts";
import type { BagLimits } from "./types.ts";

/** A plain file in an archive. */
export interface Member {
  /** The archive's one top folder. */
  readonly top: string;
  /** Relative to the top folder. */
  readonly path: string;
  readonly bytes: number;
  /** Where the content begins, in the (inflated) archive. */
  readonly offset: number;
}

/** What the archives of one bag may still use; shared between them. */
export class Budget {
  readonly limits: BagLimits;
  #members = 0;
  #names = 0;
  #total = 0;
  #tags = 0;

  constructor(limits: BagLimits) {
    this.limits = limits;
  }

  /** Counts a member. @returns what is over its limit, or null. */
  member(name: string, bytes: number): string | null {
    const { members, memberBytes, totalBytes, nameBytes } = this.limits;
    if (++this.#members > members) return `there are more than ${members} members`;
    if (bytes > memberBytes) return over(`it has ${bytesText(bytes)}`, memberBytes);
    if ((this.#total += bytes) > totalBytes) return over("the members' sizes add up", totalBytes);
    if ((this.#names += utf8Length(name)) > nameBytes) return over("the names add up", nameBytes);
    return null;
  }

  /** Counts a file that is held in memory. @returns what is over its limit, or null. */
  tag(bytes: number, manifest: boolean): string | null {
    const { tagBytes, manifestBytes } = this.limits;
    if (manifest && bytes > manifestBytes) return over(`it has ${bytesText(bytes)}`, manifestBytes);
    if ((this.#tags += bytes) > tagBytes) return over("the tag files add up", tagBytes);
    return null;
  }
}

function over(what: string, limit: number): string {
  return `${what}, over the limit of ${bytesText(limit)}`;
}

/** More zeros than tar's largest usual record after the end marker would only be ballast. */
const MAX_TRAILER = 2 ** 20;

/**
 * Calls `onFile` for every file, in order. `onFile` may read the content from the source, or leave it.
 * @returns the archive's top folder.
 */
export async function walkMembers(
  source: ByteSource,
  budget: Budget,
  refuse: Refuse,
  onFile: (member: Member) => Promise<void>,
): Promise<string> {
  const names = new Names();
  let top: string | null = null;
  let last: string | null = null;
  while (true) {
    const member = await nextHeader(source, budget.limits, last, refuse);
    if (member === null) break;
    const { header, pax } = member;
    const name = pathOf(header, pax, refuse);
    last = name;
    const bytes = agreedSize(header.bytes, pax?.size) ??
      refuse("format", name, "its header and its pax header state different sizes");
    if (header.type === "folder" && bytes !== 0) {
      refuse("format", name, "it is a folder with a size");
    }
    const spent = budget.member(name, bytes);
    if (spent !== null) refuse("limit", name, spent);
    if (source.rest !== null && bytes > source.rest) {
      refuse("truncated", name, `it says ${bytes} bytes, more than the archive has left`);
    }
    const slash = name.indexOf("/");
    const folder = slash === -1 ? name : name.slice(0, slash);
    if (slash === -1 && header.type === "file") {
      refuse("bagit", name, "it lies outside the top folder");
    }
    if (top !== null && top !== folder) {
      refuse("bagit", name, `it lies outside the top folder ${top}`);
    }
    top = folder;
    const clash = names.add(name, header.type === "folder" ? "folder" : "file");
    if (clash !== null) refuse("clash", name, clash);
    if (header.type === "folder") continue;

    const end = source.position + bytes;
    await onFile({ top, path: name.slice(slash + 1), bytes, offset: source.position });
    if (!await source.skip(end - source.position)) {
      refuse("truncated", name, "the archive ends within it");
    }
    const fill = padding(bytes);
    const filler = await source.take(fill);
    if (filler.length < fill) refuse("truncated", name, "the archive ends behind it");
    if (!zeros(filler)) refuse("format", name, "the bytes that fill its last block are not zero");
  }
  if (top === null) return refuse("bagit", null, "the archive is empty");
  const empty = names.emptyFolder(`${top}/data`);
  if (empty !== null) refuse("bagit", empty, "it is a folder without files");
  await readTrailer(source, refuse);
  return top;
}

/** Reads to the next file's or folder's header; null at the end marker. */
async function nextHeader(
  source: ByteSource,
  limits: BagLimits,
  last: string | null,
  refuse: Refuse,
): Promise<{ header: Header; pax: Pax | null } | null> {
  let pax: Pax | null = null;
  while (true) {
    const block = await source.take(BLOCK);
    const where = last === null ? "at its beginning" : "between members";
    if (block.length === 0) refuse("truncated", last, "the archive has no end marker");
    if (block.length < BLOCK) {
      refuse("truncated", last, `the archive ends within a header ${where}`);
    }
    if (zeros(block)) {
      if (pax !== null) refuse("format", last, "a pax header is followed by nothing");
      return null;
    }
    const header = parseHeader(block, refuse);
    if (header.type !== "pax") return { header, pax };
    if (pax !== null) refuse("format", header.name, "a pax header follows another");
    if (header.bytes > limits.headerBytes) {
      refuse(
        "limit",
        header.name,
        over(`a pax header has ${bytesText(header.bytes)}`, limits.headerBytes),
      );
    }
    const padded = header.bytes + padding(header.bytes);
    const body = await source.take(padded);
    if (body.length < padded) {
      refuse("truncated", header.name, "the archive ends within a pax header");
    }
    if (!zeros(body.subarray(header.bytes))) {
      refuse("format", header.name, "the bytes that fill a pax header's last block are not zero");
    }
    pax = parsePax(body.subarray(0, header.bytes), header.name, refuse);
  }
}

/** The member's name, checked, without a folder's final slash. */
function pathOf(header: Header, pax: Pax | null, refuse: Refuse): string {
  if (
    pax?.path !== undefined &&
    (header.name.startsWith("/") || /(?:^|\/)\.\.(?:\/|$)/.test(header.name))
  ) {
    // Programs that do not know pax headers would use this name.
    refuse("name", header.name, "the name behind the pax header leaves the folder");
  }
  const full = pax?.path ?? header.name;
  const name = header.type === "folder" && full.endsWith("/") ? full.slice(0, -1) : full;
  const why = badName(name);
  if (why !== null) refuse("name", name, why);
  return name;
}

/** The second block of the end marker, and nothing but a few more zeros. */
async function readTrailer(source: ByteSource, refuse: Refuse): Promise<void> {
  const second = await source.take(BLOCK);
  if (second.length < BLOCK) refuse("truncated", null, "the archive's end marker is cut off");
  if (!zeros(second)) refuse("format", null, "the archive's end marker is only one block");
  let bytes = 0;
  while (true) {
    const more = await source.some(64 * 1024);
    if (more.length === 0) break;
    if (!zeros(more)) refuse("format", null, "something follows the archive's end marker");
    if ((bytes += more.length) > MAX_TRAILER) {
      refuse("limit", null, "too many zeros follow the archive's end marker");
    }
  }
  if (bytes % BLOCK !== 0) refuse("truncated", null, "the archive does not end with a whole block");
}
