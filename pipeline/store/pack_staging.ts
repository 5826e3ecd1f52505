/** Puts small files of the user's, whose content is known, into packs. */

import { Bulk } from "./bulk.ts";
import { sha256 } from "../canonical.ts";
import type { ObjectWriter } from "./object_writer.ts";
import { PackWriting, type StagedPack } from "./packs.ts";
import { ChangedFile, type Expected } from "./store_import.ts";

/** Larger files are objects of their own. */
export const PACKED_BYTES = 64 << 10;
/** Fewer files are objects of their own. */
export const PACKED_FILES = 1000;
/** A pack is closed at this size: damage and removal are matters of whole packs. */
const PACK_BYTES = 256 << 20;

/**
 * Packs files in their order, not yet flushed.
 * @throws {ChangedFile} when one does not hold what is expected; nothing is left behind then.
 */
export async function stagePacks(
  writer: ObjectWriter,
  files: readonly Expected[],
  signal: AbortSignal,
): Promise<StagedPack[]> {
  const staged: StagedPack[] = [];
  let writing: PackWriting | null = null;
  let row = 0;
  const add = (content: Uint8Array, digest: Uint8Array<ArrayBuffer>) => {
    const file = files[row++];
    if (digest.toHex() !== file.digest) throw new ChangedFile(file.place, "changed");
    writing ??= new PackWriting(writer.dir, writer.host);
    writing.add(digest, content);
    if (writing.bytes < PACK_BYTES) return;
    staged.push(writing.end());
    writing = null;
  };
  try {
    if (writer.isBulk(files.length)) {
      using bulk = new Bulk();
      const sizes = Float64Array.from(files, ({ bytes }) => bytes);
      await bulk.read(files.map(({ place }) => place), sizes, ({ digests, sizes, contents }) => {
        signal.throwIfAborted();
        let at = 0;
        sizes.forEach((size, i) => {
          add(contents!.subarray(at, at += size), digests.subarray(i * 32, i * 32 + 32));
        });
      });
    } else {
      for (const { place } of files) {
        signal.throwIfAborted();
        const content = Deno.readFileSync(place);
        add(content, Uint8Array.fromHex(sha256(content)));
      }
    }
    // Assigned within `add`, which the compiler does not see.
    const last = writing as PackWriting | null;
    if (last !== null) staged.push(last.end());
    return staged;
  } catch (error) {
    (writing as PackWriting | null)?.discard();
    for (const pack of staged) writer.drop(pack.temporary);
    throw error;
  }
}
