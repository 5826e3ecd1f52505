/** The store: objects named by their SHA-256, and records that are written only after their objects. */

import { DamagedObject } from "./damaged_object.ts";
import { type Host, systemHost } from "../host.ts";
import { ObjectReader } from "./object_reader.ts";
import { ObjectWriter, type Staged } from "./object_writer.ts";
import { Packs } from "./packs.ts";
import { isDigest, recordPath, Records } from "./records.ts";
import { prepareStore } from "./store_access.ts";
import {
  type Expected,
  type ExpectedFiles,
  type ExpectedTree,
  stageExpected,
} from "./store_import.ts";
import { encodeManifest, listTree, type TreeFile } from "./tree_manifest.ts";
import { LARGE_TREE, TreePresence } from "./tree_presence.ts";
import type { Digest, KeyComponents, OutputEntry, RecordSummary, StageRecord } from "../types.ts";
import { Verified } from "./verified.ts";

export { DamagedObject };

/** What is known about stored content. */
export type Stored = Pick<OutputEntry, "digest" | "bytes">;

/** What to put: a file or a tree at a path. `move`: the path may be consumed. */
export interface Incoming {
  readonly path: string;
  readonly form: "file" | "tree";
  readonly move?: boolean;
  /** Which files of a tree are taken, by relative path. @default all */
  readonly accept?: (path: string) => boolean;
}

/**
 * Objects at `objects/sha256/ab/…`, small ones of large trees together in `objects/packs/…`, records at `records/ab/….json`. Any number of processes may use one
 * store at a time: every file appears under its name by a rename, complete.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { Store } from "../mod.ts";
 *
 * const store = await Store.open(await Deno.makeTempDir());
 * const digest = await store.putBytes(new TextEncoder().encode("hello"));
 * assert.equal(new TextDecoder().decode(await store.readObject(digest)), "hello");
 * ```
 */
export class Store {
  readonly dir: string;
  readonly host: Host;
  /** Digest → inode, mtime and size at which its bytes were last found right by this process. */
  readonly #verified = new Verified((digest) => this.objectPath(digest));
  readonly #writer: ObjectWriter;
  readonly #presence: TreePresence;
  /** What is known of the packs; for `fsck`. */
  readonly packs: Packs;
  readonly #reader: ObjectReader;
  readonly #records: Records;

