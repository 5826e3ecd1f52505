/** Stages files of the user's whose content is known already: links, copies, and packs of many small ones. */

import process from "node:process";
import { fileDigest } from "./file_digest.ts";
import { discard } from "../host.ts";
import type { ObjectWriter, Staged } from "./object_writer.ts";
import { PACKED_BYTES, PACKED_FILES, stagePacks } from "./pack_staging.ts";
import type { StagedPack } from "./packs.ts";
import type { TreeFile } from "./tree_manifest.ts";
import type { Digest } from "../types.ts";

/** A file whose content is known. */
export interface Expected extends TreeFile {
  /** Where it is; `path` is its name in the tree. */
  readonly place: string;
  /** Whether the file's stamp proves that its content is still that; when not, it is read again. */
  isSurelyUnchanged(): boolean;
}

/** Such files, made one by one as they are asked for: mostly few of many are. */
export interface ExpectedFiles {
  readonly count: number;
  /** By path, as manifests list them. */
  files(): readonly TreeFile[];
  /** False for a file that is in the tree's `previous` state too. */
  isFresh(i: number): boolean;
  at(i: number): Expected;
  /** Those that are not in the tree's `previous` state, when there is one. */
  fresh(): readonly Expected[] | undefined;
}

/** A tree of such files. */
export interface ExpectedTree {
  readonly digest: Digest;
  /** Sum over the files. */
  readonly bytes: number;
  readonly manifest: Uint8Array;
  /** An earlier state of the same tree. */
  readonly previous?: { readonly digest: Digest; readonly bytes: number };
}

/** A file that does not hold what it should. */
export class ChangedFile extends Error {
  override readonly name = "ChangedFile";
  /** @param how "changed" or "disappeared". */
  constructor(readonly place: string, readonly how: string) {
    super(`${place} ${how}`);
  }
}

/**
 * Smaller files are copied: an editor that writes in place would damage a linked object. In return the store keeps
 * the old content of what is small. Larger ones would take too much time and room.
 */
export const LINK_FROM = 16 << 20;

/** What was staged, not yet flushed. */
export interface StagedFiles {
  readonly objects: Staged[];
  readonly packs: readonly StagedPack[];
}

/** Stages each file, which must have the expected content. @throws {ChangedFile} */
export async function stageExpected(
  writer: ObjectWriter,
  files: readonly Expected[],
  signal: AbortSignal,
): Promise<StagedFiles> {
  const tiny = files.filter(({ bytes }) => bytes <= PACKED_BYTES);
  const isPacked = tiny.length >= PACKED_FILES;
  const small = files.filter(({ bytes }) =>
    bytes < LINK_FROM && !(isPacked && bytes <= PACKED_BYTES)
  );
  const staged: Staged[] = [];
  let packs: readonly StagedPack[] = [];
  try {
    if (isPacked) packs = await stagePacks(writer, tiny, signal);
    if (writer.isBulk(small.length)) {
      const copies = await writer.stageFiles(small.map(({ place }) => place), false);
      for (const copy of copies) staged.push(copy);
      small.forEach((file, i) => check(file, copies[i].digest));
    } else {
      for (const file of small) {
        signal.throwIfAborted();
        const copy = await writer.stageFile(file.place, false);
        staged.push(copy);
        check(file, copy.digest);
      }
    }
    for (const file of files) {
      if (file.bytes < LINK_FROM) continue;
      signal.throwIfAborted();
      staged.push(await stageLarge(writer, file));
    }
    return { objects: staged, packs };
  } catch (error) {
    writer.discard(staged);
    for (const { temporary } of packs) writer.drop(temporary);
    if (error instanceof Error && error.name === "NotFound") {
      const gone = files.find(({ place }) => !exists(place));
      if (gone !== undefined) throw new ChangedFile(gone.place, "disappeared");
    }
    throw error;
  }
}

function check({ place, digest }: Expected, found: Digest): void {
  if (found !== digest) throw new ChangedFile(place, "changed");
}

async function stageLarge(writer: ObjectWriter, file: Expected): Promise<Staged> {
  const { place, digest, bytes } = file;
  const temporary = writer.temporary();
  const linked = isLinkable(writer, place) && tryLink(writer, place, temporary);
  try {
    if (!linked) writer.host.files.copy(place, temporary);
    // A copy was made while the file could change, so the file is looked at afterwards in both cases.
    if (!file.isSurelyUnchanged()) check(file, (await fileDigest(temporary)).digest);
    return { digest, bytes, temporary, linked };
  } catch (error) {
    discard(writer.host, temporary);
    throw error;
  }
}

/** File systems on which a copy shares its blocks with the original: btrfs, XFS, bcachefs. */
const REFLINKING = new Set([0x9123683e, 0x58465342, 0xca451a4e]);

/** Whether a second name is wanted: not where a copy costs nothing, nor where others could not read it. */
function isLinkable({ dir }: ObjectWriter, path: string): boolean {
  try {
    const [file, store] = [Deno.statSync(path), Deno.statSync(dir)];
    if (file.dev !== store.dev || REFLINKING.has(fileSystemOf(dir))) return false;
    const shared = ((store.mode ?? 0) & 0o020) !== 0;
    return !shared || ((file.mode ?? 0) & 0o044) === 0o044;
  } catch {
    return false;
  }
}

/** The system refuses links across file systems, to files of others, beyond a number of names. */
function tryLink(writer: ObjectWriter, from: string, to: string): boolean {
  try {
    writer.host.files.link(from, to);
    return true;
  } catch {
    return false;
  }
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

/** The type's number. Node's module loads only when something is imported. */
function fileSystemOf(dir: string): number {
  return process.getBuiltinModule("node:fs").statfsSync(dir).type;
}
