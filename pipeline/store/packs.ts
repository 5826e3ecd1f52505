/** The packs of a store: which object is in which of them, and what becomes of a damaged one. */

import { sha256 } from "../canonical.ts";
import { discard, type Host, isSystemError } from "../host.ts";
import type { Digest } from "../types.ts";
import { type Member, type PackIndex, PackList, PackReader, readIndex } from "./pack_file.ts";
import { isDigest } from "./records.ts";

/** A member and the file that holds it. */
export interface Packed extends Member {
  readonly pack: Pack;
}

/** One pack as this process has seen it. */
export interface Pack {
  readonly name: Digest;
  readonly path: string;
  /** Inode, size and time of the file when its list was read. */
  readonly state: string;
  readonly index: PackIndex;
}

const READ_ONLY = 0o444;
/** Well below the age at which `gc` removes what no record names yet. */
const TOUCH_AFTER_MS = 120_000;

/** Where the packs of a store are. */
export function packFolder(store: string): string {
  return `${store}/objects/packs`;
}

/** What is known of the packs of one store. */
export class Packs {
  readonly #packs = new Map<Digest, Pack>();

  constructor(private readonly dir: string, private readonly host: Host) {}

  /** Looks which packs there are. Other processes add and remove some. */
  refresh(): void {
    const there = new Set<Digest>();
    for (const name of this.#names()) {
      const path = `${packFolder(this.dir)}/${name}`;
      try {
        const state = stateOf(Deno.statSync(path));
        if (this.#packs.get(name)?.state !== state) {
          this.#packs.delete(name);
          const index = readIndex(path, name);
          // A damaged list leads nowhere; the same pack, made again, takes its place.
          if (index !== null) this.#packs.set(name, { name, path, state, index });
        }
        if (this.#packs.has(name)) there.add(name);
      } catch (error) {
        if (!isSystemError(error)) throw error;
      }
    }
    for (const name of [...this.#packs.keys()]) if (!there.has(name)) this.#packs.delete(name);
  }

  /** Every file among the packs; one whose list is damaged, or that is something else, as null. */
  all(): { readonly path: string; readonly pack: Pack | null }[] {
    this.refresh();
    return this.#entries().map((name) => ({
      path: `${packFolder(this.dir)}/${name}`,
      pack: this.#packs.get(name) ?? null,
    }));
  }

  /** Where an object is, as of the last {@link refresh}. */
  find(digest: Digest): Packed | null {
    for (const pack of this.#packs.values()) {
      const member = pack.index.find(digest);
      if (member !== null) return { ...member, pack };
    }
    return null;
  }

  /** Where an object is now. */
  look(digest: Digest): Packed | null {
    this.refresh();
    return this.find(digest);
  }

  /** An object's bytes, or null when they are not what its digest says. @throws the file system's errors. */
  read({ pack, digest, offset, bytes }: Packed): Uint8Array<ArrayBuffer> | null {
    using reader = new PackReader();
    const content = reader.read(pack.path, offset, bytes).slice();
    return sha256(content) === digest ? content : null;
  }

  /** Those of some objects that are not as they should be. @throws the file system's errors. */
  damaged(objects: Iterable<Packed>): Packed[] {
    using reader = new PackReader();
    const bad: Packed[] = [];
    for (const object of objects) {
      const { pack, digest, offset, bytes } = object;
      if (sha256(reader.read(pack.path, offset, bytes)) !== digest) bad.push(object);
    }
    return bad;
  }

  /** Those of a pack's objects that are not as they should be. @throws the file system's errors. */
  damagedIn(pack: Pack): Packed[] {
    return this.damaged(pack.index.members().map((member) => ({ ...member, pack })));
  }

