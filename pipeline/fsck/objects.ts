/** The objects of a store as they lie on the disk, and whether each holds what its name says. */

import type { Digest } from "../types.ts";
import { touched } from "./files.ts";
import { type Found, hashAll, type Hashed, type HashJob } from "./hash_worker.ts";

/** One file below `objects/`. */
export interface ObjectFile {
  readonly path: string;
  /** Null when the name is no digest. */
  readonly digest: Digest | null;
  readonly bytes: number;
  readonly isFile: boolean;
  readonly mode: number;
  /** Names of the file. */
  readonly links: number;
  /** The later of modification and status change, in milliseconds since the epoch. */
  readonly touched: number;
}

/** Below this many bytes, starting workers takes longer than hashing. */
const WORTH_WORKERS = 256 << 20;
/** Paths handed to a worker at a time. */
const BATCH = 64;

function entries(path: string): Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(path)].sort((a, b) => a.name < b.name ? -1 : 1);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return [];
    }
    throw error;
  }
}

/** All objects of a store, in order of their names. What vanishes meanwhile is left out. */
export function* listObjects(store: string): Generator<ObjectFile> {
  const root = `${store}/objects/sha256`;
  for (const { name: folder, isDirectory } of entries(root)) {
    if (!isDirectory) {
      const file = look(`${root}/${folder}`, null);
      if (file !== null) yield file;
      continue;
    }
    for (const { name } of entries(`${root}/${folder}`)) {
      const digest = /^[0-9a-f]{64}$/.test(folder + name) ? folder + name : null;
      const file = look(`${root}/${folder}/${name}`, digest);
      if (file !== null) yield file;
    }
  }
}

function look(path: string, digest: Digest | null): ObjectFile | null {
  try {
    const info = Deno.lstatSync(path);
    return {
      path,
      digest,
      bytes: info.size,
      isFile: info.isFile,
      mode: (info.mode ?? 0o444) & 0o777,
      links: info.nlink ?? 1,
      touched: touched(info),
    };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/**
 * Hashes many files, on all cores when there is much to read.
 * @returns what was found, in the order of `files`.
 */
export async function hashObjects(files: readonly ObjectFile[]): Promise<Found[]> {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const workers = Math.min(navigator.hardwareConcurrency, Math.ceil(files.length / BATCH));
  if (bytes < WORTH_WORKERS || workers < 2) return await hashAll(files.map(({ path }) => path));
  const found: Found[] = new Array(files.length).fill(null);
  let next = 0;
  await Promise.all(Array.from({ length: workers }, () =>
    new Promise<void>((resolve, reject) => {
      const worker = new Worker(new URL("./hash_worker.ts", import.meta.url), { type: "module" });
      const more = () => {
        if (next >= files.length) {
          worker.terminate();
          return resolve();
        }
        const job: HashJob = {
          id: next,
          paths: files.slice(next, next + BATCH).map(({ path }) => path),
        };
        next += BATCH;
        worker.postMessage(job);
      };
      worker.onmessage = ({ data }: MessageEvent<Hashed>) => {
        data.found.forEach((one, i) => found[data.id + i] = one);
        more();
      };
      worker.onerror = (event) => {
        event.preventDefault();
        worker.terminate();
        reject(new Error(event.message));
      };
      more();
    })));
  return found;
}
