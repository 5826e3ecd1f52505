/** Builds tar archives byte by byte, with everything that a writer would not do. */

import { encoder, sha256 } from "./bag_rig.ts";

/** A member; what is not given is as it should be. */
export interface RawMember {
  readonly name: string | Uint8Array;
  readonly content?: string | Uint8Array;
  /** One character. */
  readonly type?: string;
  /** What the size field says: a number, or the field's own bytes. */
  readonly size?: number | string | Uint8Array;
  readonly prefix?: string;
  readonly link?: string;
  readonly magic?: string;
  /** Records of a pax header in front. */
  readonly pax?: readonly (readonly [string, string])[] | string | Uint8Array;
  /** Byte that fills the last block. */
  readonly filler?: number;
  /** Changes the header; the checksum is right afterwards, unless `checksum` is given. */
  readonly edit?: (header: Uint8Array) => void;
  readonly checksum?: string;
}

export function bytesOf(content: string | Uint8Array): Uint8Array {
  return typeof content === "string" ? encoder.encode(content) : content;
}

export function join(...chunks: Uint8Array[]): Uint8Array {
  const all = new Uint8Array(chunks.reduce((n, chunk) => n + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

export const END = new Uint8Array(1024);

/** Writes the right checksum into a header. */
export function fixChecksum(header: Uint8Array): void {
  header.fill(32, 148, 156);
  const sum = header.subarray(0, 512).reduce((a, b) => a + b, 0);
  header.set(encoder.encode(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
}

function paxBytes(pax: NonNullable<RawMember["pax"]>): Uint8Array {
  if (typeof pax === "string" || pax instanceof Uint8Array) return bytesOf(pax);
  return join(...pax.map(([key, value]) => {
    const rest = bytesOf(` ${key}=${value}\n`).length;
    let length = rest + 1;
    while (rest + String(length).length !== length) length++;
    return bytesOf(`${length} ${key}=${value}\n`);
  }));
}

/** A member's header, content and filler. */
export function rawMember(member: RawMember): Uint8Array {
  const content = bytesOf(member.content ?? "");
  const header = new Uint8Array(512);
  const put = (at: number, text: string | Uint8Array, most: number) =>
    header.set(bytesOf(text).subarray(0, most), at);
  const size = member.size ?? content.length;
  put(0, member.name, 100);
  put(100, "0000644", 8);
  put(108, "0000000", 8);
  put(116, "0000000", 8);
  put(124, typeof size === "number" ? size.toString(8).padStart(11, "0") : size, 12);
  put(136, "00000000000", 12);
  put(156, member.type ?? "0", 1);
  put(157, member.link ?? "", 100);
  put(257, member.magic ?? "ustar\x0000", 8);
  put(329, "0000000", 8);
  put(337, "0000000", 8);
  put(345, member.prefix ?? "", 155);
  member.edit?.(header);
  fixChecksum(header);
  if (member.checksum !== undefined) put(148, member.checksum, 8);
  const filler = new Uint8Array((512 - content.length % 512) % 512).fill(member.filler ?? 0);
  const before = member.pax === undefined
    ? new Uint8Array()
    : rawMember({ name: "pax", type: "x", content: paxBytes(member.pax) });
  return join(before, header, content, filler);
}

export function rawTar(members: readonly RawMember[], end: Uint8Array = END): Uint8Array {
  return join(...members.map(rawMember), end);
}

const BAGIT = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n";

/** What a bag's text files say; what is not given is right. */
export interface RawBag {
  readonly payload?: Readonly<Record<string, string>>;
  readonly bagit?: string;
  readonly info?: string;
  readonly fetch?: string;
  readonly manifest?: string | ((right: string) => string | Uint8Array);
  readonly tagManifest?: (right: string) => string;
  /** Tag files left out of the archive. */
  readonly without?: readonly string[];
}

/** The members of a bag with the top folder `bag`, payload last. */
export function bagMembers(bag: RawBag = {}): RawMember[] {
  const payload = Object.entries(bag.payload ?? { x: "hello" });
  const lines = (files: [string, string | Uint8Array][], prefix: string) =>
    files.map(([path, content]) => `${sha256(bytesOf(content))}  ${prefix}${path}\n`).join("");
  const right = lines(payload, "data/");
  const tags: [string, string | Uint8Array][] = [
    ["bagit.txt", bag.bagit ?? BAGIT],
    ["bag-info.txt", bag.info ?? "Contact-Name: nobody\n"],
    ...(bag.fetch === undefined ? [] : [["fetch.txt", bag.fetch] as [string, string]]),
    [
      "manifest-sha256.txt",
      typeof bag.manifest === "function" ? bag.manifest(right) : bag.manifest ?? right,
    ],
  ];
  const all = lines(tags, "");
  tags.push(["tagmanifest-sha256.txt", bag.tagManifest?.(all) ?? all]);
  return [
    ...tags.filter(([path]) => !bag.without?.includes(path)),
    ...payload.map(([path, content]) => [`data/${path}`, content] as const),
  ].map(([path, content]) => ({ name: `bag/${path}`, content }));
}
