/** Directories of attempts: one each, locked while its process lives, swept when it died. */

import type { Store } from "./store.ts";

/** A directory of its own for one attempt at a node; nothing in it is in the store. */
export interface AttemptDirectory {
  readonly path: string;
  /** Removes the directory. */
  [Symbol.dispose](): void;
}

/** A directory younger than this may belong to a process that has not locked it yet. */
const SETTLED_MS = 10_000;
/** Temporary files of killed processes are removed after a day. */
const STALE_MS = 86_400_000;

/** Makes an attempt's directory. The kernel frees its lock when this process dies, however it dies. */
export function openAttempt(store: Store): AttemptDirectory {
  const { files } = store.host;
  const path = `${store.dir}/attempts/${store.host.unique()}`;
  files.makeDirectory(path);
  const lock = Deno.openSync(`${path}/lock`, { create: true, write: true });
  lock.lockSync(true);
  return {
    path,
    [Symbol.dispose]() {
      try {
        files.remove(path);
      } catch {
        // What cannot be removed now is swept by a later run.
      }
      lock.close();
    },
  };
}

/** Removes what killed processes left behind: their attempts, and old temporary files. */
export async function sweep(store: Store): Promise<void> {
  const now = store.host.now().getTime();
  const age = (path: string) => now - (Deno.statSync(path).mtime?.getTime() ?? now);
  for (const entry of Deno.readDirSync(`${store.dir}/attempts`)) {
    const path = `${store.dir}/attempts/${entry.name}`;
    try {
      if (age(path) > SETTLED_MS && await isAbandoned(`${path}/lock`)) {
        store.host.files.remove(path);
      }
    } catch {
      // Another process sweeps too.
    }
  }
  for (const entry of Deno.readDirSync(`${store.dir}/tmp`)) {
    const path = `${store.dir}/tmp/${entry.name}`;
    try {
      if (age(path) > STALE_MS) store.host.files.remove(path);
    } catch {
      // Likewise.
    }
  }
}

async function isAbandoned(lock: string): Promise<boolean> {
  try {
    using file = await Deno.open(lock, { write: true });
    return await file.tryLock(true);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return true;
    throw error;
  }
}
