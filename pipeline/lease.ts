/** One process computes a key at a time: a lock that the kernel frees when its holder dies. */

import type { Store } from "./store.ts";
import type { Digest } from "./types.ts";

/** The right to compute one key. */
export interface Lease {
  [Symbol.dispose](): void;
}

/** How often a waiting process looks again, in milliseconds. */
const LOOK_EVERY = 100;

/**
 * Waits until no other process computes `key`.
 *
 * @param onWait Called once when another process has the key.
 * @throws the signal's reason when it aborts.
 */
export async function acquireLease(
  store: Store,
  key: Digest,
  signal: AbortSignal,
  onWait: () => void,
): Promise<Lease> {
  const path = `${store.dir}/leases/${key}`;
  for (let told = false;;) {
    signal.throwIfAborted();
    const file = await Deno.open(path, { create: true, write: true });
    let locked: boolean;
    try {
      locked = await file.tryLock(true);
    } catch {
      // A file system without locks: the work may be done twice, with the same result.
      file.close();
      return { [Symbol.dispose]() {} };
    }
    if (locked && isStillAt(file, path)) {
      return {
        [Symbol.dispose]() {
          try {
            store.host.files.remove(path);
          } finally {
            file.close();
          }
        },
      };
    }
    file.close();
    // A lock on a file that its holder just removed guards nothing: look at once.
    if (locked) continue;
    if (!told) onWait();
    told = true;
    await store.host.delay(LOOK_EVERY, signal);
  }
}

function isStillAt(file: Deno.FsFile, path: string): boolean {
  try {
    return Deno.statSync(path).ino === file.statSync().ino;
  } catch {
    return false;
  }
}
