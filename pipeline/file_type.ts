/** Names what stands at a path, for messages about what is no regular file. */

import { lstatSync, readlinkSync } from "node:fs";

/** What the entry at `path` is, e.g. "a symbolic link to /etc/passwd". */
export function fileType(path: string): string {
  const info = lstatSync(path);
  if (info.isSymbolicLink()) return `a symbolic link to ${readlinkSync(path)}`;
  if (info.isDirectory()) return "a directory";
  if (info.isFIFO()) return "a FIFO";
  if (info.isSocket()) return "a socket";
  if (info.isBlockDevice() || info.isCharacterDevice()) return "a device";
  return "a regular file";
}
