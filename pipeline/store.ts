/** The store: objects named by their SHA-256, and records that are written only after their objects. */

import { sha256 } from "./canonical.ts";
import { DamagedObject } from "./damaged_object.ts";
import { fileDigest, stamp } from "./file_digest.ts";
import { discard, type Host, systemHost } from "./host.ts";
import { isDigest, Records } from "./records.ts";
import {
  decodeManifest,
  encodeManifest,
  listTree,
  type TreeFile,
  type TreeManifest,
} from "./tree_manifest.ts";
import type { Digest, KeyComponents, OutputEntry, StageRecord } from "./types.ts";

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

/** An object that is complete under a temporary name, not yet flushed. */
interface Staged {
  readonly digest: Digest;
  readonly bytes: number;
  readonly temporary: string;
}

const READ_ONLY = 0o444;

/**
 * Objects at `objects/sha256/ab/…`, records at `records/ab/….json`. Any number of processes may use one
 * store at a time: every file appears under its name by a rename, complete.
 */
export class Store {
  readonly dir: string;
  readonly host: Host;
  /** Digest → inode, mtime and size at which its bytes were last found right by this process. */
  readonly #verified = new Map<Digest, string>();
  readonly #manifests = new Map<Digest, TreeManifest>();
  readonly #made = new Set<string>();
  readonly #records: Records;
  #waiting: string[] = [];
  #group: Promise<void> | null = null;
  #flushing: Promise<void> = Promise.resolve();

  private constructor(dir: string, host: Host) {
    this.dir = dir;
    this.host = host;
    this.#records = new Records(dir, host);
  }

  /** Opens the store at `dir`, making it when it is not there. */
  static async open(dir: string, host: Host = systemHost): Promise<Store> {
    const store = new Store(dir.replace(/(?<=.)\/+$/, ""), host);
    for (const part of ["objects/sha256", "records", "tmp", "attempts", "logs", "leases"]) {
      host.files.makeDirectory(`${store.dir}/${part}`);
    }
    // Absolute, so that children with another working directory find their inputs.
    return new Store(await Deno.realPath(store.dir), host);
  }

  // ------------------------------------------------------------------ writing

