/** Remembers that all files of a large tree are in the store, so that a look at 256 folders tells it again. */

import { RACY_MS } from "../racy.ts";
import { type Host, replaceFile } from "../host.ts";
import { packFolder } from "./packs.ts";
import type { Digest } from "../types.ts";

/** Smaller trees are looked at file by file. */
export const LARGE_TREE = 1000;

/** Place of the packs' folder among the others. */
const PACKS = 256;

/** State of the store's object folders, by the first two digits of the digests; then of the packs' folder. */
export interface Folders {
  /** Milliseconds since the epoch just before. */
  readonly checked: number;
  /** Time of the last change, 0 for a folder that is not there. */
  readonly changed: readonly number[];
  readonly inodes: readonly number[];
}

interface Kept extends Folders {
  readonly version: 2;
  /** Sum over the tree's files. */
  readonly bytes: number;
}

/** What is remembered about the trees of one store; files that may be deleted at any time. */
export class TreePresence {
  constructor(private readonly dir: string, private readonly host: Host) {}

  /** The object folders as they are now. Take it before looking at objects. */
  folders(): Folders {
    const checked = this.host.now().getTime();
    const changed: number[] = [];
    const inodes: number[] = [];
    for (let i = 0; i <= PACKS; i++) {
      const path = i === PACKS
        ? packFolder(this.dir)
        : `${this.dir}/objects/sha256/${i.toString(16).padStart(2, "0")}`;
      try {
        const { mtime, ino } = Deno.statSync(path);
        changed.push(mtime?.getTime() ?? NaN);
        inodes.push(ino ?? 0);
      } catch {
        changed.push(0);
        inodes.push(0);
      }
    }
    return { checked, changed, inodes };
  }

  /** Which of a tree's files must be looked at again, `none` when no one; null when nothing is known. */
  stale(tree: Digest, bytes: number): ((digest: Digest) => boolean) | "none" | null {
    let kept: Kept;
    try {
      kept = JSON.parse(Deno.readTextFileSync(this.#path(tree)));
      if (kept.version !== 2 || kept.bytes !== bytes || kept.changed.length !== PACKS + 1) {
        return null;
      }
    } catch {
      return null;
    }
    const now = this.folders();
    const stale = now.changed.map((time, i) =>
      time !== kept.changed[i] || now.inodes[i] !== kept.inodes[i] ||
      time + RACY_MS >= kept.checked
    );
    if (!stale.includes(true)) return "none";
    // Any file may have been in a pack.
    return (digest) => stale[PACKS] || stale[parseInt(digest.slice(0, 2), 16)];
  }

  /** Remembers that all files of `tree` are there. @param folders From before the look. */
  keep(tree: Digest, bytes: number, folders: Folders): void {
    const kept: Kept = { version: 2, bytes, ...folders };
    const text = JSON.stringify(kept);
    try {
      replaceFile(this.host, this.dir, this.#path(tree), new TextEncoder().encode(text));
    } catch {
      // A read-only store: the files are looked at each time.
    }
  }

  #path(tree: Digest): string {
    return `${this.dir}/cache/trees/${tree}`;
  }
}
