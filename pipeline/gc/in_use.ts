/** Who uses a store now, and which records they count on: `gc` leaves those alone. */

import { discard, isSystemError } from "../host.ts";
import { isHeld, type LockFile, takeLock, thisOwner } from "../store/lock_file.ts";
import { isDigest } from "../store/records.ts";
import type { Store } from "../store/store.ts";
import type { Digest } from "../types.ts";
import { infoOf, namesIn, textOf, touched } from "../fsck/files.ts";
import { besideGc } from "./gate.ts";

/** The mark of one process at work on a store. Its lock dies with it, however it dies. */
export class InUse {
  readonly #pinned = new Set<Digest>();

  private constructor(
    private readonly store: Store,
    private readonly path: string,
    private readonly lock: LockFile | null,
  ) {}

  /** Marks a store as in use. @returns null when nothing can be written there. */
  static open(store: Store): InUse | null {
    const { dir, host } = store;
    const name = host.unique();
    const hidden = `${dir}/tmp/${name}`;
    try {
      host.files.makeDirectory(`${dir}/users`);
      // Locked before it appears, so that nobody takes it for a dead process's.
      const lock = takeLock(host, hidden);
      if (lock === "unsupported") {
        // What the file says of its process has to do.
        host.files.remove(hidden);
        host.files.writeNew(hidden, new TextEncoder().encode(JSON.stringify(thisOwner(host))));
      }
      try {
        host.files.rename(hidden, `${dir}/users/${name}`);
      } catch (error) {
        if (lock !== "unsupported") lock?.close();
        throw error;
      }
      return new InUse(store, `${dir}/users/${name}`, lock === "unsupported" ? null : lock);
    } catch (error) {
      if (!isSystemError(error)) throw error;
      discard(host, hidden);
      return null;
    }
  }

  /**
   * Says that this process counts on records. They must be looked up again afterwards: what `gc` removed
   * before is gone, what is there then stays until this process ends.
   * @returns false when all were named before.
   */
  pin(keys: Iterable<Digest>): boolean {
    const fresh = [...keys].filter((key) => !this.#pinned.has(key));
    if (fresh.length === 0) return false;
    const { dir, host } = this.store;
    const text = fresh.map((key) => `${key}\n`).join("");
    try {
      besideGc(host, dir, () => host.files.append(`${this.path}.keys`, text));
    } catch (error) {
      // A full disk: what goes missing meanwhile is noticed where it is read, and made again.
      if (!isSystemError(error)) throw error;
    }
    for (const key of fresh) this.#pinned.add(key);
    return true;
  }

  [Symbol.dispose](): void {
    discard(this.store.host, `${this.path}.keys`);
    discard(this.store.host, this.path);
    this.lock?.close();
  }
}

/** An object that is renamed to its place gets a new time of change only, which Deno cuts to a second. */
const COARSE_MS = 2000;

/** What living processes count on. */
export interface Users {
  readonly count: number;
  /** When the first of them started, in milliseconds since the epoch; Infinity without any. */
  readonly since: number;
  readonly keys: ReadonlySet<Digest>;
  /** Marks of dead processes. */
  readonly dead: readonly string[];
}

/** Reads the marks of all processes at work on a store. */
export function usersOf(store: string): Users {
  const keys = new Set<Digest>();
  const dead: string[] = [];
  let since = Infinity;
  let count = 0;
  const names = namesIn(`${store}/users`);
  for (const name of names.filter((name) => !name.endsWith(".keys"))) {
    const path = `${store}/users/${name}`;
    const info = infoOf(path);
    if (info === null) continue;
    if (!isUsed(path)) {
      dead.push(path, `${path}.keys`);
      continue;
    }
    count++;
    // When the file was made; its clock is that of the other files' times.
    since = Math.min(since, (info.mtime?.getTime() ?? touched(info)) - COARSE_MS);
    for (const key of (textOf(`${path}.keys`) ?? "").split("\n")) if (isDigest(key)) keys.add(key);
  }
  return { count, since, keys, dead };
}

/** A mark that cannot be asked counts as alive. */
function isUsed(path: string): boolean {
  try {
    return isHeld(path);
  } catch {
    return true;
  }
}
