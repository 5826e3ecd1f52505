/** Names what stands at a path, for messages about what is no regular file. */

/** What the entry at `path` is, e.g. "a symbolic link to /etc/passwd". */
export function fileType(path: string): string {
  const info = Deno.lstatSync(path);
  if (info.isSymlink) return `a symbolic link to ${Deno.readLinkSync(path)}`;
  if (info.isDirectory) return "a directory";
  if (info.isFifo) return "a FIFO";
  if (info.isSocket) return "a socket";
  if (info.isBlockDevice || info.isCharDevice) return "a device";
  return "a regular file";
}
