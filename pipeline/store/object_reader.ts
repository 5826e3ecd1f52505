/** The reading half of a store: every byte is checked before it is given to anybody. */

import { Bulk, BulkError, DAMAGED } from "./bulk.ts";
import { sha256 } from "../canonical.ts";
import { DamagedObject } from "./damaged_object.ts";
import { fileDigest, stamp } from "./file_digest.ts";
import { discard, type Host } from "../host.ts";
import type { ObjectWriter } from "./object_writer.ts";
import type { Packed, Packs } from "./packs.ts";
import { isRefused } from "./store_access.ts";
import { decodeManifest, type TreeFile, type TreeManifest } from "./tree_manifest.ts";
import { LARGE_TREE } from "./tree_presence.ts";
import type { Digest, OutputEntry } from "../types.ts";
import type { Verified } from "./verified.ts";

const READ_ONLY = 0o444;

/** What the reader works with. */
export interface ReaderParts {
  readonly dir: string;
  readonly host: Host;
  readonly verified: Verified;
  readonly packs: Packs;
  readonly writer: ObjectWriter;
  pathOf(digest: Digest): string;
}

/** Reads objects, alone or in packs, and puts them where stages and people find them. */
export class ObjectReader {
  readonly #manifests = new Map<Digest, TreeManifest>();

  constructor(private readonly parts: ReaderParts) {}

  /** Size of an object of its own, or null. */
  ownSize(digest: Digest): number | null {
    try {
      const info = Deno.statSync(this.parts.pathOf(digest));
      return info.isFile ? info.size : null;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return null;
      throw error;
    }
  }

  /** Size of an object, wherever it is, or null. */
  size(digest: Digest): number | null {
    return this.ownSize(digest) ?? this.parts.packs.look(digest)?.bytes ?? null;
  }

  /** The object's bytes, after their hash was checked. @throws {DamagedObject} and moves the object aside. */
  async read(digest: Digest): Promise<Uint8Array<ArrayBuffer>> {
    let bytes: Uint8Array<ArrayBuffer>;
    try {
      bytes = await Deno.readFile(this.parts.pathOf(digest));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      return await this.#readPacked(digest);
    }
    if (sha256(bytes) !== digest) throw this.#quarantine(digest);
    return bytes;
  }

