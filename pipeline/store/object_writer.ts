/** Writes objects: staged under temporary names, flushed as a group, then renamed to their digests. */

import { Bulk, BULK_FILES, BulkError, type BulkResult } from "./bulk.ts";
import { sha256 } from "../canonical.ts";
import { fileDigest, stamp } from "./file_digest.ts";
import { discard, type Host, moveOver, systemHost } from "../host.ts";
import type { Digest } from "../types.ts";
import type { Verified } from "./verified.ts";

/** An object that is complete under a temporary name, not yet flushed. */
export interface Staged {
  readonly digest: Digest;
  readonly bytes: number;
  readonly temporary: string;
  /** A second name of a file of the user's: its mode and its place on the disk are the user's affair. */
  readonly linked?: boolean;
  /** Nobody may write to it already. */
  readonly readOnly?: boolean;
}

const READ_ONLY = 0o444;
/** Well below the age at which `gc` removes what no record names yet. */
const TOUCH_AFTER_MS = 120_000;

/** The writing half of a store. */
export class ObjectWriter {
  readonly #made = new Set<string>();
  #waiting: string[] = [];
  #group: Promise<void> | null = null;
  #flushing: Promise<void> = Promise.resolve();

  /** @param pathOf Where an object belongs. */
  constructor(
    readonly dir: string,
    readonly host: Host,
    private readonly verified: Verified,
    private readonly pathOf: (digest: Digest) => string,
  ) {}

  /** Whether so many files are worth threads, which only the real machine's steps have. */
  isBulk(count: number): boolean {
    return count >= BULK_FILES && this.host.files === systemHost.files;
  }

  /** Writes bytes. */
  stageBytes(bytes: Uint8Array): Staged {
    const temporary = this.temporary();
    try {
      this.host.files.writeNew(temporary, bytes);
    } catch (error) {
      discard(this.host, temporary);
      throw error;
    }
    return { digest: sha256(bytes), bytes: bytes.length, temporary };
  }

  /** Takes a file, or a copy of it. @param move The file itself may be taken. */
  async stageFile(path: string, move: boolean): Promise<Staged> {
    const info = Deno.lstatSync(path);
    if (!info.isFile) throw new TypeError(`${path} is not a regular file`);
    const temporary = move && isAlone(info) ? path : this.temporary();
    try {
      if (temporary !== path) this.host.files.copy(path, temporary);
      const { digest, bytes } = await fileDigest(temporary);
      return { digest, bytes, temporary };
    } catch (error) {
      if (temporary !== path) discard(this.host, temporary);
      throw error;
    }
  }

  /** Takes thousands of files, or copies of them, on all cores. */
  async stageFiles(paths: readonly string[], move: boolean): Promise<Staged[]> {
    const folder = this.temporary();
    // A new file's mode is cut by the process's mask.
    const readOnly = Deno.build.os !== "windows" && (Deno.umask() & READ_ONLY) === 0;
    const places = paths.map((path, i) => {
      if (!move) return `${folder}/${i}`;
      const info = Deno.lstatSync(path);
      if (!info.isFile) throw new TypeError(`${path} is not a regular file`);
      return isAlone(info) ? path : `${folder}/${i}`;
    });
    const copied = paths.flatMap((path, i) => places[i] === path ? [] : [i]);
    const staged: Staged[] = new Array(paths.length);
    const take = (rows: readonly number[], { digests, sizes }: BulkResult) => {
      rows.forEach((row, i) => {
        const digest = digests.subarray(i * 32, i * 32 + 32).toHex();
        const temporary = places[row];
        const copied = temporary !== paths[row];
        staged[row] = { digest, bytes: sizes[i], temporary, readOnly: copied && readOnly };
      });
    };
    try {
      using bulk = new Bulk();
      if (copied.length > 0) {
        this.host.files.makeDirectory(folder);
        const from = copied.map((row) => paths[row]);
        take(copied, await bulk.run("copy", from, copied.map((row) => places[row])));
      }
      const moved = paths.flatMap((path, i) => places[i] === path ? [i] : []);
      take(moved, await bulk.run("hash", moved.map((row) => paths[row])));
      return staged;
    } catch (error) {
      discard(this.host, folder);
      throw error;
    }
  }

