/** From the store to the remote: the objects of a record, then the entry that names them. */

import { createReadStream } from "node:fs";
import { sha256 } from "../canonical.ts";
import { DamagedObject, type Store } from "../store/store.ts";
import type { Digest, StageRecord } from "../types.ts";
import { type Blob, encodeActionResult, type NamedBlob, RECORD_PATH } from "./action_result.ts";
import type { Client } from "./client.ts";
import { forEachParallel } from "./gate.ts";

/** Objects up to this size are held in memory while they are sent. */
const SMALL = 4 << 20;
/** From this size on it pays to ask first whether the remote has an object. */
const ASK_FIRST = 64 << 10;
/**
 * An entry names at most this many members of trees, so that a server can keep them together. Larger trees
 * are named by their manifests alone, which keeps entries small; a member that got lost is then a miss.
 */
const MOST_MEMBERS = 10_000;

/** What is known of the remote in this run. */
export interface Knowledge {
  /** Keys whose entry turned out to be unusable: only these are replaced. */
  readonly broken: ReadonlySet<Digest>;
  /** Objects that turned out to be missing or wrong there. */
  readonly bad: Set<Digest>;
  /** Objects that are there. */
  readonly there: Set<Digest>;
}

/**
 * Uploads a record with what it names, unless the remote has an entry for its key already.
 * @returns objects and bytes sent; null when there was nothing to do.
 * @throws {Trouble} and {@link DamagedObject}.
 */
export async function send(
  client: Client,
  store: Store,
  record: StageRecord,
  knowledge: Knowledge,
): Promise<{ objects: number; bytes: number } | null> {
  const { broken, bad, there } = knowledge;
  const path = `ac/${record.key}`;
  if (!broken.has(record.key) && await client.head(path) !== null) return null;
  const text = new TextEncoder().encode(JSON.stringify(record) + "\n");
  const own: NamedBlob = { path: RECORD_PATH, digest: sha256(text), bytes: text.length };
  const { named, unnamed, log } = blobsOf(store, record);
  let objects = 0;
  let bytes = 0;
  const all = new Map<Digest, Blob>();
  for (const blob of [own, ...named, ...unnamed, ...(log === null ? [] : [log])]) {
    if (blob.bytes > 0 && !there.has(blob.digest)) all.set(blob.digest, blob);
  }
  await forEachParallel(all.values(), client.parallel, async (blob) => {
    const name = `cas/${blob.digest}`;
    if (blob.bytes >= ASK_FIRST && !bad.has(blob.digest)) {
      const found = await client.head(name);
      if (found !== null && (found.bytes ?? blob.bytes) === blob.bytes) {
        there.add(blob.digest);
        return;
      }
    }
    if (blob === own) await client.put(name, blob.bytes, text);
    else if (blob.bytes <= SMALL) {
      await client.put(name, blob.bytes, await store.readObject(blob.digest));
    } else {
      await store.verify(blob.digest);
      const at = store.objectPath(blob.digest);
      await client.put(name, blob.bytes, () => createReadStream(at));
    }
    there.add(blob.digest);
    bad.delete(blob.digest);
    objects++;
    bytes += blob.bytes;
  });
  const entry = encodeActionResult({ files: [own, ...named], stdout: log });
  await client.put(path, entry.length, entry);
  return { objects, bytes };
}

/** All objects of a record; those that its entry names, in order of their paths. */
function blobsOf(store: Store, record: StageRecord) {
  const named: NamedBlob[] = [];
  const unnamed: Blob[] = [];
  for (const [name, { digest, bytes, form }] of Object.entries(record.outputs)) {
    const path = `outputs/${encodeURIComponent(name)}`;
    if (form === "file") {
      named.push({ path, digest, bytes });
      continue;
    }
    named.push({ path: `${path}.json`, digest, bytes: sizeOf(store, digest) });
    for (const file of store.treeFiles(digest)) {
      if (named.length >= MOST_MEMBERS) unnamed.push(file);
      else named.push({ path: `${path}/${file.path}`, digest: file.digest, bytes: file.bytes });
    }
  }
  const log = record.log === null ? null : { digest: record.log, bytes: sizeOf(store, record.log) };
  return { named, unnamed, log };
}

function sizeOf(store: Store, digest: Digest): number {
  try {
    return Deno.statSync(store.objectPath(digest)).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw new DamagedObject(digest, "is missing");
    throw error;
  }
}
