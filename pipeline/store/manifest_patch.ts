/** Changes some lines of a tree's manifest, without making all others again. */

import { byCodeUnits, manifestLine, type TreeFile } from "./tree_manifest.ts";

/** A file of the tree as it was and as it is; the path stays. */
export interface ManifestEdit {
  readonly before: TreeFile;
  readonly after: TreeFile;
}

const NEWLINE = 10;
const COMMA = 44;

/**
 * The manifest with the given lines replaced.
 * @param manifest Canonical bytes, as `encodeManifest` wrote them.
 * @returns null when it does not list a file as it is said to have been.
 */
export function patchManifest(
  manifest: Uint8Array,
  edits: readonly ManifestEdit[],
): Uint8Array<ArrayBuffer> | null {
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  const parts: Uint8Array[] = [];
  let done = 0;
  for (
    const { before, after } of edits.toSorted((a, b) => byCodeUnits(a.before.path, b.before.path))
  ) {
    const line = lineOf(manifest, before.path);
    if (line === null) return null;
    const [start, end] = line;
    if (decoder.decode(manifest.subarray(start, end)) !== manifestLine(before)) return null;
    parts.push(manifest.subarray(done, start), encoder.encode(manifestLine(after)));
    done = end;
  }
  parts.push(manifest.subarray(done));
  const patched = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    patched.set(part, at);
    at += part.length;
  }
  return patched;
}

/** Start and end of the line of a file, without the comma behind it; by bisection, since lines are sorted. */
function lineOf(manifest: Uint8Array, path: string): readonly [number, number] | null {
  // Between the line that opens the list and the one that closes it.
  let low = manifest.indexOf(NEWLINE) + 1;
  let high = manifest.lastIndexOf(NEWLINE, manifest.length - 2);
  while (low < high) {
    const middle = (low + high) >>> 1;
    const start = Math.max(low, manifest.lastIndexOf(NEWLINE, middle - 1) + 1);
    const found = manifest.indexOf(NEWLINE, start);
    const next = found < 0 ? manifest.length : found + 1;
    const end = manifest[next - 2] === COMMA ? next - 2 : next - 1;
    const order = byCodeUnits(pathOf(manifest.subarray(start, end)), path);
    if (order === 0) return [start, end];
    if (order < 0) low = next;
    else high = start;
  }
  return null;
}

function pathOf(line: Uint8Array): string {
  try {
    return JSON.parse(new TextDecoder().decode(line)).path;
  } catch {
    return "";
  }
}
