/** Stores that a group of users shares. */

const SET_GROUP = 0o2000;
const GROUP_WRITES = 0o020;
/** What a mask takes from the group. */
const GROUP = 0o070;

/**
 * In a folder that belongs to a group (`chmod 2775`), everything that this process makes from now on may be used by
 * the group, too: the system passes the group on, the mask would take its rights away.
 */
export function shareWithGroup(dir: string): void {
  if (isShared(dir)) Deno.umask(Deno.umask() & ~GROUP);
}

function isShared(dir: string): boolean {
  if (Deno.build.os === "windows") return false;
  const both = SET_GROUP | GROUP_WRITES;
  return ((Deno.statSync(dir).mode ?? 0) & both) === both;
}
