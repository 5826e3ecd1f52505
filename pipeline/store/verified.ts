/** Which objects this process has found right, and the state of the file at that time. */

import { stamp } from "./file_digest.ts";
import type { Digest } from "../types.ts";

/** Remembers an object as long as its inode, modification time and size stay. */
export class Verified {
  readonly #stamps = new Map<Digest, string>();

  /** @param pathOf Where an object is. */
  constructor(private readonly pathOf: (digest: Digest) => string) {}

  /** Whether the object is as it was when it was found right. */
  has(digest: Digest): boolean {
    const known = this.#stamps.get(digest);
    if (known === undefined) return false;
    try {
      return stamp(Deno.statSync(this.pathOf(digest))) === known;
    } catch {
      return false;
    }
  }

  /** Whether the object was found right at some time. */
  knows(digest: Digest): boolean {
    return this.#stamps.has(digest);
  }

  /** @param state See `stamp`. */
  add(digest: Digest, state: string): void {
    this.#stamps.set(digest, state);
  }

  delete(digest: Digest): void {
    this.#stamps.delete(digest);
  }

  clear(): void {
    this.#stamps.clear();
  }
}
