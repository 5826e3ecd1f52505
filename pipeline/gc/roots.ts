/** What must stay in a store: everything that somebody may still ask for. */

import { filesBelow, namesIn, textOf } from "../fsck/files.ts";
import { nodeKeysOf, pastRuns } from "../history/past_run.ts";
import { isDigest } from "../store/records.ts";
import type { Digest } from "../types.ts";
import { usersOf } from "./in_use.ts";

/** Where to look for what is still wanted. */
export interface RootSources {
  readonly store: string;
  /** Files that name keys or digests, e.g. `artifacts/*.lock.yaml`. */
  readonly lockFiles: readonly string[];
  /** How many runs of each paper and preset count. */
  readonly keepRuns: number;
}

/** Keys of records and digests of objects that stay. */
export interface Roots {
  readonly keys: Set<Digest>;
  readonly objects: Set<Digest>;
  /** Long parts of the history that runs name. */
  readonly parts: Set<Digest>;
  /** How many came from where. */
  readonly counts: Readonly<Record<string, number>>;
  /** Start of the oldest process at work; what is younger stays. */
  readonly since: number;
}

const HEX64 = /\b[0-9a-f]{64}\b/g;

/** Reads all roots anew. */
export function rootsOf({ store, lockFiles, keepRuns }: RootSources): Roots {
  const keys = new Set<Digest>();
  const objects = new Set<Digest>();
  const counts: Record<string, number> = {};
  const add = (source: string, found: Iterable<Digest>, both = false) => {
    let count = 0;
    for (const digest of found) {
      count++;
      keys.add(digest);
      if (both) objects.add(digest);
    }
    counts[source] = (counts[source] ?? 0) + count;
  };
  for (const path of filesBelow(`${store}/last`)) add("last results", lastKeys(path));
  const parts = new Set<Digest>();
  const seen = new Map<string, number>();
  for (const run of pastRuns({ dir: store })) {
    const of = `${run.paper}/${run.preset}`;
    const nth = (seen.get(of) ?? 0) + 1;
    seen.set(of, nth);
    if (nth > keepRuns) continue;
    parts.add(run.config).add(run.nodes);
    add("runs", (nodeKeysOf({ dir: store }, run) ?? []).flatMap(([, key]) => key ?? []));
  }
  for (const path of lockFiles) add("lock files", (textOf(path) ?? "").match(HEX64) ?? [], true);
  for (const name of namesIn(`${store}/pins`).filter((name) => name.endsWith(".json"))) {
    const pins = parse(textOf(`${store}/pins/${name}`));
    add("pins", digests(pins?.records));
    for (const digest of digests(pins?.objects)) objects.add(digest);
  }
  const users = usersOf(store);
  add("processes at work", users.keys);
  return { keys, objects, parts, counts, since: users.since };
}

function* lastKeys(path: string): Generator<Digest> {
  const last = new Map<unknown, Digest>();
  for (const line of (textOf(path) ?? "").split("\n")) {
    const pair = parse(line);
    if (Array.isArray(pair) && isDigest(pair[1])) last.set(pair[0], pair[1]);
  }
  yield* last.values();
}

function digests(list: unknown): Digest[] {
  return Array.isArray(list) ? list.filter(isDigest) : [];
}

// deno-lint-ignore no-explicit-any
function parse(text: string | null): Record<string, any> | null {
  try {
    const value = JSON.parse(text ?? "null");
    return typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}
