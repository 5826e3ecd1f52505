/** Stages files of the user's whose content is known already: links to large ones, copies of small ones. */

import { statfsSync } from "node:fs";
import { fileDigest } from "./file_digest.ts";
import { discard } from "./host.ts";
import type { ObjectWriter, Staged } from "./object_writer.ts";
import type { Digest } from "./types.ts";

/** A file whose content is known. */
export interface Expected {
  readonly path: string;
  readonly digest: Digest;
  readonly bytes: number;
  /** Whether the file's stamp proves that its content is still that; when not, it is read again. */
  isSurelyUnchanged(): boolean;
}

/** A file that does not hold what it should. */
export class ChangedFile extends Error {
  override readonly name = "ChangedFile";
  /** @param how "changed" or "disappeared". */
  constructor(readonly path: string, readonly how: string) {
    super(`${path} ${how}`);
  }
}

/**
 * Smaller files are copied: an editor that writes in place would damage a linked object. In return the store keeps
 * the old content of what is small. Larger ones would take too much time and room.
 */
export const LINK_FROM = 16 << 20;

/** Stages each file, which must have the expected content. @throws {ChangedFile} */
export async function stageExpected(
  writer: ObjectWriter,
  files: readonly Expected[],
  signal: AbortSignal,
): Promise<Staged[]> {
  const small = files.filter(({ bytes }) => bytes < LINK_FROM);
  const staged: Staged[] = [];
  try {
    if (writer.isBulk(small.length)) {
      const copies = await writer.stageFiles(small.map(({ path }) => path), false);
      for (const copy of copies) staged.push(copy);
      small.forEach((file, i) => check(file, copies[i].digest));
    } else {
      for (const file of small) {
        signal.throwIfAborted();
        const copy = await writer.stageFile(file.path, false);
        staged.push(copy);
        check(file, copy.digest);
      }
    }
    for (const file of files) {
      if (file.bytes < LINK_FROM) continue;
      signal.throwIfAborted();
      staged.push(await stageLarge(writer, file));
    }
    return staged;
  } catch (error) {
    writer.discard(staged);
    if (error instanceof Error && error.name === "NotFound") {
      const gone = files.find(({ path }) => !exists(path));
      if (gone !== undefined) throw new ChangedFile(gone.path, "disappeared");
    }
    throw error;
  }
}

function check({ path, digest }: Expected, found: Digest): void {
  if (found !== digest) throw new ChangedFile(path, "changed");
}

async function stageLarge(writer: ObjectWriter, file: Expected): Promise<Staged> {
  const { path, digest, bytes } = file;
  const temporary = writer.temporary();
  const linked = isLinkable(writer, path) && tryLink(writer, path, temporary);
  try {
    if (!linked) writer.host.files.copy(path, temporary);
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
    if (file.dev !== store.dev || REFLINKING.has(statfsSync(dir).type)) return false;
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
