/** What the scheduler asks of a cache that lies elsewhere. */

import type { Digest, KeyComponents, Node, StageRecord } from "../types.ts";

/** Results that other machines made, and that others may have from this one. Nothing here fails a run. */
export interface RemoteCache {
  /**
   * The record of a key, with all its objects in the local store and verified; null when the remote has
   * none that can be used.
   */
  fetch(
    key: Digest,
    node: Node,
    components: KeyComponents,
    say?: (message: string) => void,
  ): Promise<StageRecord | null>;
  /** Takes note of a record whose objects are in the local store; uploads in the background. */
  offer(record: StageRecord): void;
}
