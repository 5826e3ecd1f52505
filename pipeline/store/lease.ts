/** One process computes a key at a time: a lock that the kernel frees when its holder dies. */

import { isSystemError } from "../host.ts";
import { describeOwner, isAlive, type Owner, readOwner, takeLock, thisOwner } from "./lock_file.ts";
import type { Store } from "./store.ts";
import type { Digest } from "../types.ts";

/** The right to compute one key. */
export interface Lease {
  [Symbol.dispose](): void;
}

/** How often a waiting process looks again, in milliseconds. */
const LOOK_EVERY = 100;
/** Signs of life on file systems without locks, in milliseconds. */
export interface Heartbeat {
  /** How often an owner shows that it lives. */
  readonly every: number;
  /** After so long without a sign, an owner on another machine counts as dead. */
  readonly limit: number;
}

const HEARTBEAT: Heartbeat = { every: 5_000, limit: 60_000 };

/**
 * Waits until no other process computes `key`.
 *
 * Two processes that compute one key all the same, e.g. because one was paused for long on another machine,
 * do harm to nobody: objects and records appear whole, and both write the same.
 *
 * @param onWait Called once when another process has the key, with a sentence that says which.
 * @throws the signal's reason when it aborts.
 */
export async function acquireLease(
  store: Store,
  key: Digest,
  signal: AbortSignal,
  onWait: (who: string) => void,
  heartbeat: Heartbeat = HEARTBEAT,
): Promise<Lease> {
  const path = `${store.dir}/leases/${key}`;
  for (let told = false;;) {
    signal.throwIfAborted();
    const lock = takeLock(store.host, path);
    if (lock === "unsupported") {
      return await acquireByFile(store, path, signal, onWait, heartbeat);
    }
    if (lock !== null) {
      return {
        [Symbol.dispose]() {
          remove(store, path);
          lock.close();
        },
      };
    }
    if (!told) onWait(waitingFor(readOwner(path)));
    told = true;
    await store.host.delay(LOOK_EVERY, signal);
  }
}

function waitingFor(owner: Owner | null): string {
  const who = owner === null ? "another run" : describeOwner(owner);
  return `waiting for ${who}, which computes this`;
}

/** A lock file that stays behind is taken over by who needs it next. */
function remove({ host }: Store, path: string): void {
  try {
    host.files.remove(path);
  } catch (error) {
    if (!isSystemError(error)) throw error;
  }
}

/**
 * For file systems that cannot lock: who creates the file has the lease, and touches it as a sign of life.
 * Waiting is measured by this process's own steady clock, so that clocks may differ, and be set.
 */
async function acquireByFile(
  store: Store,
  path: string,
  signal: AbortSignal,
  onWait: (who: string) => void,
  heartbeat: Heartbeat,
): Promise<Lease> {
  const { host } = store;
  const held = `${path}.owner`;
  let told = false;
  let seen = { sign: "", at: 0 };
  while (true) {
    signal.throwIfAborted();
    const mine = JSON.stringify(thisOwner(host));
    try {
      host.files.writeNew(held, new TextEncoder().encode(mine));
      return keepAlive(store, path, held, mine, heartbeat);
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    }
    const owner = readOwner(held);
    const sign = signOf(held);
    if (sign !== seen.sign) seen = { sign, at: performance.now() };
    const silent = performance.now() - seen.at > heartbeat.limit;
    const alive = owner === null ? null : isAlive(owner);
    if (alive === false || (alive === null && silent)) {
      takeAway(store, held, owner);
      continue;
    }
    if (!told) onWait(waitingFor(owner));
    told = true;
    await host.delay(LOOK_EVERY, signal);
  }
}

/** What changes with each beat. */
function signOf(path: string): string {
  try {
    const { mtime, ino } = Deno.statSync(path);
    return `${ino}:${mtime?.getTime()}`;
  } catch {
    return "";
  }
}

/** Removes a dead owner's file by a rename, which one of several waiting processes wins. */
function takeAway({ dir, host }: Store, held: string, dead: Owner | null): void {
  const aside = `${dir}/tmp/${host.unique()}`;
  try {
    if (readOwner(held)?.token !== dead?.token) return;
    host.files.rename(held, aside);
    host.files.remove(aside);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function keepAlive(
  store: Store,
  path: string,
  held: string,
  mine: string,
  { every }: Heartbeat,
): Lease {
  const timer = setInterval(() => {
    try {
      store.host.files.touch(held, store.host.now());
    } catch {
      // Taken away while this process was paused: the work goes on and does no harm.
    }
  }, every);
  Deno.unrefTimer(timer);
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      if (readOwner(held)?.token === JSON.parse(mine).token) remove(store, held);
      remove(store, path);
    },
  };
}
