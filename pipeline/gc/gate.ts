/** The gate between those who use a store and `gc`: whoever passes sees no removal half-way. */

import { type Host, isSystemError } from "../host.ts";

/** Removals take milliseconds a batch; who waits longer than this goes on, and makes again what is missing. */
const PATIENCE_MS = 5000;
const LOOK_EVERY_MS = 2;

/**
 * Does something that counts on what is in the store while `gc` removes nothing. Many may at once.
 * Where the gate cannot be used, e.g. on a read-only disk, the step is done all the same.
 */
export function besideGc<T>(host: Host, store: string, step: () => T): T {
  const file = open(host, store);
  if (file === null) return step();
  try {
    const end = performance.now() + PATIENCE_MS;
    while (!tryLock(file, false) && performance.now() < end) pause();
    return step();
  } finally {
    file.close();
  }
}

/**
 * Removes something while nobody is within {@link besideGc}.
 * @returns false when the gate stayed busy and nothing was done.
 */
export function aloneInGc(
  host: Host,
  store: string,
  step: () => void,
  patienceMs = PATIENCE_MS,
): boolean {
  const file = open(host, store);
  try {
    const end = performance.now() + patienceMs;
    while (file !== null && !tryLock(file, true)) {
      if (performance.now() > end) return false;
      pause();
    }
    step();
    return true;
  } finally {
    file?.close();
  }
}

function open(host: Host, store: string): Deno.FsFile | null {
  try {
    return host.files.openLock(`${store}/gc.lock`);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return null;
  }
}

/** File systems that cannot lock let everybody pass. */
function tryLock(file: Deno.FsFile, exclusive: boolean): boolean {
  try {
    return file.tryLockSync(exclusive);
  } catch {
    return true;
  }
}

const sleeper = new Int32Array(new SharedArrayBuffer(4));

function pause(): void {
  Atomics.wait(sleeper, 0, 0, LOOK_EVERY_MS);
}
