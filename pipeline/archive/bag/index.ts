/** What one archive of a bag says of itself: members against manifests, tag files against their digests. */

import { createHash } from "node:crypto";
import type { ByteSource } from "./byte_source.ts";
import {
  BAGIT,
  checkBagit,
  FETCH,
  type FetchLine,
  INFO,
  MANIFEST,
  parseFetch,
  parseInfo,
  parseManifest,
  TAG_MANIFEST,
} from "./manifest.ts";
import { type Budget, type Member, walkMembers } from "./members.ts";
import { concat, type Refuse } from "./tar_header.ts";

/** One payload file of an archive. */
export interface IndexedFile {
  /** Relative to the bag's top, i.e. with `data/`. */
  readonly path: string;
  readonly bytes: number;
  readonly offset: number;
  readonly digest: string;
}

/** One archive, checked but for the payload's bytes. */
export interface PartIndex {
  readonly top: string;
  readonly info: readonly (readonly [string, string])[];
  readonly tags: ReadonlyMap<string, Uint8Array>;
  /** In the archive's order. */
  readonly files: readonly IndexedFile[];
  /** What the manifest names, with `data/`. */
  readonly manifest: ReadonlyMap<string, string>;
  /** Named by the manifest and `fetch.txt`, not in the archive. */
  readonly missing: ReadonlyMap<string, FetchLine>;
}

/** Reads an archive once; payload is left out. */
export async function indexPart(
  source: ByteSource,
  budget: Budget,
  refuse: Refuse,
): Promise<PartIndex> {
  const tags = new Map<string, Uint8Array>();
  const payload = new Map<string, Member>();
  const top = await walkMembers(source, budget, refuse, async (member) => {
    const { path, bytes } = member;
    if (path.startsWith("data/")) {
      payload.set(path, member);
      return;
    }
    if (path === "data") refuse("bagit", path, "it is a file, not a folder");
    const spent = budget.tag(bytes, /manifest-[^/]*\.txt$|^fetch\.txt$/.test(path));
    if (spent !== null) refuse("limit", path, spent);
    tags.set(path, await readAll(source, member, refuse));
  });
  return checkBag(top, tags, payload, refuse);
}

async function readAll(source: ByteSource, member: Member, refuse: Refuse): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for (let missing = member.bytes; missing > 0;) {
    const chunk = await source.some(missing);
    if (chunk.length === 0) refuse("truncated", member.path, "the archive ends within it");
    chunks.push(chunk);
    missing -= chunk.length;
  }
  return chunks.length === 1 ? chunks[0] : concat(chunks);
}

function checkBag(
  top: string,
  tags: ReadonlyMap<string, Uint8Array>,
  payload: ReadonlyMap<string, Member>,
  refuse: Refuse,
): PartIndex {
  const wrong = (file: string) => (message: string): never => refuse("bagit", file, message);
  const need = (file: string): Uint8Array =>
    tags.get(file) ?? refuse("bagit", file, "it is missing");

  checkBagit(need(BAGIT), wrong(BAGIT));
  for (const path of tags.keys()) {
    if (/^(?:tag)?manifest-.*\.txt$/i.test(path) && path !== MANIFEST && path !== TAG_MANIFEST) {
      refuse("bagit", path, "only SHA-256 manifests are read here (bagit.py --sha256 writes them)");
    }
  }
  const manifest = parseManifest(need(MANIFEST), wrong(MANIFEST));
  checkTags(tags, parseManifest(need(TAG_MANIFEST), wrong(TAG_MANIFEST)), refuse);

  const fetch = tags.has(FETCH) ? parseFetch(tags.get(FETCH)!, wrong(FETCH)) : new Map();
  for (const path of fetch.keys()) {
    if (!manifest.has(path)) refuse("bagit", path, `${FETCH} names it, ${MANIFEST} does not`);
  }
  const missing = new Map<string, FetchLine>();
  for (const path of manifest.keys()) {
    if (!path.startsWith("data/")) refuse("bagit", path, `${MANIFEST} names it outside data/`);
    if (payload.has(path)) continue;
    const line = fetch.get(path) ??
      refuse("bagit", path, `${MANIFEST} names it, but it is not there`);
    missing.set(path, line);
  }
  const files: IndexedFile[] = [];
  for (const { path, bytes, offset } of payload.values()) {
    const digest = manifest.get(path) ?? refuse("bagit", path, `${MANIFEST} does not name it`);
    const said = fetch.get(path)?.bytes ?? null;
    if (said !== null && said !== bytes) {
      refuse("bagit", path, `it has ${bytes} bytes; ${FETCH} says ${said}`);
    }
    files.push({ path, bytes, offset, digest });
  }
  const info = tags.has(INFO) ? parseInfo(tags.get(INFO)!, wrong(INFO)) : [];
  checkOxum(info, files, missing, wrong(INFO));
  return { top, info, tags, files, manifest, missing };
}

/** Every tag file but the tag manifest itself is in the tag manifest, and is what it says. */
function checkTags(
  tags: ReadonlyMap<string, Uint8Array>,
  digests: ReadonlyMap<string, string>,
  refuse: Refuse,
): void {
  for (const path of digests.keys()) {
    if (path === TAG_MANIFEST) refuse("bagit", path, "it names itself");
    if (!tags.has(path)) refuse("bagit", path, `${TAG_MANIFEST} names it, but it is not there`);
  }
  for (const [path, bytes] of tags) {
    if (path === TAG_MANIFEST) continue;
    const digest = digests.get(path) ?? refuse("bagit", path, `${TAG_MANIFEST} does not name it`);
    const found = createHash("sha256").update(bytes).digest("hex");
    if (found !== digest) refuse("content", path, differs(found, digest));
  }
}

/** How a content that is not the stated one is told. */
export function differs(found: string, stated: string): string {
  return `its SHA-256 is ${found.slice(0, 12)}…, not ${stated.slice(0, 12)}… as stated`;
}

function checkOxum(
  info: readonly (readonly [string, string])[],
  files: readonly IndexedFile[],
  missing: ReadonlyMap<string, FetchLine>,
  wrong: (message: string) => never,
): void {
  const stated = info.filter(([label]) => label.toLowerCase() === "payload-oxum");
  if (stated.length > 1) wrong("it states Payload-Oxum more than once");
  if (stated.length === 0) return;
  const [, bytes, count] = /^(0|[1-9][0-9]{0,15})\.(0|[1-9][0-9]{0,15})$/.exec(stated[0][1]) ??
    wrong("its Payload-Oxum is not two numbers");
  let sum: number | null = 0;
  for (const file of files) sum += file.bytes;
  for (const line of missing.values()) {
    sum = sum === null || line.bytes === null ? null : sum + line.bytes;
  }
  if (Number(count) !== files.length + missing.size) {
    wrong(`its Payload-Oxum says ${count} files; there are ${files.length + missing.size}`);
  }
  if (sum !== null && Number(bytes) !== sum) {
    wrong(`its Payload-Oxum says ${bytes} bytes; there are ${sum}`);
  }
}
