/** From the remote into the store: nothing enters before its SHA-256 and size were found right. */

import { createHash } from "node:crypto";
import { type AttemptDirectory, openAttempt } from "../run/attempt.ts";
import { sha256 } from "../canonical.ts";
import { isDigest } from "../store/records.ts";
import type { Incoming, Store } from "../store/store.ts";
import { decodeManifest, encodeManifest } from "../store/tree_manifest.ts";
import type { Digest, OutputEntry, StageRecord } from "../types.ts";
import { type Blob, decodeActionResult, RECORD_PATH } from "./action_result.ts";
import type { Client } from "./client.ts";
import { forEachParallel } from "./gate.ts";
import { type Asked, readIncoming } from "./incoming_record.ts";
import { Trouble } from "./transport.ts";

/** What is held in memory while it is checked must be small. */
const MOST = { entry: 64 << 20, record: 16 << 20, manifest: 256 << 20, log: 64 << 20 };

/** Objects that are flushed and renamed together. */
const GROUP = 512;

/** SHA-256 of no bytes; every store has it. */
export const EMPTY_DIGEST = sha256("");

/** What came of asking the remote for a key. */
export type Received =
  /** The record, which is in the store, and the bytes that were downloaded. */
  | { readonly record: StageRecord; readonly objects: number; readonly bytes: number }
  /** `none`: the remote does not know the key; `broken`: what it has cannot be used. */
  | "none"
  | "broken";

/** An object that the remote does not have. */
class Missing extends Error {}

/**
 * Fetches the record of a key with all its objects.
 * @param bad Takes the digests whose bytes turned out wrong or missing.
 * @throws {Trouble} when the remote fails, and errors of the file system.
 */
export async function receive(
  client: Client,
  store: Store,
  asked: Asked,
  bad: Set<Digest>,
  say: (message: string) => void,
): Promise<Received> {
  const entry = await memory(client, `ac/${asked.key}`, { bytes: MOST.entry, exact: false });
  if (entry === null) return "none";
  const receiver = new Receiver(client, store, bad);
  try {
    return await receiver.receive(entry, asked, say);
  } catch (error) {
    if (error instanceof Missing) return "broken";
    throw error;
  }
}

class Receiver {
  #objects = 0;
  #bytes = 0;

  constructor(
    readonly client: Client,
    readonly store: Store,
    readonly bad: Set<Digest>,
  ) {}

  async receive(
    entry: Uint8Array,
    asked: Asked,
    say: (message: string) => void,
  ): Promise<Received> {
    const { stdout, record } = await this.#record(entry, asked);
    using directory = openAttempt(this.store);
    const wanted = new Map<Digest, number>();
    for (const output of Object.values(record.outputs)) {
      if (output.form === "file") this.#want(wanted, output);
      else await this.#tree(directory, wanted, output);
    }
    const bytes = [...wanted.values()].reduce((sum, n) => sum + n, 0);
    if (wanted.size > 0) say(`fetching ${wanted.size} objects, ${megabytes(bytes)}`);
    await this.#objectsInto(directory, wanted);
    const log = await this.#log(directory, record.log, stdout);
    const kept = { ...record, log };
    await this.store.putRecord(kept);
    return { record: kept, objects: this.#objects, bytes: this.#bytes };
  }

  async #record(entry: Uint8Array, asked: Asked) {
    const believe = <T>(read: () => T): T => {
      try {
        return read();
      } catch (error) {
        throw this.client.wrong(`sent ${(error as Error).message.split("\n")[0]}`);
      }
    };
    const { stdout, named } = believe(() => {
      const { files, stdout } = readEntry(entry);
      const named = files.find(({ path }) => path === RECORD_PATH);
      if (named === undefined || !isBlob(named) || named.bytes > MOST.record) {
        throw new TypeError("an entry that names no record");
      }
      return { stdout, named };
    });
    const bytes = await this.#blob(named);
    return { stdout, record: believe(() => readIncoming(bytes, asked)) };
  }

