/** `bundle import`: puts a bundle's objects and records into a store, so that a run of the same sources hits. */

import { replaceFile } from "../host.ts";
import type { Store } from "../store/store.ts";
import type { Digest } from "../types.ts";
import { blobPath } from "./create.ts";
import { type OpenBundle, recordsByNode } from "./open_bundle.ts";

/** What was imported. */
export interface Imported {
  readonly records: number;
  readonly objects: number;
  readonly bytes: number;
  /** Nodes whose outputs are outside the bundle; they run again when they are needed. */
  readonly left: readonly string[];
  /** Path of the file that keeps the bundle's contents from being collected. */
  readonly pin: string;
}

/** Objects are put in groups, each flushed at once. */
const GROUP = 20_000;

/**
 * Puts everything into the store, objects before records. What was imported when it is interrupted is
 * complete in itself, and importing again ends the same.
 * @param bundle Verified. It is used up: its objects may be moved.
 */
export async function importBundle(bundle: OpenBundle, store: Store): Promise<Imported> {
  const { plan, payload } = bundle;
  const digests = [...payload].filter(([path]) => path.startsWith("blobs/"))
    .map(([, { digest }]) => digest);
  for (let i = 0; i < digests.length; i += GROUP) {
    await store.put(
      digests.slice(i, i + GROUP).map((digest) => ({
        path: bundle.store.objectPath(digest),
        form: "file",
        move: true,
      })),
    );
  }
  const records: Digest[] = [];
  const left: string[] = [];
  for (const [id, record] of recordsByNode(bundle)) {
    if (!Object.values(record.outputs).every((entry) => store.has(entry))) {
      left.push(id);
      continue;
    }
    // The one that is there may have other times; both are true.
    if (store.hit(record.key) === null) await store.putRecord(record);
    store.rememberLast(plan.paper, plan.preset, id, record.key);
    records.push(record.key);
  }
  const pin = writePin(bundle, store, records, digests);
  const bytes = digests.reduce((sum, digest) => sum + payload.get(blobPath(digest))!.bytes, 0);
  return { records: records.length, objects: digests.length, bytes, left, pin };
}

/** Tells `gc` what the bundle needs. */
function writePin(
  { digest }: OpenBundle,
  store: Store,
  records: readonly Digest[],
  objects: readonly Digest[],
): string {
  const path = `${store.dir}/pins/${digest}.json`;
  const text = JSON.stringify({
    records: [...new Set(records)].sort(),
    objects: [...objects].sort(),
  });
  replaceFile(store.host, store.dir, path, new TextEncoder().encode(text + "\n"));
  return path;
}
