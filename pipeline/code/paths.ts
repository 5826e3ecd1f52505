/** Paths of source files, as they stand in programs and as URLs. */

/** A path relative to the root, with `/`; outside it, with `..`. */
export function relative(path: string, root: string): string {
  const from = root.split("/");
  const to = path.split("/");
  let same = 0;
  while (same < from.length && same < to.length - 1 && from[same] === to[same]) same++;
  return [...from.slice(same).map(() => ".."), ...to.slice(same)].join("/");
}

/** The URL of a directory given by its path. */
export function directoryUrl(path: string): URL {
  return pathUrl(`${path}/`, new URL("file:///"));
}

/** The URL of a path relative to another URL. */
export function pathUrl(path: string, base: URL): URL {
  return new URL(path.split("/").map(encodeURIComponent).join("/"), base);
}
