/** Looks at local data: what it holds now, mostly without reading it, and whether that is still so. */

import { Bulk, BULK_FILES } from "../store/bulk.ts";
import { sha256 } from "../canonical.ts";
import { Failed } from "../failure.ts";
import { fileDigest } from "../store/file_digest.ts";
import { sameFolders } from "../store/folder_stamps.ts";
import { type Host, isSystemError, systemHost } from "../host.ts";
import {
  copyStamp,
  digestAt,
  isTrusted,
  newStamps,
  readStamped,
  sameStamp,
  setStamp,
  sizeOf,
  type Stamped,
  writeStamped,
} from "../store/stat_cache.ts";
import { patchManifest } from "../store/manifest_patch.ts";
import { byCodeUnits, encodeManifest, TreeError, type TreeFile } from "../store/tree_manifest.ts";
import { RENAME, unreadable, wrong } from "./local_failures.ts";
import { lookAtFile, walk } from "./local_walk.ts";
import type { Digest, LocalSource, SourceContent } from "../types.ts";

/** A file of local data. */
export interface SeenFile extends TreeFile {
  /** Its place in the arrays of {@link Stamped}. */
  readonly row: number;
}

/** What was made of a tree already. */
interface KnownTree {
  files?: readonly SeenFile[];
  manifest?: Uint8Array<ArrayBuffer>;
}

/** What local data held at one moment; enough to import it and to tell later whether it changed. */
export class Observed implements SourceContent {
  readonly digest: Digest;
  readonly bytes: number;
  #path: string;
  #resolved: boolean;

  /** @param path Absolute; `resolved` when it goes through no links. */
  constructor(
    readonly source: LocalSource,
    path: string,
    readonly stamped: Stamped,
    /** What it held when it was looked at before, and the rows that differ. */
    readonly previous?: {
      readonly digest: Digest;
      readonly bytes: number;
      readonly fresh: ReadonlySet<number>;
    },
    private known: KnownTree = {},
    resolved = true,
  ) {
    this.digest = stamped.digest;
    this.bytes = stamped.bytes;
    this.#path = path;
    this.#resolved = resolved;
  }

  /** Absolute, links resolved as far as that goes. */
  get path(): string {
    if (!this.#resolved) {
      try {
        this.#path = Deno.realPathSync(this.#path);
      } catch (error) {
        // It is gone, as will be noticed.
        if (!isSystemError(error)) throw error;
      }
      this.#resolved = true;
    }
    return this.#path;
  }

  /** The manifest of a tree. */
  manifest(): Uint8Array<ArrayBuffer> {
    return this.known.manifest ??= encodeManifest(this.files());
  }

  /** The files by path, as manifests list them. */
  files(): readonly SeenFile[] {
    return this.known.files ??= seenFiles(this.stamped);
  }

  /** The file of a row. */
  file(row: number): SeenFile {
    return seenFile(this.stamped, row);
  }

  /** Where the file of a row is. */
  pathOf(row: number): string {
    return filePath(this.source, this.path, this.stamped.names[row]);
  }

  /** Whether the file of a row has a stamp that proves that it is as it was. */
  isSurelyUnchanged(row: number): boolean {
    const { stamps } = this.stamped;
    if (!isTrusted(stamps, row)) return false;
    const now = newStamps(1);
    try {
      setStamp(now, 0, Deno.statSync(this.pathOf(row)), 0);
    } catch {
      return false;
    }
    return sameStamp(now, 0, stamps, row);
  }

  /** Whether all of it is as it was; reads again what may have changed. */
  async unchanged(): Promise<boolean> {
    try {
      const now = await look(this.source, this.path, this.stamped);
      return now.digest === this.digest;
    } catch (error) {
      if (error instanceof Failed) return false;
      throw error;
    }
  }
}

/** Where things are. */
export interface SourcePlace {
  /** The project's directory, absolute; relative paths of sources start there. */
  readonly root: string;
  /** Directory of the stat caches; made when needed, may be deleted at any time. */
  readonly cacheDir: string;
  /** @default the real machine */
  readonly host?: Host;
  /** The manifest of a tree that a store has, not checked; it spares making that of a slightly changed one. */
  readonly manifestOf?: (tree: Digest) => Uint8Array | null;
}

/** With more changed files than this a manifest is made anew. */
const PATCHED = 1000;

/**
 * The content of local data, from the stat cache where files are as they were, hashed otherwise.
 *
 * @throws {Failed} `local-data` when it is not there, is of the wrong form, may not be read, or holds what a tree
 * cannot hold.
 */
export async function observe(source: LocalSource, place: SourcePlace): Promise<Observed> {
  const path = resolve(source, place.root);
  const id = sha256(JSON.stringify([path, source.form, source.include, source.exclude]));
  const cache = `${place.cacheDir}/${id.slice(0, 32)}`;
  const known = readStamped(cache);
  const observed = await look(source, path, known, place.manifestOf);
  if (observed.stamped !== known) {
    writeStamped(place.host ?? systemHost, cache, observed.stamped);
  }
  return observed;
}

/** Whether local data still holds what was observed when the run was planned. */
export async function unchanged(content: SourceContent): Promise<boolean> {
  return content instanceof Observed && await content.unchanged();
}

function filePath(source: LocalSource, path: string, name: string): string {
  return source.form === "file" ? path : `${path}/${name}`;
}

type Rows = Pick<Stamped, "names" | "stamps" | "digests">;