  private constructor(dir: string, host: Host) {
    this.dir = dir;
    this.host = host;
    this.#records = new Records(dir, host);
    const pathOf = (digest: Digest) => this.objectPath(digest);
    this.#writer = new ObjectWriter(dir, host, this.#verified, pathOf);
    this.packs = new Packs(dir, host);
    const parts = { dir, host, verified: this.#verified, packs: this.packs, pathOf };
    this.#reader = new ObjectReader({ ...parts, writer: this.#writer });
    this.#presence = new TreePresence(dir, host);
  }

  /** Opens the store at `dir`, making it when it is not there. */
  static async open(dir: string, host: Host = systemHost): Promise<Store> {
    const path = dir.replace(/(?<=.)\/+$/, "");
    prepareStore(path, host);
    // Absolute, so that children with another working directory find their inputs.
    return new Store(await Deno.realPath(path), host);
  }

  // ------------------------------------------------------------------ writing

  /** Stores bytes as one object. */
  async putBytes(bytes: Uint8Array): Promise<Digest> {
    const staged = this.#writer.stageBytes(bytes);
    await this.#writer.commit([staged]);
    return staged.digest;
  }

  /** Stores a copy of a file. */
  async putFile(path: string): Promise<Stored> {
    return (await this.put([{ path, form: "file" }]))[0];
  }

  /** Stores a copy of a directory's files and their manifest. @throws {TreeError} on links and devices. */
  async putTree(dir: string): Promise<Stored> {
    return (await this.put([{ path: dir, form: "tree" }]))[0];
  }

  /**
   * Stores files and trees as one group: everything is flushed once, then appears.
   * @returns one entry an item, in order; `bytes` of a tree is the sum over its files.
   */
  async put(items: readonly Incoming[]): Promise<Stored[]> {
    const staged: Staged[] = [];
    try {
      const entries: Stored[] = [];
      for (const item of items) {
        const move = item.move ?? false;
        if (item.form === "file") {
          const file = await this.#writer.stageFile(item.path, move);
          staged.push(file);
          entries.push({ digest: file.digest, bytes: file.bytes });
          continue;
        }
        const names = listTree(item.path, move ? "refuse" : "skip").filter(
          item.accept ?? (() => true),
        );
        const files: TreeFile[] = [];
        for await (const [i, file] of this.#stageMembers(item.path, names, move)) {
          staged.push(file);
          files.push({ path: names[i], digest: file.digest, bytes: file.bytes });
        }
        const manifest = this.#writer.stageBytes(encodeManifest(files));
        staged.push(manifest);
        entries.push({
          digest: manifest.digest,
          bytes: files.reduce((sum, f) => sum + f.bytes, 0),
        });
      }
      await this.#writer.commit(staged);
      return entries;
    } catch (error) {
      this.#writer.discard(staged);
      throw error;
    }
  }

  async *#stageMembers(
    dir: string,
    names: readonly string[],
    move: boolean,
  ): AsyncGenerator<[number, Staged]> {
    const paths = names.map((name) => `${dir}/${name}`);
    if (this.#writer.isBulk(paths.length)) {
      yield* (await this.#writer.stageFiles(paths, move)).entries();
      return;
    }
    for (const [i, path] of paths.entries()) yield [i, await this.#writer.stageFile(path, move)];
  }

  /**
   * Stores files whose content is known, as far as they are missing, and the manifest of a tree, as one group.
   * @throws {ChangedFile} when a file holds something else; nothing is stored then.
   */
  async putExpected(
    expected: ExpectedFiles,
    tree: ExpectedTree | null,
    signal: AbortSignal,
  ): Promise<void> {
    const large = tree !== null && expected.count >= LARGE_TREE;
    const folders = large ? this.#presence.folders() : null;
    const known = tree?.previous ?? null;
    const stale = known && this.#presence.stale(known.digest, known.bytes);
    const missing = this.#missing(expected, stale);
    if (tree !== null) this.packs.touch();
    const { objects, packs } = await stageExpected(this.#writer, missing, signal);
    try {
      if (tree !== null) objects.push(this.#writer.stageBytes(tree.manifest));
      await this.#writer.flush(packs.map(({ temporary }) => temporary));
      for (const pack of packs) this.packs.publish(pack);
      await this.#writer.commit(objects);
    } catch (error) {
      this.#writer.discard(objects);
      for (const { temporary } of packs) this.#writer.drop(temporary);
      throw error;
    }
    if (tree !== null && folders !== null) {
      const { digest, bytes } = tree;
      this.#presence.keep(digest, bytes, folders);
    }
  }

  /** The files of which the store has no object. @param stale See {@link TreePresence.stale}. */
  #missing(expected: ExpectedFiles, stale: ReturnType<TreePresence["stale"]>): Expected[] {
    const fresh = stale === "none" ? expected.fresh() : undefined;
    if (fresh !== undefined) {
      const once = [...new Map(fresh.map((file) => [file.digest, file])).values()];
      const sizeOf = this.#sizes(once.length);
      return once.filter(({ digest, bytes }) => sizeOf(digest) !== bytes);
    }
    const files = expected.files();
    const wanted = new Map<Digest, number>();
    for (const [i, { digest }] of files.entries()) {
      const there = stale !== null && !expected.isFresh(i) &&
        (stale === "none" || !stale(digest));
      if (!there) wanted.set(digest, i);
    }
    const sizeOf = this.#sizes(wanted.size);
    return [...wanted.values()]
      .filter((i) => sizeOf(files[i].digest) !== files[i].bytes)
      .map((i) => expected.at(i));
  }

  /** Sizes of objects, of which so many will be asked for: asking for absent files one by one is slow. */
  #sizes(count: number): (digest: Digest) => number | null {
    if (count < LARGE_TREE) return (digest) => this.#reader.size(digest);
    const own = this.#listed();
    this.packs.refresh();
    return (digest) =>
      this.packs.find(digest)?.bytes ?? (own.has(digest) ? this.#reader.ownSize(digest) : null);
  }

  /** The names of all objects that are files of their own. */
  #listed(): Set<Digest> {
    const root = `${this.dir}/objects/sha256`;
    const names = new Set<Digest>();
    for (const { name: folder } of Deno.readDirSync(root)) {
      for (const { name } of Deno.readDirSync(`${root}/${folder}`)) names.add(folder + name);
    }
    return names;
  }

  // ------------------------------------------------------------------ reading

  /** Where the object is or would be when it is not in a pack. @throws {TypeError} when `digest` is not a SHA-256. */
  objectPath(digest: Digest): string {
    if (!isDigest(digest)) throw new TypeError(`${JSON.stringify(digest)} is not a digest`);
    return `${this.dir}/objects/sha256/${digest.slice(0, 2)}/${digest.slice(2)}`;
  }

  /** The bytes of a tree's manifest, not checked, or null. */
  manifestBytes(tree: Digest): Uint8Array | null {
    try {
      return Deno.readFileSync(this.objectPath(tree));
    } catch {
      return null;
    }
  }

  /** The file that holds an object: its own, or a pack. */
  fileOf(digest: Digest): string {
    const path = this.objectPath(digest);
    if (this.#reader.ownSize(digest) !== null) return path;
    return this.packs.look(digest)?.pack.path ?? path;
  }

  /** True when the object is there with the right size, and for a tree its manifest and all members. */
  has(entry: OutputEntry): boolean {
    if (entry.form === "file") return this.#reader.size(entry.digest) === entry.bytes;
    const stale = this.#presence.stale(entry.digest, entry.bytes);
    if (stale === "none") return true;
    const folders = this.#presence.folders();
    try {
      const manifest = this.#reader.manifest(entry.digest);
      const sizeOf = this.#sizes(manifest.files.length);
      const complete = manifest.bytes === entry.bytes &&
        manifest.files.every(({ digest, bytes }) =>
          stale?.(digest) === false || sizeOf(digest) === bytes
        );
      if (complete && manifest.files.length >= LARGE_TREE) {
        this.#presence.keep(entry.digest, entry.bytes, folders);
      }
      return complete;
    } catch (error) {
      if (error instanceof DamagedObject) return false;
      throw error;
    }
  }

  /** The object's bytes, after their hash was checked. @throws {DamagedObject} and moves the object aside. */
  readObject(digest: Digest): Promise<Uint8Array<ArrayBuffer>> {
    return this.#reader.read(digest);
  }

  /** The object's bytes as they are, unchecked, for who has verified them. @throws {DamagedObject} */
  async openObject(digest: Digest): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    if (this.#reader.ownSize(digest) !== null) {
      return (await Deno.open(this.objectPath(digest), { read: true })).readable;
    }
    return new Blob([await this.#reader.read(digest)]).stream();
  }

  /** The files of a stored tree. @throws {DamagedObject} */
  treeFiles(digest: Digest): readonly TreeFile[] {
    return this.#reader.manifest(digest).files;
  }

  /**
   * Checks the object's bytes against its name; one that is a file of its own, once a process as long as inode, mtime
   * and size stay.
   * @throws {DamagedObject} and moves the object, or the pack that holds it, aside.
   */
  verify(digest: Digest): Promise<void> {
    return this.#reader.verify(digest);
  }

  /** Verifies an output with all its members. @throws {DamagedObject} */
  verifyEntry(entry: OutputEntry): Promise<void> {
    return this.#reader.verifyEntry(entry);
  }

  /**
   * Puts verified content at `to`: a hard link to the object, or a copy where links are impossible and of what is in
   * packs; a tree becomes a directory. `to` must not exist, its parent must.
   * @throws {DamagedObject} and moves the object aside.
   */
  materialize(entry: OutputEntry, to: string): Promise<void> {
    return this.#reader.materialize(entry, to);
  }

  // ------------------------------------------------------------------ records

  /** The record of a key, or null when there is none that can be read. Says nothing about its objects. */
  getRecord(key: Digest): StageRecord | null {
    return this.#records.get(key);
  }

  /** As `getRecord`, without the components, for a node of this paper and preset; mostly without reading it. */
  summaryOf(paper: string, preset: string, key: Digest): RecordSummary | null {
    return this.#records.summary(paper, preset, key);
  }

  /** Whether there is a record of a key, without reading it. */
  hasRecord(key: Digest): boolean {
    return this.#records.has(key);
  }

  /** Where the record of a key is or would be. */
  recordPath(key: Digest): string {
    return recordPath(this.dir, key);
  }

  /** The key at which a node was last seen, or null. */
  lastKey(paper: string, preset: string, nodeId: string): Digest | null {
    return this.#records.lastKey(paper, preset, nodeId);
  }

  /** The record of a key when all its objects are there with the right sizes. */
  hit(key: Digest): StageRecord | null {
    const record = this.getRecord(key);
    const complete = record !== null && Object.values(record.outputs).every((e) => this.has(e));
    return complete ? record : null;
  }

  /** Keeps a record. @throws {TypeError} when an object of it is not in the store. */
  // deno-lint-ignore require-await
  async putRecord(record: StageRecord): Promise<void> {
    for (const [name, entry] of Object.entries(record.outputs)) {
      if (!this.has(entry)) {
        throw new TypeError(`Output "${name}" of the record is not in the store`);
      }
    }
    this.#records.put(record);
  }

  /** The key components that this node had when it was last seen, or null. */
  lastComponents(paper: string, preset: string, nodeId: string): KeyComponents | null {
    const key = this.#records.lastKey(paper, preset, nodeId);
    return key === null ? null : this.getRecord(key)?.components ?? null;
  }

  /** Remembers that `nodeId` now stands at `key`, whose record exists. */
  rememberLast(paper: string, preset: string, nodeId: string, key: Digest): void {
    this.#records.rememberLast(paper, preset, nodeId, key);
  }

  /** Keeps what was learnt about records; nothing is lost without. */
  close(): void {
    this.#records.saveIndexes();
    this.#verified.clear();
    this.#reader.clear();
  }
}
