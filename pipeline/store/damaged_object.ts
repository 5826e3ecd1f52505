/** The error of an object that cannot be trusted; it travels from the store to the scheduler, which mends it. */

import type { Digest } from "../types.ts";

/** A stored object whose bytes are not what its name says, or that is gone. The caller rebuilds it. */
export class DamagedObject extends Error {
  override readonly name = "DamagedObject";
  /** @param digest The object. @param part Of which tree it is a file, when it is one. */
  constructor(readonly digest: Digest, what: string, readonly part?: Digest) {
    super(`Object ${digest.slice(0, 12)} of the store ${what}`);
  }
}
