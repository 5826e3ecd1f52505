/** Hashes files for `fsck` beside other workers: takes a list of paths, answers with their digests. */

import { fileDigest } from "../store/file_digest.ts";

/** What is asked of a worker. */
export interface HashJob {
  readonly id: number;
  readonly paths: readonly string[];
}

/** What a worker answers: a digest a path, null for a file that is gone, an error's message otherwise. */
export interface Hashed {
  readonly id: number;
  readonly found: readonly Found[];
}

/** Outcome of hashing one file. */
export type Found = { readonly digest: string } | { readonly error: string } | null;

/** Hashes files one after the other. */
export async function hashAll(paths: readonly string[]): Promise<Found[]> {
  const found: Found[] = [];
  for (const path of paths) {
    try {
      found.push({ digest: (await fileDigest(path)).digest });
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) found.push(null);
      else found.push({ error: error instanceof Error ? error.message : String(error) });
    }
  }
  return found;
}

// The same module is imported by `fsck` itself, where there is nobody to answer to.
const scope = globalThis as unknown as {
  WorkerGlobalScope?: unknown;
  onmessage: ((event: MessageEvent<HashJob>) => void) | null;
  postMessage(message: Hashed): void;
};
if (scope.WorkerGlobalScope !== undefined) {
  scope.onmessage = async ({ data }) => {
    scope.postMessage({ id: data.id, found: await hashAll(data.paths) });
  };
}
