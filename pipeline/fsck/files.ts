/** Looking at the files of a store that other processes change meanwhile. */

/** Names in a directory, sorted; none when it is not there. */
export function namesIn(path: string): string[] {
  try {
    return [...Deno.readDirSync(path)].map(({ name }) => name).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return [];
    }
    throw error;
  }
}

/** Paths of all that is no directory under `root`, in order. */
export function* filesBelow(root: string): Generator<string> {
  for (const name of namesIn(root)) {
    const path = `${root}/${name}`;
    const info = infoOf(path);
    if (info === null) continue;
    if (info.isDirectory) yield* filesBelow(path);
    else yield path;
  }
}

/** What a path is, links not followed; null when it is gone. */
export function infoOf(path: string): Deno.FileInfo | null {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** The later of modification and status change, in milliseconds since the epoch. */
export function touched({ mtime, ctime }: Deno.FileInfo): number {
  return Math.max(mtime?.getTime() ?? 0, ctime?.getTime() ?? 0);
}

/** Text of a file; null when it is gone or cannot be read. */
export function textOf(path: string): string | null {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return null;
  }
}

/** True when a file holds a JSON object. */
export function isJson(path: string): boolean {
  try {
    const value = JSON.parse(textOf(path) ?? "null");
    return typeof value === "object" && value !== null;
  } catch {
    return false;
  }
}