  /** A small blob in memory, checked. */
  async #blob(blob: Blob): Promise<Uint8Array> {
    const limit = { bytes: blob.bytes, exact: true };
    const bytes = await memory(this.client, `cas/${blob.digest}`, limit);
    return this.#checked(blob.digest, bytes);
  }

  #checked(digest: Digest, bytes: Uint8Array | null): Uint8Array {
    if (bytes === null) {
      this.bad.add(digest);
      throw new Missing();
    }
    if (sha256(bytes) !== digest) {
      this.bad.add(digest);
      throw this.client.wrong(`sent wrong bytes for cas/${digest}`);
    }
    return bytes;
  }

  #want(wanted: Map<Digest, number>, { digest, bytes }: Blob): void {
    if ((digest === EMPTY_DIGEST) !== (bytes === 0) || (wanted.get(digest) ?? bytes) !== bytes) {
      throw this.client.wrong("sent sizes that contradict each other");
    }
    if (!this.store.has({ digest, bytes, form: "file", media: "" })) wanted.set(digest, bytes);
  }

  /** The manifest first: only with it is known what else is wanted. */
  async #tree(
    directory: AttemptDirectory,
    wanted: Map<Digest, number>,
    entry: OutputEntry,
  ): Promise<void> {
    const path = `${directory.path}/${entry.digest}`;
    if (!this.store.has(entry)) {
      const limit = { bytes: MOST.manifest, exact: false };
      const bytes = await memory(this.client, `cas/${entry.digest}`, limit);
      const manifest = this.#checked(entry.digest, bytes);
      let fine = false;
      try {
        const { files, bytes: sum } = decodeManifest(manifest);
        fine = sum === entry.bytes && sha256(encodeManifest(files)) === entry.digest;
      } catch {
        // Not a manifest.
      }
      if (!fine) throw this.client.wrong("sent a tree whose list of files is not valid");
      this.store.host.files.writeNew(path, manifest);
      this.#count(manifest.length);
      await this.store.put([{ path, form: "file", move: true }]);
    }
    for (const file of this.store.treeFiles(entry.digest)) this.#want(wanted, file);
  }

  async #objectsInto(directory: AttemptDirectory, wanted: Map<Digest, number>): Promise<void> {
    let group: Incoming[] = [];
    const keep = async () => {
      const items = group;
      group = [];
      if (items.length > 0) await this.store.put(items);
    };
    await forEachParallel(wanted, this.client.parallel, async ([digest, bytes]) => {
      const path = `${directory.path}/${digest}`;
      await this.#object(path, { digest, bytes });
      group.push({ path, form: "file", move: true });
      if (group.length >= GROUP) await keep();
    });
    await keep();
  }

  /** One object into a file, hashed as it comes. */
  async #object(path: string, { digest, bytes }: Blob): Promise<void> {
    if (bytes === 0) return this.store.host.files.writeNew(path, new Uint8Array());
    let file: Deno.FsFile | null = null;
    let hash = createHash("sha256");
    try {
      const found = await this.client.get(`cas/${digest}`, { bytes, exact: true }, () => {
        file?.close();
        file = Deno.openSync(path, { write: true, create: true, truncate: true });
        hash = createHash("sha256");
        return (piece) => {
          hash.update(piece);
          for (let at = 0; at < piece.length;) at += file!.writeSync(piece.subarray(at));
        };
      });
      if (!found) {
        this.bad.add(digest);
        throw new Missing();
      }
    } catch (error) {
      if (error instanceof Trouble && error.kind === "content") this.bad.add(digest);
      throw error;
    } finally {
      (file as Deno.FsFile | null)?.close();
    }
    if (hash.digest("hex") !== digest) {
      this.bad.add(digest);
      throw this.client.wrong(`sent wrong bytes for cas/${digest}`);
    }
    this.#count(bytes);
  }

  /** The log is good to have, but a result is a result without it. */
  async #log(
    directory: AttemptDirectory,
    log: Digest | null,
    stdout: Blob | null,
  ): Promise<Digest | null> {
    if (log === null || stdout?.digest !== log || !isBlob(stdout)) return null;
    if (stdout.bytes === 0 || stdout.bytes > MOST.log) return null;
    if (this.store.has({ ...stdout, form: "file", media: "" })) return log;
    const path = `${directory.path}/log`;
    try {
      await this.#object(path, stdout);
      await this.store.put([{ path, form: "file", move: true }]);
      return log;
    } catch (error) {
      if (error instanceof Missing || error instanceof Trouble) return null;
      throw error;
    }
  }

  #count(bytes: number): void {
    this.#objects++;
    this.#bytes += bytes;
  }
}

function readEntry(bytes: Uint8Array) {
  try {
    return decodeActionResult(bytes);
  } catch {
    throw new TypeError("an entry that is no action result (a page for people?)");
  }
}

function isBlob({ digest, bytes }: Blob): boolean {
  return isDigest(digest) && Number.isSafeInteger(bytes) && bytes >= 0;
}

/** Content that is small enough for memory, or null when it is not there. */
async function memory(
  client: Client,
  path: string,
  limit: { readonly bytes: number; readonly exact: boolean },
): Promise<Uint8Array | null> {
  let pieces: Uint8Array[] = [];
  const found = await client.get(path, limit, () => {
    pieces = [];
    return (piece) => pieces.push(piece);
  });
  if (!found) return null;
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

function megabytes(bytes: number): string {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
