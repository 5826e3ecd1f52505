/** Brings local data into the store, exactly as it was when the run was planned. */

import { noSpace } from "../run/child_failure.ts";
import { cancelled, type Finished } from "../run/executor.ts";
import { Failed } from "../failure.ts";
import { isDiskFull } from "../host.ts";
import { Observed, type SeenFile } from "./local_source.ts";
import { ChangedFile, type Expected, type ExpectedFiles } from "../store/store_import.ts";
import type { Store } from "../store/store.ts";
import type { Node, SourceContent } from "../types.ts";

/** One import. */
export interface Import {
  readonly node: Node;
  /** As planned. */
  readonly content: SourceContent;
  readonly signal: AbortSignal;
}

/**
 * Stores the files that the store does not have, and the manifest of a tree. Large files are linked where that is
 * possible, small ones copied. The user's files are only read; their mode stays.
 *
 * @throws {Failed} `source-changed` when the data is not as it was planned with.
 */
export async function importSource(
  store: Store,
  { node, content, signal }: Import,
): Promise<Finished> {
  if (!(content instanceof Observed)) throw new TypeError(`${node.id} was not looked at`);
  const where = node.id;
  const [[name, { form, media }]] = Object.entries(node.outputs);
  const { digest, bytes, previous } = content;
  const expect = (file: SeenFile): Expected => ({
    path: file.path,
    digest: file.digest,
    bytes: file.bytes,
    place: content.pathOf(file.row),
    isSurelyUnchanged: () => content.isSurelyUnchanged(file.row),
  });
  const expected: ExpectedFiles = {
    count: content.stamped.names.length,
    files: () => content.files(),
    isFresh: (i) => previous === undefined || previous.fresh.has(content.files()[i].row),
    at: (i) => expect(content.files()[i]),
    fresh: () => previous && [...previous.fresh].map((row) => expect(content.file(row))),
  };
  const tree = form === "tree" ? { digest, bytes, manifest: content.manifest(), previous } : null;
  try {
    await store.putExpected(expected, tree, signal);
  } catch (error) {
    if (signal.aborted) throw new Failed(cancelled(where));
    if (isDiskFull(error)) throw new Failed({ ...noSpace(store.dir), where }, { cause: error });
    if (error instanceof ChangedFile) {
      throw new Failed({
        code: "source-changed",
        message: `${error.place} ${error.how} after the run was planned`,
        where,
        mend: "Let no program write to it while it is read, then run again.",
      }, { cause: error });
    }
    throw error;
  }
  return { outputs: { [name]: { digest, form, media, bytes } }, log: null };
}
