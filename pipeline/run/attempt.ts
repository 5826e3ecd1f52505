/** Directories of attempts: one each, locked while its process lives, swept when it died. */

import { usersOf } from "../gc/in_use.ts";
import { discard } from "../host.ts";
import { isHeld, takeLock, thisOwner } from "../store/lock_file.ts";
import type { Store } from "../store/store.ts";

/** A directory of its own for one attempt at a node; nothing in it is in the store. */
export interface AttemptDirectory {
  readonly path: string;
  /** Removes the directory. */
  [Symbol.dispose](): void;
}

/** Temporary files of killed processes are removed after a day. */
const STALE_MS = 86_400_000;

/** Makes an attempt's directory. The kernel frees its lock when this process dies, however it dies. */
export function openAttempt(store: Store): AttemptDirectory {
  const { files } = store.host;
  const name = store.host.unique();
  const path = `${store.dir}/attempts/${name}`;
  // Locked before it appears among the attempts, so that nobody takes it for abandoned.
  const hidden = `${store.dir}/tmp/${name}`;
  files.makeDirectory(hidden);
  const lock = takeLock(store.host, `${hidden}/lock`);
  if (lock === "unsupported") {
    const owner = new TextEncoder().encode(JSON.stringify(thisOwner(store.host)));
    files.remove(`${hidden}/lock`);
    files.writeNew(`${hidden}/lock`, owner);
  }
  try {
    files.rename(hidden, path);
  } catch (error) {
    if (lock !== "unsupported") lock?.close();
    discard(store.host, hidden);
    throw error;
  }
  return {
    path,
    [Symbol.dispose]() {
      try {
        files.remove(path);
      } catch {
        // What cannot be removed now is swept by a later run.
      }
      if (lock !== "unsupported") lock?.close();
    },
  };
}

/** Removes what killed processes left behind: their attempts, and old temporary files. */
export function sweep(store: Store): void {
  // What a living process made stays, also when somebody sets the clock forward.
  const cut = Math.min(store.host.now().getTime() - STALE_MS, usersOf(store.dir).since);
  for (const entry of Deno.readDirSync(`${store.dir}/attempts`)) {
    const path = `${store.dir}/attempts/${entry.name}`;
    try {
      if (!isHeld(`${path}/lock`)) store.host.files.remove(path);
    } catch {
      // Another process sweeps too.
    }
  }
  for (const entry of Deno.readDirSync(`${store.dir}/tmp`)) {
    const path = `${store.dir}/tmp/${entry.name}`;
    try {
      const { mtime } = Deno.statSync(path);
      if ((mtime?.getTime() ?? Infinity) < cut) store.host.files.remove(path);
    } catch {
      // Likewise.
    }
  }
}