function seenFile({ names, stamps, digests }: Rows, row: number): SeenFile {
  return { path: names[row], digest: digestAt(digests, row), bytes: sizeOf(stamps, row), row };
}

/** Sorted once: with a hundred thousand files that is a good part of the work. */
function seenFiles(rows: Rows): readonly SeenFile[] {
  const files = rows.names.map((_, row) => seenFile(rows, row));
  return files.sort((a, b) => byCodeUnits(a.path, b.path));
}

/** What is at a path now; files that look as they did when they were hashed are not read. */
export async function look(
  source: LocalSource,
  path: string,
  known: Stamped | null,
  manifestOf: SourcePlace["manifestOf"] = () => null,
): Promise<Observed> {
  const { names, stamps, folders } = source.form === "file"
    ? lookAtFile(source, path)
    : await walk(source, path, known);
  const sameNames = known !== null && known.names.length === names.length &&
    names.every((name, row) => name === known.names[row]);
  if (sameNames && names.every((_, row) => isAsKnown(stamps, known.stamps, row))) {
    const stamped = sameFolders(folders, known.folders) ? known : { ...known, folders };
    return new Observed(source, path, stamped);
  }
  const rowOf = sameNames ? null : new Map(known?.names.map((name, row) => [name, row]));
  const digests = new Uint8Array(names.length * 32);
  const unknown: number[] = [];
  for (let row = 0; row < names.length; row++) {
    const before = rowOf === null ? row : rowOf.get(names[row]);
    const same = known !== null && before !== undefined &&
      sameStamp(stamps, row, known.stamps, before) && isTrusted(known.stamps, before);
    if (!same) {
      unknown.push(row);
      continue;
    }
    digests.set(known.digests.subarray(before * 32, before * 32 + 32), row * 32);
    copyStamp(known.stamps, before, stamps, row);
  }
  await hashInto(source, path, names, unknown, stamps, digests);
  const parts = { names, stamps, digests, folders };
  let bytes = 0;
  for (let row = 0; row < names.length; row++) bytes += sizeOf(stamps, row);
  if (source.form === "file") {
    return new Observed(source, path, { ...parts, bytes, digest: digestAt(digests, 0) });
  }
  const tree = (sameNames ? patched(known, parts, unknown, manifestOf) : null) ??
    made(source, parts);
  const previous = known === null
    ? undefined
    : { digest: known.digest, bytes: known.bytes, fresh: new Set(unknown) };
  const stamped = { ...parts, bytes, digest: sha256(tree.manifest) };
  return new Observed(source, path, stamped, previous, tree);
}

function isAsKnown(now: Stamped["stamps"], known: Stamped["stamps"], row: number): boolean {
  return sameStamp(now, row, known, row) && isTrusted(known, row);
}

function made(source: LocalSource, rows: Rows): Required<KnownTree> {
  try {
    const files = seenFiles(rows);
    return { files, manifest: encodeManifest(files) };
  } catch (error) {
    if (error instanceof TreeError) throw wrong(source, error.message, RENAME);
    throw error;
  }
}

/** The manifest of a tree in which some files changed, from that of its earlier state, when that can be had. */
function patched(
  known: Stamped,
  now: Rows,
  changed: readonly number[],
  manifestOf: NonNullable<SourcePlace["manifestOf"]>,
): KnownTree & { readonly manifest: Uint8Array<ArrayBuffer> } | null {
  if (changed.length > PATCHED) return null;
  const before = manifestOf(known.digest);
  if (before === null || sha256(before) !== known.digest) return null;
  const edits = changed.map((row) => ({
    before: seenFile(known, row),
    after: seenFile(now, row),
  }));
  const manifest = patchManifest(before, edits);
  return manifest && { manifest };
}

async function hashInto(
  source: LocalSource,
  path: string,
  names: readonly string[],
  rows: readonly number[],
  stamps: Stamped["stamps"],
  digests: Stamped["digests"],
): Promise<void> {
  const paths = rows.map((row) => filePath(source, path, names[row]));
  try {
    if (rows.length >= BULK_FILES) {
      using bulk = new Bulk();
      const sizes = Float64Array.from(rows, (row) => sizeOf(stamps, row));
      const found = await bulk.run("hash", paths, [], { sizes });
      rows.forEach((row, i) => {
        digests.set(found.digests.subarray(i * 32, i * 32 + 32), row * 32);
        checkSize(source, names[row], sizeOf(stamps, row), found.sizes[i]);
      });
      return;
    }
    for (const [i, row] of rows.entries()) {
      const { digest, bytes } = await fileDigest(paths[i]);
      digests.set(Uint8Array.fromHex(digest), row * 32);
      checkSize(source, names[row], sizeOf(stamps, row), bytes);
    }
  } catch (error) {
    throw unreadable(source, path, error);
  }
}

/** Sizes enter the manifest, so a file that grows while it is read must not pass. */
function checkSize(source: LocalSource, name: string, before: number, now: number): void {
  if (before === now) return;
  const message = `${JSON.stringify(name)} was written to while it was read`;
  throw wrong(source, message, "Wait until it is complete, then run again.");
}

function resolve(source: LocalSource, root: string): string {
  const path = source.path.startsWith("/") ? source.path : `${root}/${source.path}`;
  try {
    const real = Deno.realPathSync(path);
    if (source.form === "tree" && !Deno.statSync(real).isDirectory) {
      throw wrong(
        source,
        `${path} is a file, not a directory`,
        "Name a directory, or use localFile.",
      );
    }
    return real;
  } catch (error) {
    throw unreadable(source, path, error);
  }
}
