/** What is remembered about folders that were listed, so that unchanged ones need not be listed again. */

import process from "node:process";
import { RACY_MS } from "../racy.ts";

/** Numbers kept a folder: device, inode, mtime, ctime, files in it, and whether its looks may be trusted. */
const COLUMNS = 6;
const [DEV, INO, MTIME, CTIME, FILES, TRUSTED] = [0, 1, 2, 3, 4, 5];

/** Folders in the order in which a walk visits them; the files of each follow those of the one before. */
export interface ListedFolders {
  /** Relative, with a final slash; the root is "". */
  readonly names: readonly string[];
  /** {@link COLUMNS} numbers a folder. */
  readonly numbers: Float64Array<ArrayBuffer>;
}

/** Nothing remembered. */
export const NO_FOLDERS: ListedFolders = { names: [], numbers: new Float64Array(0) };

/**
 * File systems of which it is known that a folder's modification time changes with every entry that comes, goes or
 * is renamed: ext, XFS, Btrfs, tmpfs, ZFS, F2FS, overlayfs. Folders on others are listed each time.
 */
const DATED = new Set([
  0xef53,
  0x58465342,
  0x9123683e,
  0x01021994,
  0x2fc12fc1,
  0xf2f52010,
  0x794c7630,
]);

/** Collects what a walk sees of folders. */
export class FolderList {
  readonly #names: string[] = [];
  readonly #numbers: number[] = [];
  readonly #dated = new Map<number, boolean>();
  #isComplete = true;

  /**
   * Adds a folder after its files are known.
   * @param info From before it was listed. @param checked Milliseconds since the epoch just before `info`.
   */
  add(name: string, path: string, info: Deno.FileInfo, checked: number, files: number): void {
    // Names are kept by lines.
    if (name.includes("\n")) this.#isComplete = false;
    const [modified, changed] = times(info);
    const isOld = Math.max(modified, changed) + RACY_MS < checked;
    const isTrusted = isOld && this.#isDated(path, info.dev);
    this.#names.push(name);
    this.#numbers.push(info.dev, info.ino ?? 0, modified, changed, files, isTrusted ? 1 : 0);
  }

  /** Adds a folder that looks as it did when it was listed. */
  keep(known: ListedFolders, row: number): void {
    this.#names.push(known.names[row]);
    for (let i = 0; i < COLUMNS; i++) this.#numbers.push(known.numbers[row * COLUMNS + i]);
  }

  get folders(): ListedFolders {
    if (!this.#isComplete) return NO_FOLDERS;
    return { names: this.#names, numbers: Float64Array.from(this.#numbers) };
  }

  #isDated(path: string, device: number): boolean {
    let known = this.#dated.get(device);
    if (known === undefined) {
      // Node's module takes milliseconds to load, which a run with nothing new is spared.
      const type = process.getBuiltinModule("node:fs").statfsSync(path).type;
      this.#dated.set(device, known = DATED.has(type));
    }
    return known;
  }
}

/** Finds folders in an earlier list, and the rows of their files and their subfolders. */
export class KnownFolders {
  readonly #rows: ReadonlyMap<string, number>;
  /** Row of each folder's first file. */
  readonly #first: readonly number[];
  readonly #children: readonly (readonly string[])[];

  constructor(readonly folders: ListedFolders) {
    const { names, numbers } = folders;
    this.#rows = new Map(names.map((name, row) => [name, row]));
    const first: number[] = [];
    const children: string[][] = names.map(() => []);
    let files = 0;
    names.forEach((name, row) => {
      first.push(files);
      files += numbers[row * COLUMNS + FILES];
      if (name === "") return;
      const parent = this.#rows.get(name.slice(0, name.lastIndexOf("/", name.length - 2) + 1));
      if (parent !== undefined) children[parent].push(name);
    });
    this.#first = first;
    this.#children = children;
  }

  /** Row of a folder that looks as it did when it was listed, else null. */
  unchanged(name: string, info: Deno.FileInfo): number | null {
    const row = this.#rows.get(name);
    if (row === undefined) return null;
    const { numbers } = this.folders;
    const at = row * COLUMNS;
    const [modified, changed] = times(info);
    const same = info.isDirectory && numbers[at + TRUSTED] === 1 &&
      numbers[at + DEV] === info.dev &&
      numbers[at + INO] === (info.ino ?? 0) && numbers[at + MTIME] === modified &&
      numbers[at + CTIME] === changed;
    return same ? row : null;
  }

  /** First row and number of the files in a folder. */
  files(row: number): readonly [number, number] {
    return [this.#first[row], this.folders.numbers[row * COLUMNS + FILES]];
  }

  /** Subfolders, in the order in which they were visited. */
  children(row: number): readonly string[] {
    return this.#children[row];
  }
}

/** Whether two lists say the same. */
export function sameFolders(a: ListedFolders, b: ListedFolders): boolean {
  return a.names.length === b.names.length && a.names.every((name, i) => name === b.names[i]) &&
    a.numbers.every((number, i) => Object.is(number, b.numbers[i]));
}

function times(info: Deno.FileInfo): [modified: number, changed: number] {
  return [info.mtime?.getTime() ?? NaN, info.ctime?.getTime() ?? NaN];
}