  /** Stores bytes as one object. */
  async putBytes(bytes: Uint8Array): Promise<Digest> {
    const staged = this.#stageBytes(bytes);
    await this.#commit([staged]);
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
        if (item.form === "file") {
          const file = await this.#stageFile(item.path, item.move ?? false);
          staged.push(file);
          entries.push({ digest: file.digest, bytes: file.bytes });
          continue;
        }
        const files: TreeFile[] = [];
        for (const path of listTree(item.path).filter(item.accept ?? (() => true))) {
          const file = await this.#stageFile(`${item.path}/${path}`, item.move ?? false);
          staged.push(file);
          files.push({ path, digest: file.digest, bytes: file.bytes });
        }
        const manifest = this.#stageBytes(encodeManifest(files));
        staged.push(manifest);
        entries.push({
          digest: manifest.digest,
          bytes: files.reduce((sum, f) => sum + f.bytes, 0),
        });
      }
      await this.#commit(staged);
      return entries;
    } catch (error) {
      for (const { temporary } of staged) discard(this.host, temporary);
      throw error;
    }
  }

  #stageBytes(bytes: Uint8Array): Staged {
    const temporary = this.#temporary();
    try {
      this.host.files.writeNew(temporary, bytes);
    } catch (error) {
      discard(this.host, temporary);
      throw error;
    }
    return { digest: sha256(bytes), bytes: bytes.length, temporary };
  }

  async #stageFile(path: string, move: boolean): Promise<Staged> {
    const info = Deno.lstatSync(path);
    if (!info.isFile) throw new TypeError(`${path} is not a regular file`);
    // A second name for the same inode would let its owner change the object later.
    const temporary = move && (info.nlink ?? 1) === 1 ? path : this.#temporary();
    try {
      if (temporary !== path) this.host.files.copy(path, temporary);
      const { digest, bytes } = await fileDigest(temporary);
      return { digest, bytes, temporary };
    } catch (error) {
      if (temporary !== path) discard(this.host, temporary);
      throw error;
    }
  }

  #temporary(): string {
    return `${this.dir}/tmp/${this.host.unique()}`;
  }

  async #commit(staged: readonly Staged[]): Promise<void> {
    const fresh: Staged[] = [];
    const seen = new Set<Digest>();
    for (const object of staged) {
      const known = seen.has(object.digest) || this.#isVerified(object.digest);
      if (known) discard(this.host, object.temporary);
      else fresh.push(object);
      seen.add(object.digest);
    }
    for (const { temporary } of fresh) this.host.files.setMode(temporary, READ_ONLY);
    await this.#flush(fresh.map((object) => object.temporary));
    for (const { digest, temporary } of fresh) {
      const path = this.objectPath(digest);
      this.#makeParent(path);
      // Also over an object that is there: it may be damaged, and this one was just hashed.
      this.host.files.rename(temporary, path);
      this.#verified.set(digest, stamp(Deno.statSync(path)));
    }
  }

  /** Flushes in groups: what comes while a flush is under way waits and goes together in the next one. */
  async #flush(paths: readonly string[]): Promise<void> {
    if (paths.length === 0) return;
    this.#waiting.push(...paths);
    this.#group ??= this.#flushing.catch(() => {}).then(() => {
      const batch = this.#waiting;
      this.#waiting = [];
      this.#group = null;
      this.#flushing = this.host.files.flush(batch);
      return this.#flushing;
    });
    await this.#group;
  }

  #makeParent(path: string): void {
    const parent = path.slice(0, path.lastIndexOf("/"));
    if (this.#made.has(parent)) return;
    this.host.files.makeDirectory(parent);
    this.#made.add(parent);
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
    try {
      const manifest = this.#manifest(entry.digest);
      return manifest.bytes === entry.bytes &&
        manifest.files.every((file) => this.#size(file.digest) === file.bytes);
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
    if (this.#isVerified(digest)) return;
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
    this.#verified.set(digest, stamp(info));
  }

  /** Verifies an output with all its members. @throws {DamagedObject} */
  async verifyEntry(entry: OutputEntry): Promise<void> {
    if (entry.form === "file") return await this.verify(entry.digest);
    for (const file of this.#manifest(entry.digest).files) {
      if (!this.#isVerified(file.digest)) await this.#verifyMember(file.digest, entry.digest);
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
    for (const file of this.#manifest(entry.digest).files) {
      const slash = file.path.lastIndexOf("/");
      const folder = slash < 0 ? "" : file.path.slice(0, slash);
      if (folder !== "" && !made.has(folder)) {
        this.host.files.makeDirectory(`${to}/${folder}`);
        made.add(folder);
      }
      this.#place(file.digest, file.bytes, `${to}/${file.path}`);
    }
  }

  #place(digest: Digest, bytes: number, to: string): void {
    // One inode shared by all empty files would run into the limit on links first.
    if (bytes === 0) return this.host.files.writeNew(to, new Uint8Array());
    const from = this.objectPath(digest);
    try {
      this.host.files.link(from, to);
    } catch {
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

  #isVerified(digest: Digest): boolean {
    const known = this.#verified.get(digest);
    if (known === undefined) return false;
    try {
      return stamp(Deno.statSync(this.objectPath(digest))) === known;
    } catch {
      return false;
    }
  }

  #quarantine(digest: Digest): DamagedObject {
    this.#verified.delete(digest);
    this.#manifests.delete(digest);
    const aside = `${this.dir}/quarantine/${digest}.${this.host.unique()}`;
    this.#makeParent(aside);
    try {
      this.host.files.rename(this.objectPath(digest), aside);
    } catch (error) {
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

  /** Waits for nothing and holds nothing: kept so that callers need not know. */
  close(): void {
    this.#verified.clear();
    this.#manifests.clear();
  }
}
