/** How two trees of files differ, worded for people. */

import { byCodeUnits, type TreeFile } from "../store/tree_manifest.ts";

/** Files named before the rest is only counted. */
const NAMED = 3;

/** How two trees differ, in words: `2 files changed: a.csv, b.csv; 1 file added: c.csv`. */
export function describeFiles(before: readonly TreeFile[], after: readonly TreeFile[]): string {
  const old = new Map(before.map((file) => [file.path, file.digest]));
  const now = new Map(after.map((file) => [file.path, file.digest]));
  const changed = after.filter((f) => old.has(f.path) && old.get(f.path) !== f.digest);
  const added = after.filter((f) => !old.has(f.path));
  const removed = before.filter((f) => !now.has(f.path));
  const part = (files: readonly TreeFile[], verb: string): string[] => {
    if (files.length === 0) return [];
    const names = files.map(({ path }) => path).sort(byCodeUnits);
    const some = names.slice(0, NAMED).join(", ") + (names.length > NAMED ? " …" : "");
    return [`${names.length} ${names.length === 1 ? "file" : "files"} ${verb}: ${some}`];
  };
  return [...part(changed, "changed"), ...part(added, "added"), ...part(removed, "removed")].join(
    "; ",
  );
}
