/** Looks at many single local files at once: they share one stat cache instead of having one each. */

import { sha256 } from "../canonical.ts";
import { systemHost } from "../host.ts";
import { allMissing, Missing } from "./local_failures.ts";
import { look, Observed, type SourcePlace } from "./local_source.ts";
import { NO_FOLDERS } from "../store/folder_stamps.ts";
import { lookAtFile } from "./local_walk.ts";
import {
  copyStamp,
  digestAt,
  isTrusted,
  newStamps,
  readStamped,
  sameStamp,
  sizeOf,
  type Stamped,
  writeStamped,
} from "../store/stat_cache.ts";
import type { LocalSource } from "../types.ts";

/**
 * The contents of local files, from the stat cache where they are as they were, hashed otherwise.
 *
 * @param paper Whose files they are: each paper has a cache of its own.
 * @throws {Failed} `local-data`, as `observe`; of files that are not there it names all.
 */
export async function observeFiles(
  sources: readonly LocalSource[],
  place: SourcePlace,
  paper: string,
): Promise<Map<LocalSource, Observed>> {
  const cache = `${place.cacheDir}/files-${
    sha256(JSON.stringify([place.root, paper])).slice(0, 32)
  }`;
  const known = readStamped(cache);
  const rows = new Map(known?.names.map((name, row) => [name, row]));
  const found = new Map<LocalSource, Observed>();
  const missing: Missing[] = [];
  let same = known?.names.length === sources.length;
  for (const source of sources) {
    const path = absolute(source, place.root);
    const row = rows.get(rowName(path));
    try {
      let observed = row === undefined ? null : fromCache(source, path, known!, row);
      if (observed === null) {
        observed = await look(source, path, null);
        observed = new Observed(source, path, observed.stamped, undefined, {}, false);
        same = false;
      }
      found.set(source, observed);
    } catch (error) {
      if (!(error instanceof Missing)) throw error;
      missing.push(error);
    }
  }
  const [first, ...others] = missing;
  if (first) throw allMissing([first, ...others]);
  if (!same) writeStamped(place.host ?? systemHost, cache, join(sources, found, place.root));
  return found;
}

/** @returns null when the file may have changed. */
function fromCache(
  source: LocalSource,
  path: string,
  known: Stamped,
  row: number,
): Observed | null {
  if (!isTrusted(known.stamps, row)) return null;
  const { names, stamps } = lookAtFile(source, path);
  if (!sameStamp(stamps, 0, known.stamps, row)) return null;
  copyStamp(known.stamps, row, stamps, 0);
  const digests = known.digests.slice(row * 32, row * 32 + 32);
  const digest = digestAt(known.digests, row);
  const bytes = sizeOf(stamps, 0);
  return new Observed(
    source,
    path,
    { names, stamps, digests, digest, bytes, folders: NO_FOLDERS },
    undefined,
    {},
    false,
  );
}

/** One row a file, by its path. */
function join(
  sources: readonly LocalSource[],
  found: ReadonlyMap<LocalSource, Observed>,
  root: string,
): Stamped {
  const names: string[] = [];
  const stamps = newStamps(sources.length);
  const digests = new Uint8Array(sources.length * 32);
  for (const [row, source] of sources.entries()) {
    const { stamped } = found.get(source)!;
    names.push(rowName(absolute(source, root)));
    copyStamp(stamped.stamps, 0, stamps, row);
    digests.set(stamped.digests, row * 32);
  }
  return { names, stamps, digests, digest: "", bytes: 0, folders: NO_FOLDERS };
}

function absolute({ path }: LocalSource, root: string): string {
  return path.startsWith("/") ? path : `${root}/${path}`;
}

/** Names of rows are lines, and a path may hold a line break. */
function rowName(path: string): string {
  return JSON.stringify(path);
}
