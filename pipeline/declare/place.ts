/** Where in a project something was called or went wrong. */

const engine = new URL("../", import.meta.url).href;
const project = new URL("../../", import.meta.url).href;

/** The innermost place in an error's trace that is not in the engine or a package, relative to the project. */
export function placeOf(error: Error): string | null {
  for (const [, url, position] of (error.stack ?? "").matchAll(/(file:\/\/[^\s()]+?):(\d+:\d+)/g)) {
    if (url.startsWith(engine) || url.includes("/npm/")) continue;
    const path = url.startsWith(project)
      ? url.slice(project.length)
      : decodeURIComponent(new URL(url).pathname);
    return `${path}:${position}`;
  }
  return null;
}

/** What was thrown, in a line; anything can be. */
export function inWords(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
