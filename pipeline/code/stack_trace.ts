/** Translates stack traces of stage programs back to the files that people wrote. */

import type { SourceMap } from "node:module";
import process from "node:process";
import type { Digest } from "../types.ts";

/** Where the source map of a program is kept. @param cacheDir As given to `bundles`. */
export function sourceMapPath(cacheDir: string, program: Digest): string {
  return `${cacheDir}/${program}.js.map`;
}

/**
 * A stack trace with the positions in `program.js` replaced by positions in source files, as
 * `methods/optima/bandit.ts:12:5`. Unchanged where no source map can be read.
 *
 * @param stack What the stage's process reported.
 * @param mapPath See `sourceMapPath`.
 */
export function originalStack(stack: string, mapPath: string): string {
  const map = readMap(mapPath);
  if (map === null) return stack;
  const original = (position: string, line: string, column: string) => {
    // Stack traces count from 1, source maps from 0.
    const entry = map.findEntry(Number(line) - 1, Number(column) - 1);
    if (!("originalSource" in entry) || !entry.originalSource) return position;
    // Sources are relative to a folder in the root.
    const file = entry.originalSource.replace(/^\.\.\//, "");
    return `${file}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
  };
  // Line by line: in a message of a million characters without a space, the search would take hours.
  return stack.split("\n").map((text) =>
    text.length > LONGEST_FRAME || !text.includes("/program.js:")
      ? text
      : text.replace(/[^\s()]*\/program\.js:(\d+):(\d+)/g, original)
  ).join("\n");
}

/** Longer lines are no frames of a stack. */
const LONGEST_FRAME = 10_000;

function readMap(path: string): SourceMap | null {
  try {
    // Loaded only for a stage that failed.
    const { SourceMap } = process.getBuiltinModule("node:module");
    return new SourceMap(JSON.parse(Deno.readTextFileSync(path)));
  } catch {
    // The map is a convenience: a trace without it is better than another error.
    return null;
  }
}
