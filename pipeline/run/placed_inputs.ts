/** Notices that an input was written to while a stage ran. */

import { Failed } from "../failure.ts";
import { fileDigest } from "../store/file_digest.ts";
import { DamagedObject, type Store } from "../store/store.ts";
import type { Digest, OutputEntry } from "../types.ts";

/** One input of an attempt: its name, what it must hold, and where it was put. */
export interface PlacedInput {
  readonly name: string;
  readonly entry: OutputEntry;
  readonly path: string;
}

/** One file of an input. */
interface PlacedFile {
  readonly path: string;
  readonly digest: Digest;
  readonly bytes: number;
}

/**
 * Makes sure that the inputs still hold what they held when the stage started. Inputs are hard links to objects, and
 * an object of local data may be a hard link to the user's own file. Files that were written to since, by their time
 * or size, are hashed again; an object that changed is moved aside, so that it is made again.
 *
 * @param began Milliseconds at which all inputs were in place, by the clock of their file system.
 * @throws {Failed} `input-changed` with the name of the input.
 */
export async function checkInputs(
  store: Store,
  placed: readonly PlacedInput[],
  began: number,
  about: { readonly where: string; readonly log: string },
): Promise<void> {
  for (const { name, entry, path } of placed) {
    const files: readonly PlacedFile[] = entry.form === "file"
      ? [{ path, digest: entry.digest, bytes: entry.bytes }]
      : store.treeFiles(entry.digest).map((file) => ({ ...file, path: `${path}/${file.path}` }));
    for (const file of files) {
      if (!await isChanged(file, began)) continue;
      await moveAside(store, file.digest);
      const member = file.path === path ? "" : ` (its file ${file.path.slice(path.length + 1)})`;
      throw new Failed({
        code: "input-changed",
        message:
          `input "${name}"${member} was written to while the stage ran, so the result is not kept`,
        ...about,
        mend:
          "Let no other program write to the data, nor the stage to its inputs; then run again.",
      });
    }
  }
}

async function isChanged({ path, digest, bytes }: PlacedFile, began: number): Promise<boolean> {
  try {
    const { size, mtime } = Deno.statSync(path);
    if (size !== bytes) return true;
    // The file system counts finer than Deno tells, so the same millisecond says nothing.
    if (mtime !== null && mtime.getTime() < began) return false;
    return (await fileDigest(path)).digest !== digest;
  } catch (error) {
    // A program of the stage may take its own copy or link away, which changes nothing.
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function moveAside(store: Store, digest: Digest): Promise<void> {
  try {
    await store.verify(digest);
  } catch (error) {
    if (!(error instanceof DamagedObject)) throw error;
  }
}