  async #readPacked(digest: Digest): Promise<Uint8Array<ArrayBuffer>> {
    const packed = this.parts.packs.look(digest);
    if (packed === null) throw new DamagedObject(digest, "is missing");
    return await this.#contentOf(packed);
  }

  async #contentOf(packed: Packed, tree?: Digest): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = orMissing(packed.digest, tree, () => this.parts.packs.read(packed));
    if (bytes === null) throw await this.#quarantinePack(packed, tree);
    return bytes;
  }

  /** See `Store.verify`. */
  async verify(digest: Digest): Promise<void> {
    const { verified, pathOf } = this.parts;
    if (verified.has(digest)) return;
    const path = pathOf(digest);
    let info: Deno.FileInfo;
    let found: Digest;
    try {
      info = Deno.statSync(path);
      found = (await fileDigest(path)).digest;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      await this.#readPacked(digest);
      return;
    }
    if (found !== digest) throw this.#quarantine(digest);
    verified.add(digest, stamp(info));
  }

  /** Verifies an output with all its members. @throws {DamagedObject} */
  async verifyEntry(entry: OutputEntry): Promise<void> {
    if (entry.form === "file") return await this.verify(entry.digest);
    const { own, packed } = this.#split(this.manifest(entry.digest).files);
    await this.#verifyOwn(own, entry.digest);
    const places = packed.map(({ at }) => at);
    const [bad] = orMissing(entry.digest, undefined, () => this.parts.packs.damaged(places));
    if (bad !== undefined) throw await this.#quarantinePack(bad, entry.digest);
  }

  async #verifyOwn(files: readonly TreeFile[], tree: Digest): Promise<void> {
    const { verified, writer } = this.parts;
    const unknown = [...new Set(files.map(({ digest }) => digest))]
      .filter((digest) => !verified.has(digest));
    if (writer.isBulk(unknown.length)) await this.#verifyMany(unknown);
    for (const digest of unknown) {
      if (!verified.knows(digest)) await this.#verifyMember(digest, tree);
    }
  }

  /** Which files are objects of their own (or missing), and which are in packs, in the packs' order. */
  #split(
    files: readonly TreeFile[],
  ): { own: TreeFile[]; packed: { file: TreeFile; at: Packed }[] } {
    const { packs } = this.parts;
    const isLarge = files.length >= LARGE_TREE;
    if (isLarge) packs.refresh();
    const own: TreeFile[] = [];
    const packed: { file: TreeFile; at: Packed }[] = [];
    for (const file of files) {
      const isOwn = !isLarge && this.ownSize(file.digest) !== null;
      const at = isOwn ? null : isLarge ? packs.find(file.digest) : packs.look(file.digest);
      if (at === null) own.push(file);
      else packed.push({ file, at });
    }
    packed.sort(({ at: a }, { at: b }) =>
      a.pack === b.pack ? a.offset - b.offset : a.pack.name < b.pack.name ? -1 : 1
    );
    return { own, packed };
  }

  /** Reads objects on all cores and notes those that are right; the others are looked at one by one. */
  async #verifyMany(digests: readonly Digest[]): Promise<void> {
    const { verified, pathOf } = this.parts;
    for (const digest of digests) verified.delete(digest);
    try {
      using bulk = new Bulk();
      const found = await bulk.run("stamp-and-hash", digests.map(pathOf));
      digests.forEach((digest, i) => {
        const right = found.digests.subarray(i * 32, i * 32 + 32).toHex() === digest;
        if (right) verified.add(digest, found.stamps[i]);
      });
    } catch (error) {
      if (!(error instanceof BulkError)) throw error;
      // One is missing, for example: the look at each says so.
    }
  }

  /** See `Store.materialize`. */
  async materialize(entry: OutputEntry, to: string): Promise<void> {
    const { files: steps } = this.parts.host;
    if (entry.form === "file") {
      await this.verify(entry.digest);
      return await this.#place(entry.digest, entry.bytes, to);
    }
    const { files } = this.manifest(entry.digest);
    const { own, packed } = this.#split(files.filter(({ bytes }) => bytes > 0));
    await this.#verifyOwn(own, entry.digest);
    steps.makeDirectory(to);
    const folders = new Set(files.map(({ path }) => path.slice(0, path.lastIndexOf("/") + 1)));
    folders.delete("");
    for (const folder of folders) steps.makeDirectory(`${to}/${folder.slice(0, -1)}`);
    // One inode shared by all empty files would run into the limit on links first.
    for (const { path, bytes } of files) {
      if (bytes === 0) steps.writeNew(`${to}/${path}`, new Uint8Array());
    }
    if (!await this.#linkMany(own, to)) {
      for (const { path, digest, bytes } of own) {
        await this.#place(digest, bytes, `${to}/${path}`, entry.digest);
      }
    }
    try {
      await this.#unpack(packed, to, entry.digest);
    } catch (error) {
      discard(this.parts.host, to);
      throw error;
    }
  }

  /** Links on all cores. @returns false, with no link left behind, where that is not worth it or impossible. */
  async #linkMany(files: readonly TreeFile[], to: string): Promise<boolean> {
    if (!this.parts.writer.isBulk(files.length)) return false;
    const places = files.map(({ path }) => `${to}/${path}`);
    try {
      using bulk = new Bulk();
      await bulk.run("link", files.map(({ digest }) => this.parts.pathOf(digest)), places);
      return true;
    } catch (error) {
      if (!(error instanceof BulkError)) throw error;
      for (const place of places) this.parts.host.files.remove(place);
      return false;
    }
  }

  /** Writes members of packs as files. */
  async #unpack(
    members: readonly { readonly file: TreeFile; readonly at: Packed }[],
    to: string,
    tree: Digest,
  ): Promise<void> {
    const { packs, writer, host } = this.parts;
    if (!writer.isBulk(members.length)) {
      for (const { file, at } of members) {
        writeReadOnly(host, `${to}/${file.path}`, await this.#contentOf(at, tree));
      }
      return;
    }
    const digests = new Uint8Array(members.length * 32);
    members.forEach(({ file }, i) => digests.set(Uint8Array.fromHex(file.digest), i * 32));
    try {
      using bulk = new Bulk();
      await bulk.run(
        "unpack",
        members.map(({ at }) => at.pack.path),
        members.map(({ file }) => `${to}/${file.path}`),
        {
          sizes: Float64Array.from(members, ({ at }) => at.bytes),
          offsets: Float64Array.from(members, ({ at }) => at.offset),
          digests,
        },
      );
    } catch (error) {
      if (!(error instanceof BulkError)) throw error;
      const { at } = members[error.row];
      if (error.name === DAMAGED) throw await this.#quarantinePack(at, tree);
      // Another process may have removed the pack since it was looked for.
      if (packs.look(at.digest) === null) throw new DamagedObject(at.digest, "is missing", tree);
      throw error;
    }
    // A new file's mode is cut by the process's mask.
    if ((Deno.umask() & READ_ONLY) === 0) return;
    for (const { file } of members) host.files.setMode(`${to}/${file.path}`, READ_ONLY);
  }

  /** @param tree Of which it is a file, when it is one. */
  async #place(digest: Digest, bytes: number, to: string, tree?: Digest): Promise<void> {
    const { files } = this.parts.host;
    if (bytes === 0) return files.writeNew(to, new Uint8Array());
    const from = this.parts.pathOf(digest);
    try {
      files.link(from, to);
    } catch (error) {
      // Never over something: it could be a second name of an object.
      if (error instanceof Deno.errors.AlreadyExists) throw error;
      if (this.ownSize(digest) !== null) return files.copy(from, to);
      if (this.parts.packs.look(digest) === null) {
        // Another process may have moved it aside since it was verified.
        throw new DamagedObject(digest, "is missing", tree);
      }
      writeReadOnly(this.parts.host, to, await this.#readPacked(digest));
    }
  }

  /** The files of a stored tree. @throws {DamagedObject} */
  manifest(digest: Digest): TreeManifest {
    const known = this.#manifests.get(digest);
    // Asked again each time: another process may have removed the object since.
    if (known !== undefined && this.ownSize(digest) !== null) return known;
    let bytes: Uint8Array;
    try {
      bytes = Deno.readFileSync(this.parts.pathOf(digest));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) throw new DamagedObject(digest, "is missing");
      throw error;
    }
    if (sha256(bytes) !== digest) throw this.#quarantine(digest);
    const manifest = decodeManifest(bytes);
    this.#manifests.set(digest, manifest);
    return manifest;
  }

  /** Forgets what it read. */
  clear(): void {
    this.#manifests.clear();
  }

  async #verifyMember(digest: Digest, tree: Digest): Promise<void> {
    try {
      await this.verify(digest);
    } catch (error) {
      if (!(error instanceof DamagedObject)) throw error;
      throw new DamagedObject(digest, "is damaged", tree);
    }
  }

  #quarantine(digest: Digest): DamagedObject {
    const { dir, host, verified, pathOf } = this.parts;
    verified.delete(digest);
    this.#manifests.delete(digest);
    const aside = `${dir}/quarantine/${digest}.${host.unique()}`;
    try {
      host.files.makeDirectory(`${dir}/quarantine`);
      host.files.rename(pathOf(digest), aside);
    } catch (error) {
      if (isRefused(error)) {
        return new DamagedObject(digest, "is damaged, and you may not move it aside");
      }
      // Another process was faster.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    return new DamagedObject(digest, "was damaged and is moved aside");
  }

  async #quarantinePack({ digest, pack }: Packed, tree?: Digest): Promise<DamagedObject> {
    try {
      await this.parts.packs.moveAside(pack);
    } catch (error) {
      if (!isRefused(error)) throw error;
      return new DamagedObject(digest, "is damaged, and you may not move it aside", tree);
    }
    return new DamagedObject(digest, "was damaged and is moved aside", tree);
  }
}

/** Another process may have removed a pack since it was looked for. */
function orMissing<T>(digest: Digest, tree: Digest | undefined, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new DamagedObject(digest, "is missing", tree);
  }
}

function writeReadOnly(host: Host, path: string, bytes: Uint8Array): void {
  host.files.writeNew(path, bytes);
  host.files.setMode(path, READ_ONLY);
}
