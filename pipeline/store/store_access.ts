/** What a store's folder says about who uses it: one user, a group, or readers only. */

import { type Host, isSystemError } from "../host.ts";
import { Failed } from "../failure.ts";

const SET_GROUP = 0o2000;
const GROUP_WRITES = 0o020;
/** What a mask takes from the group. */
const GROUP = 0o070;

/** The folders of a store that must be there before it is used. */
const FOLDERS = ["objects/sha256", "records", "tmp", "attempts", "logs", "leases"];

/**
 * Makes a store's folders. In a folder that belongs to a group (`chmod 2775`), everything that this process makes
 * from now on may be used by the group, too: the system passes the group on, the mask would take its rights away.
 *
 * A store that can only be read is opened as it is.
 */
export function prepareStore(dir: string, host: Host): void {
  try {
    host.files.makeDirectory(dir);
    if (isShared(dir)) Deno.umask(Deno.umask() & ~GROUP);
    for (const folder of FOLDERS) host.files.makeDirectory(`${dir}/${folder}`);
  } catch (error) {
    if (!isRefused(error) || !isFolder(`${dir}/objects/sha256`)) throw error;
  }
}

function isShared(dir: string): boolean {
  if (Deno.build.os === "windows") return false;
  const both = SET_GROUP | GROUP_WRITES;
  return ((Deno.statSync(dir).mode ?? 0) & both) === both;
}

/** Says before anything runs that nothing could be kept. @throws {Failed} `store` */
export function checkWritable(dir: string, host: Host): void {
  const probe = `${dir}/tmp/${host.unique()}`;
  try {
    host.files.writeNew(probe, new Uint8Array());
    host.files.remove(probe);
  } catch (error) {
    // A full disk, for example, is told by what fails because of it.
    if (!isRefused(error)) return;
    throw new Failed({
      code: "store",
      message: "you may read this store but not write to it, and there is something to run",
      where: dir,
      mend: "Name a store of your own with --store DIR, or ask for the right to write to this one.",
    }, { cause: error });
  }
}

/** Whether the system says that the user, or nobody, may write there. */
export function isRefused(error: unknown): boolean {
  const code = isSystemError(error) ? (error as { code?: unknown }).code : null;
  return code === "EACCES" || code === "EPERM" || code === "EROFS";
}

function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}
