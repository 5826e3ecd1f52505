/** What a store's folder says about who uses it: one user, a group, or readers only. */

import { type Host, isSystemError } from "../host.ts";
import { Failed } from "../failure.ts";
import { shareWithGroup } from "./group.ts";

/** The folders of a store that must be there before it is used. */
const FOLDERS = ["objects/sha256", "records", "tmp", "attempts", "logs", "leases"];

/**
 * Makes a store's folders; what is made in the folder of a group may be used by the group.
 *
 * A store that can only be read is opened as it is.
 */
export function prepareStore(dir: string, host: Host): void {
  try {
    host.files.makeDirectory(dir);
    shareWithGroup(dir);
    for (const folder of FOLDERS) host.files.makeDirectory(`${dir}/${folder}`);
  } catch (error) {
    if (!isRefused(error) || !isFolder(`${dir}/objects/sha256`)) throw error;
  }
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