  /** A name that nobody else uses. */
  temporary(): string {
    return `${this.dir}/tmp/${this.host.unique()}`;
  }

  /** Gives staged objects their names, after all of them are on the disk. */
  async commit(staged: readonly Staged[]): Promise<void> {
    const fresh: Staged[] = [];
    const seen = new Set<Digest>();
    for (const object of staged) {
      const known = seen.has(object.digest) || this.#isKept(object.digest);
      if (known) discard(this.host, object.temporary);
      else fresh.push(object);
      seen.add(object.digest);
    }
    const own = fresh.filter(({ linked }) => !linked);
    for (const { temporary, readOnly } of own) {
      if (!readOnly) this.host.files.setMode(temporary, READ_ONLY);
    }
    // A linked file that the disk loses is lost to the user too, and is read and hashed before use.
    await this.flush(own.map(({ temporary }) => temporary));
    for (const { digest } of fresh) this.#makeParent(this.pathOf(digest));
    const rest = this.isBulk(fresh.length) ? await this.#renameMany(fresh) : fresh;
    for (const { digest, temporary } of rest) {
      const path = this.pathOf(digest);
      // Also over an object that is there: it may be damaged, and this one was just hashed.
      moveOver(this.host, this.dir, temporary, path);
      this.verified.add(digest, stamp(Deno.statSync(path)));
    }
  }

  /** Renames on all cores. @returns those that must be renamed one by one. */
  async #renameMany(objects: readonly Staged[]): Promise<readonly Staged[]> {
    const from = objects.map(({ temporary }) => temporary);
    try {
      using bulk = new Bulk();
      const { stamps } = await bulk.run(
        "rename",
        from,
        objects.map(({ digest }) => this.pathOf(digest)),
      );
      objects.forEach(({ digest }, i) => this.verified.add(digest, stamps[i]));
      this.#removeFolders(objects);
      return [];
    } catch (error) {
      if (!(error instanceof BulkError)) throw error;
      // Something is in the way, for example; what is renamed already is verified when it is read.
      return objects.filter(({ temporary }) => isThere(temporary));
    }
  }

  /** Whether the object is there, found right by this process, and touched lately: `gc` leaves it alone. */
  #isKept(digest: Digest): boolean {
    if (!this.verified.has(digest)) return false;
    const path = this.pathOf(digest);
    try {
      const { ctime, mode } = Deno.statSync(path);
      // Setting the mode that it has changes nothing but the time of the last change.
      const old = this.host.now().getTime() - (ctime?.getTime() ?? 0) > TOUCH_AFTER_MS;
      if (old && mode !== null) this.host.files.setMode(path, mode & 0o777);
      return true;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      // Another user's object cannot be touched: it is there all the same.
      if (error instanceof Deno.errors.PermissionDenied) return true;
      throw error;
    }
  }

  /** Removes a temporary file, as far as that goes. */
  drop(temporary: string): void {
    discard(this.host, temporary);
  }

  /** Removes what was staged and is not to be kept. */
  discard(staged: readonly Staged[]): void {
    for (const { temporary } of staged) discard(this.host, temporary);
    this.#removeFolders(staged);
  }

  /** Folders of {@link stageFiles}, which renaming emptied. */
  #removeFolders(staged: readonly Staged[]): void {
    const folders = new Set(
      staged.map(({ temporary }) => temporary.slice(0, temporary.lastIndexOf("/")))
        .filter((folder) => folder.startsWith(`${this.dir}/tmp/`)),
    );
    for (const folder of folders) discard(this.host, folder);
  }

  /** Flushes in groups: what comes while a flush is under way waits and goes together in the next one. */
  async flush(paths: readonly string[]): Promise<void> {
    if (paths.length === 0) return;
    // Not spread: a call takes no hundred thousand arguments.
    for (const path of paths) this.#waiting.push(path);
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
}

/** A second name for the same inode would let its owner change the object later. */
function isAlone(info: Deno.FileInfo): boolean {
  return (info.nlink ?? 1) === 1;
}

function isThere(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}
