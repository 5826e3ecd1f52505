/** Lists the files of local data with their stamps. */

import { Failed } from "../failure.ts";
import {
  firstStamps,
  newStamps,
  setStamp,
  type Stamped,
  withRoomFor,
} from "../store/stat_cache.ts";
import {
  FolderList,
  KnownFolders,
  type ListedFolders,
  NO_FOLDERS,
} from "../store/folder_stamps.ts";
import { checkTreePath, TreeError } from "../store/tree_manifest.ts";
import type { LocalSource } from "../types.ts";
import { RENAME, unreadable, wrong } from "./local_failures.ts";

/** Files in the order of the walk. */
export interface Found {
  readonly names: readonly string[];
  readonly stamps: Stamped["stamps"];
  readonly folders: ListedFolders;
}

/** A single file. @throws {Failed} `local-data` */
export function lookAtFile(source: LocalSource, path: string): Found {
  const stamps = newStamps(1);
  const checked = Date.now();
  let info: Deno.FileInfo;
  try {
    info = Deno.statSync(path);
  } catch (error) {
    throw unreadable(source, path, error);
  }
  if (info.isDirectory) {
    throw wrong(source, `${path} is a directory, not a file`, "Name a file, or use localTree.");
  }
  if (!info.isFile) throw wrong(source, `${path} is not a regular file`, "Name a regular file.");
  setStamp(stamps, 0, info, checked);
  return { names: [path.slice(path.lastIndexOf("/") + 1)], stamps, folders: NO_FOLDERS };
}

/**
 * All files of a tree in the order in which the system lists them, which seldom changes. Each file is looked at; a
 * folder that looks as it did when it was listed is not listed again.
 */
export async function walk(
  source: LocalSource,
  root: string,
  known: Stamped | null,
): Promise<Found> {
  const { takes, prunes } = await filters(source);
  const expected = known?.names ?? [];
  const before = new KnownFolders(known?.folders ?? NO_FOLDERS);
  const names: string[] = [];
  // Written at once: a hundred thousand objects that wait for it are slow to collect.
  let stamps = newStamps(Math.max(expected.length, 1024));
  const seen = new FolderList();
  const folders = [""];
  const checked = Date.now();
  const look = (name: string): void => {
    const info = Deno.lstatSync(`${root}/${name}`);
    if (!info.isFile) throw notRegular(source, root, name, info);
    const row = names.length;
    // What was seen before was checked then.
    if (name !== expected[row]) checkName(source, name);
    names.push(name);
    stamps = withRoomFor(stamps, row);
    setStamp(stamps, row, info, checked);
  };
  try {
    for (let prefix; (prefix = folders.pop()) !== undefined;) {
      const path = prefix === "" ? root : `${root}/${prefix.slice(0, -1)}`;
      const info = Deno.lstatSync(path);
      const row = before.unchanged(prefix, info);
      if (row !== null) {
        const [first, count] = before.files(row);
        for (let i = first; i < first + count; i++) look(expected[i]);
        folders.push(...before.children(row).toReversed());
        seen.keep(before.folders, row);
        continue;
      }
      const first = names.length;
      for (const entry of Deno.readDirSync(path)) {
        const name = prefix + entry.name;
        if (entry.isDirectory) {
          if (!prunes(name)) folders.push(`${name}/`);
        } else if (takes(name)) look(name);
      }
      seen.add(prefix, path, info, checked, names.length - first);
    }
  } catch (error) {
    throw unreadable(source, root, error);
  }
  if (names.length === 0) {
    const globs = source.include.length + source.exclude.length > 0;
    const message = `${root} holds no files${globs ? " that are included" : ""}`;
    throw wrong(
      source,
      message,
      globs ? "Correct `include` and `exclude`." : "Put the data there.",
    );
  }
  return { names, stamps: firstStamps(stamps, names.length), folders: seen.folders };
}

function checkName(source: LocalSource, name: string): void {
  try {
    checkTreePath(name);
  } catch (error) {
    if (error instanceof TreeError) throw wrong(source, error.message, RENAME);
    throw error;
  }
}

function notRegular(source: LocalSource, root: string, name: string, info: Deno.FileInfo): Failed {
  const mend = "Replace it by a regular file, or leave it out with `exclude`.";
  const quoted = JSON.stringify(name);
  if (!info.isSymlink) {
    const what = info.isFifo ? "a FIFO" : info.isSocket ? "a socket" : "a device";
    return wrong(source, `${quoted} is ${what}; a tree holds regular files only`, mend);
  }
  const target = Deno.readLinkSync(`${root}/${name}`);
  return wrong(source, `${quoted} is a symbolic link to ${target}, which is not followed`, mend);
}

/** Which files are taken, and which folders need not be looked into. */
async function filters({ include, exclude }: LocalSource): Promise<{
  takes(name: string): boolean;
  prunes(folder: string): boolean;
}> {
  if (include.length + exclude.length === 0) return { takes: () => true, prunes: () => false };
  // Loaded only when there are globs.
  const { globToRegExp } = await import("@std/path");
  const patterns = (globs: readonly string[]) => globs.map((glob) => globToRegExp(glob) as RegExp);
  const matches = (list: readonly RegExp[]) => (name: string) => list.some((p) => p.test(name));
  const included = include.length === 0 ? () => true : matches(patterns(include));
  const excluded = matches(patterns(exclude));
  const whole = exclude.filter((glob) => glob.endsWith("/**")).map((glob) => glob.slice(0, -3));
  return {
    takes: (name) => included(name) && !excluded(name),
    prunes: matches(patterns(whole)),
  };
}
