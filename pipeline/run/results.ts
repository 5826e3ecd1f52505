/** Puts the kept artifacts of a run where people look for them, outside the store. */

import { Failed } from "../failure.ts";
import { observe } from "../sources/local_source.ts";
import type { RunResult } from "./run.ts";
import type { Store } from "../store/store.ts";
import type { Artifact, Digest, OutputEntry } from "../types.ts";

/** The kept artifacts of a run by name, for as far as it got. */
export function resultsOf(
  store: Store,
  { targets, outcomes }: Pick<RunResult, "targets" | "outcomes">,
): Result[] {
  const keys = new Map(outcomes.map(({ id, key }) => [id, key]));
  return Object.entries(targets).flatMap(([name, artifact]) => {
    if (!name.startsWith("keep.")) return [];
    const key = keys.get(artifact.node.id);
    const entry = key ? store.getRecord(key)?.outputs[artifact.output] : undefined;
    return entry === undefined ? [] : [{ name: name.slice("keep.".length), artifact, entry }];
  });
}

/** One kept artifact on its way out of the store. */
export interface Result {
  /** Name in `keep`. */
  readonly name: string;
  readonly artifact: Artifact;
  readonly entry: OutputEntry;
}

/** What was placed last, by file name. */
type Index = Record<string, { readonly digest: Digest }>;

/** Larger files are linked read-only instead of copied. */
const LARGE = 256 * 2 ** 20;

/**
 * Brings a folder to hold the given artifacts: `NAME.json`, `NAME.csv`, or a folder for a tree. What is
 * there already is left alone; a copy that was edited or deleted is placed again, by its content as local
 * data is known by it; what an earlier run placed and this one lacks is removed. Other files in the folder
 * are never touched.
 *
 * @throws {DamagedObject} when a stored object is damaged.
 */
export async function placeResults(
  store: Store,
  results: readonly Result[],
  folder: string,
): Promise<void> {
  const before = readIndex(folder);
  const after: Index = {};
  for (const { name, artifact, entry } of results) {
    const file = name + artifact.kind.extension;
    if (!await isThere(store, entry, `${folder}/${file}`)) await place(store, entry, folder, file);
    after[file] = { digest: entry.digest };
  }
  const { files } = store.host;
  for (const file of Object.keys(before)) {
    if (!Object.hasOwn(after, file) && isPlain(file)) files.remove(`${folder}/${file}`);
  }
  if (JSON.stringify(before) !== JSON.stringify(after)) writeIndex(store, folder, after);
}

async function place(
  store: Store,
  entry: OutputEntry,
  folder: string,
  file: string,
): Promise<void> {
  const { files, unique } = store.host;
  const copy = `${folder}/.${file}.${unique()}`;
  files.makeDirectory(folder);
  try {
    if (entry.form === "file" && entry.bytes > LARGE) await store.materialize(entry, copy);
    else await placeCopy(store, entry, copy);
    files.remove(`${folder}/${file}`);
    files.rename(copy, `${folder}/${file}`);
  } catch (error) {
    files.remove(copy);
    throw error;
  }
}

/** What `materialize` makes are links to objects: an edit through them would damage the store. */
async function placeCopy(store: Store, entry: OutputEntry, to: string): Promise<void> {
  const linked = `${store.dir}/tmp/${store.host.unique()}`;
  try {
    await store.materialize(entry, linked);
    copyAll(store, linked, to);
  } finally {
    store.host.files.remove(linked);
  }
}

function copyAll(store: Store, from: string, to: string): void {
  const { files } = store.host;
  if (!Deno.lstatSync(from).isDirectory) {
    files.copy(from, to);
    return files.setMode(to, 0o644);
  }
  files.makeDirectory(to);
  for (const { name } of Deno.readDirSync(from)) copyAll(store, `${from}/${name}`, `${to}/${name}`);
}

const indexFile = ".placed.json";

function readIndex(folder: string): Index {
  try {
    const index = JSON.parse(Deno.readTextFileSync(`${folder}/${indexFile}`));
    return typeof index === "object" && index !== null ? index : {};
  } catch {
    return {};
  }
}

function writeIndex(store: Store, folder: string, index: Index): void {
  const { files, unique } = store.host;
  const temporary = `${folder}/.${unique()}`;
  files.makeDirectory(folder);
  files.writeNew(temporary, new TextEncoder().encode(JSON.stringify(index) + "\n"));
  files.rename(temporary, `${folder}/${indexFile}`);
}

/** The index is a file that anybody can edit: a name in it must not lead elsewhere. */
function isPlain(file: string): boolean {
  return /^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z0-9_-]+)*$/.test(file);
}

/** Whether a path holds an artifact, byte for byte; an unchanged file costs one look at its times. */
async function isThere(
  store: Store,
  { form, digest }: OutputEntry,
  path: string,
): Promise<boolean> {
  try {
    // A link to the right content is not what was placed.
    if (Deno.lstatSync(path).isSymlink) return false;
    const copy = { name: path, path, form, include: [], exclude: [] };
    const where = { root: "/", cacheDir: `${store.dir}/cache/sources`, host: store.host };
    return (await observe(copy, where)).digest === digest;
  } catch (error) {
    // Not there, or something else than what was placed.
    if (error instanceof Failed || error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
