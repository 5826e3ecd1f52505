/** The store: objects named by their SHA-256, and records that are written only after their objects. */

import { Bulk, BulkError } from "./bulk.ts";
import { sha256 } from "../canonical.ts";
import { DamagedObject } from "./damaged_object.ts";
import { fileDigest, stamp } from "./file_digest.ts";
import { type Host, systemHost } from "../host.ts";
import { ObjectWriter, type Staged } from "./object_writer.ts";
import { isDigest, recordPath, Records } from "./records.ts";
import { isRefused, prepareStore } from "./store_access.ts";
import { type Expected, type ExpectedTree, stageExpected } from "./store_import.ts";
import {
  decodeManifest,
  encodeManifest,
  listTree,
  type TreeFile,
  type TreeManifest,
} from "./tree_manifest.ts";
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
 * Objects at `objects/sha256/ab/…`, records at `records/ab/….json`. Any number of processes may use one
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
  readonly #manifests = new Map<Digest, TreeManifest>();
  readonly #records: Records;

  private constructor(dir: string, host: Host) {
    this.dir = dir;
    this.host = host;
    this.#records = new Records(dir, host);
    this.#writer = new ObjectWriter(dir, host, this.#verified, (digest) => this.objectPath(digest));
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
   * @param files By path, as manifests list them.
   * @throws {ChangedFile} when a file holds something else; nothing is stored then.
   */
  async putExpected(
    files: readonly Expected[],
    tree: ExpectedTree | null,
    signal: AbortSignal,
  ): Promise<void> {
    const folders = tree !== null && files.length >= LARGE_TREE ? this.#presence.folders() : null;
    const known = tree?.previous ?? null;
    const stale = known && this.#presence.stale(known.digest, known.bytes);
    const wanted = new Map<Digest, Expected>();
    for (const file of files) {
      const there = stale !== null && !file.isFresh &&
        (stale === "none" || !stale(file.digest));
      if (!there) wanted.set(file.digest, file);
    }
    const have = this.#listed(wanted.size);
    const missing = [...wanted.values()].filter(({ digest, bytes }) =>
      have?.has(digest) === false || this.#size(digest) !== bytes
    );
    const staged = await stageExpected(this.#writer, missing, signal);
    try {
      if (tree !== null) staged.push(this.#writer.stageBytes(tree.manifest));
      await this.#writer.commit(staged);
    } catch (error) {
      this.#writer.discard(staged);
      throw error;
    }
    if (tree !== null && folders !== null) {
      const { digest, bytes } = tree;
      const plain = files.map(({ path, digest, bytes }) => ({ path, digest, bytes }));
      this.#manifests.set(digest, { files: plain, bytes });
      this.#presence.keep(digest, bytes, folders);
    }
  }

  /** The names of all objects when many are asked for: asking for absent files one by one is slow. */
  #listed(count: number): Set<Digest> | null {
    if (count < LARGE_TREE) return null;
    const root = `${this.dir}/objects/sha256`;
    const names = new Set<Digest>();
    for (const { name: folder } of Deno.readDirSync(root)) {
      for (const { name } of Deno.readDirSync(`${root}/${folder}`)) names.add(folder + name);
    }
    return names;
  }

  // ------------------------------------------------------------------ reading

  /** Where the object is or would be. @throws {TypeError} when `digest` is not a SHA-256. */
  objectPath(digest: Digest): string {
    if (!isDigest(digest)) throw new TypeError(`${JSON.stringify(digest)} is not a digest`);
    return `${this.dir}/objects/sha256/${digest.slice(0, 2)}/${digest.slice(2)}`;
  }

  /** True when the object is there with the right size, and for a tree its manifest and all members. */
  has(entry: OutputEntry): boolean {
    if (entry.form === "file") return this.#size(entry.digest) === entry.bytes;
    const stale = this.#presence.stale(entry.digest, entry.bytes);
    if (stale === "none") return true;
    const folders = this.#presence.folders();
    try {
      const manifest = this.#manifest(entry.digest);
      const complete = manifest.bytes === entry.bytes &&
        manifest.files.every(({ digest, bytes }) =>
          stale?.(digest) === false || this.#size(digest) === bytes
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
  async readObject(digest: Digest): Promise<Uint8Array<ArrayBuffer>> {
    let bytes: Uint8Array<ArrayBuffer>;
    try {
      bytes = await Deno.readFile(this.objectPath(digest));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) throw new DamagedObject(digest, "is missing");
      throw error;
    }
    if (sha256(bytes) !== digest) throw this.#quarantine(digest);
    return bytes;
  }

  /** The files of a stored tree. @throws {DamagedObject} */
  treeFiles(digest: Digest): readonly TreeFile[] {
    return this.#manifest(digest).files;
  }

  /**
   * Checks the object's bytes against its name, once a process as long as inode, mtime and size stay.
   * @throws {DamagedObject} and moves the object aside.
   */
  async verify(digest: Digest): Promise<void> {
    if (this.#verified.has(digest)) return;
    const path = this.objectPath(digest);
    let info: Deno.FileInfo;
    let found: Digest;
    try {
      info = Deno.statSync(path);
      found = (await fileDigest(path)).digest;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) throw new DamagedObject(digest, "is missing");
      throw error;
    }
    if (found !== digest) throw this.#quarantine(digest);
    this.#verified.add(digest, stamp(info));
  }

  /** Verifies an output with all its members. @throws {DamagedObject} */
  async verifyEntry(entry: OutputEntry): Promise<void> {
    if (entry.form === "file") return await this.verify(entry.digest);
    const { files } = this.#manifest(entry.digest);
    const unknown = [...new Set(files.map(({ digest }) => digest))]
      .filter((digest) => !this.#verified.has(digest));
    if (this.#writer.isBulk(unknown.length)) await this.#verifyMany(unknown);
    for (const digest of unknown) {
      if (!this.#verified.knows(digest)) await this.#verifyMember(digest, entry.digest);
    }
  }

  /** Reads objects on all cores and notes those that are right; the others are looked at one by one. */
  async #verifyMany(digests: readonly Digest[]): Promise<void> {
    for (const digest of digests) this.#verified.delete(digest);
    try {
      using bulk = new Bulk();
      const paths = digests.map((digest) => this.objectPath(digest));
      const found = await bulk.run("stamp-and-hash", paths);
      digests.forEach((digest, i) => {
        const right = found.digests.subarray(i * 32, i * 32 + 32).toHex() === digest;
        if (right) this.#verified.add(digest, found.stamps[i]);
      });
    } catch (error) {
      if (!(error instanceof BulkError)) throw error;
      // One is missing, for example: the look at each says so.
    }
  }

  /**
   * Puts verified content at `to`: a hard link to the object, or a copy where links are impossible;
   * a tree becomes a directory. `to` must not exist, its parent must.
   * @throws {DamagedObject} and moves the object aside.
   */
  async materialize(entry: OutputEntry, to: string): Promise<void> {
    await this.verifyEntry(entry);
    if (entry.form === "file") return this.#place(entry.digest, entry.bytes, to);
    this.host.files.makeDirectory(to);
    const made = new Set<string>();
    const { files } = this.#manifest(entry.digest);
    const linked = this.#writer.isBulk(files.length) && await this.#linkMany(files, to);
    if (linked) return;
    for (const file of files) {
      const slash = file.path.lastIndexOf("/");
      const folder = slash < 0 ? "" : file.path.slice(0, slash);
      if (folder !== "" && !made.has(folder)) {
        this.host.files.makeDirectory(`${to}/${folder}`);
        made.add(folder);
      }
      this.#place(file.digest, file.bytes, `${to}/${file.path}`, entry.digest);
    }
  }

  /** Links on all cores. @returns false, with nothing left behind, where links are impossible. */
  async #linkMany(files: readonly TreeFile[], to: string): Promise<boolean> {
    const folders = new Set(files.map(({ path }) => path.slice(0, path.lastIndexOf("/") + 1)));
    for (const folder of folders) {
      if (folder !== "") Deno.mkdirSync(to + "/" + folder, { recursive: true });
    }
    const full = files.filter(({ bytes }) => bytes > 0);
    try {
      using bulk = new Bulk();
      const from = full.map(({ digest }) => this.objectPath(digest));
      await bulk.run("link", from, full.map(({ path }) => `${to}/${path}`));
    } catch (error) {
      if (!(error instanceof BulkError)) throw error;
      this.host.files.remove(to);
      this.host.files.makeDirectory(to);
      return false;
    }
    for (const { path, digest, bytes } of files) {
      if (bytes === 0) this.#place(digest, bytes, `${to}/${path}`);
    }
    return true;
  }

  /** @param tree Of which it is a file, when it is one. */
  #place(digest: Digest, bytes: number, to: string, tree?: Digest): void {
    // One inode shared by all empty files would run into the limit on links first.
    if (bytes === 0) return this.host.files.writeNew(to, new Uint8Array());
    const from = this.objectPath(digest);
    try {
      this.host.files.link(from, to);
    } catch (error) {
      // Never over something: it could be a second name of an object.
      if (error instanceof Deno.errors.AlreadyExists) throw error;
      // Another process may have moved it aside since it was verified.
      if (this.#size(digest) === null) throw new DamagedObject(digest, "is missing", tree);
      this.host.files.copy(from, to);
    }
  }

  #manifest(digest: Digest): TreeManifest {
    const known = this.#manifests.get(digest);
    // Asked again each time: another process may have removed the object since.
    if (known !== undefined && this.#size(digest) !== null) return known;
    let bytes: Uint8Array;
    try {
      bytes = Deno.readFileSync(this.objectPath(digest));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) throw new DamagedObject(digest, "is missing");
      throw error;
    }
    if (sha256(bytes) !== digest) throw this.#quarantine(digest);
    const manifest = decodeManifest(bytes);
    this.#manifests.set(digest, manifest);
    return manifest;
  }

  async #verifyMember(digest: Digest, tree: Digest): Promise<void> {
    try {
      await this.verify(digest);
    } catch (error) {
      if (!(error instanceof DamagedObject)) throw error;
      throw new DamagedObject(digest, "is damaged", tree);
    }
  }

  #size(digest: Digest): number | null {
    try {
      const info = Deno.statSync(this.objectPath(digest));
      return info.isFile ? info.size : null;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return null;
      throw error;
    }
  }

  #quarantine(digest: Digest): DamagedObject {
    this.#verified.delete(digest);
    this.#manifests.delete(digest);
    const aside = `${this.dir}/quarantine/${digest}.${this.host.unique()}`;
    try {
      this.host.files.makeDirectory(`${this.dir}/quarantine`);
      this.host.files.rename(this.objectPath(digest), aside);
    } catch (error) {
      if (isRefused(error)) {
        return new DamagedObject(digest, "is damaged, and you may not move it aside");
      }
      // Another process was faster.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    return new DamagedObject(digest, "was damaged and is moved aside");
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
    this.#manifests.clear();
  }
}