  /**
   * Moves a damaged pack to quarantine, after its sound members were put into a new one.
   * @throws the file system's errors.
   */
  async moveAside(pack: Pack): Promise<void> {
    const { files, unique } = this.host;
    try {
      const bad = new Set(this.damagedIn(pack).map(({ digest }) => digest));
      const sound = [...pack.index.members()].filter(({ digest }) => !bad.has(digest));
      // Another process may have put a sound one in its place.
      if (bad.size > 0) {
        if (sound.length > 0) await this.#keep(pack, sound);
        files.makeDirectory(`${this.dir}/quarantine`);
        files.rename(pack.path, `${this.dir}/quarantine/${pack.name}.${unique()}`);
      }
    } catch (error) {
      // Another process was faster.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    this.#packs.delete(pack.name);
    this.refresh();
  }

  async #keep(pack: Pack, members: readonly Member[]): Promise<void> {
    using reader = new PackReader();
    const writing = new PackWriting(this.dir, this.host);
    try {
      for (const { digest, offset, bytes } of members) {
        writing.add(Uint8Array.fromHex(digest), reader.read(pack.path, offset, bytes));
      }
      const staged = writing.end();
      await this.host.files.flush([staged.temporary]);
      this.publish(staged);
    } catch (error) {
      writing.discard();
      throw error;
    }
  }

  /** Gives a pack that is on the disk its name. */
  publish({ temporary, name }: StagedPack): void {
    const { files } = this.host;
    files.setMode(temporary, READ_ONLY);
    files.makeDirectory(packFolder(this.dir));
    files.rename(temporary, `${packFolder(this.dir)}/${name}`);
  }

  /** Keeps `gc` for a while from packs that a tree counts on before its record is written. */
  touch(): void {
    const now = this.host.now().getTime();
    for (const name of this.#names()) {
      const path = `${packFolder(this.dir)}/${name}`;
      try {
        const { ctime, mode } = Deno.statSync(path);
        const old = now - (ctime?.getTime() ?? 0) > TOUCH_AFTER_MS;
        // Setting the mode that it has changes nothing but the time of the last change.
        if (old && mode !== null) this.host.files.setMode(path, mode & 0o777);
      } catch (error) {
        // Removed, or another user's: it is there all the same.
        if (!isSystemError(error)) throw error;
      }
    }
  }

  #names(): Digest[] {
    return this.#entries().filter(isDigest);
  }

  #entries(): string[] {
    try {
      return [...Deno.readDirSync(packFolder(this.dir))].map(({ name }) => name);
    } catch (error) {
      if (isSystemError(error)) return [];
      throw error;
    }
  }
}

function stateOf({ ino, size, mtime }: Deno.FileInfo): string {
  return `${ino}:${size}:${mtime?.getTime()}`;
}

/** A pack that is complete under a temporary name, not yet flushed. */
export interface StagedPack {
  readonly temporary: string;
  readonly name: Digest;
}

/** Collected before it is written. */
const CHUNK = 1 << 20;

/** A pack that is being written under a temporary name. */
export class PackWriting {
  readonly #temporary: string;
  readonly #list = new PackList();
  readonly #chunk = new Uint8Array(CHUNK);
  #filled = 0;
  #begun = false;

  constructor(store: string, private readonly host: Host) {
    this.#temporary = `${store}/tmp/${host.unique()}`;
  }

  /** Sum over the members so far. */
  get bytes(): number {
    return this.#list.bytes;
  }

  /** @param digest 32 bytes, of `content`. */
  add(digest: Uint8Array, content: Uint8Array): void {
    this.#list.add(digest, content.length);
    if (this.#filled + content.length > CHUNK) this.#flush();
    if (content.length > CHUNK) return this.#write(content);
    this.#chunk.set(content, this.#filled);
    this.#filled += content.length;
  }

  /** Writes what is left. */
  end(): StagedPack {
    this.#flush();
    const { bytes, name } = this.#list.end();
    this.#write(bytes);
    return { temporary: this.#temporary, name };
  }

  discard(): void {
    discard(this.host, this.#temporary);
  }

  #flush(): void {
    if (this.#filled > 0) this.#write(this.#chunk.subarray(0, this.#filled));
    this.#filled = 0;
  }

  #write(bytes: Uint8Array): void {
    if (this.#begun) return this.host.files.appendBytes(this.#temporary, bytes);
    this.#begun = true;
    this.host.files.writeNew(this.#temporary, bytes);
  }
}
