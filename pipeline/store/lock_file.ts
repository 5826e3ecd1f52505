/** Lock files: the kernel frees them when their holder dies, and they say who the holder is. */

import { kill } from "node:process";
import type { Host } from "../host.ts";

/** The process that holds something. */
export interface Owner {
  readonly pid: number;
  /** Name of its machine. */
  readonly host: string;
  /** Boot of the machine and process namespace, within which `pid` means something; "" when unknown. */
  readonly machine: string;
  /** When the process started, in the kernel's units: a number used again is another process. */
  readonly started: string;
  /** ISO 8601: since when it holds. */
  readonly since: string;
  /** Tells two holdings by one process apart. */
  readonly token: string;
}

/** Some file systems never show the same inode twice: there, a lock says nothing. */
const MOST_TRIES = 100;

/** A lock that is held. */
export interface LockFile {
  readonly owner: Owner;
  /** Lets go. The file stays unless its holder removed it before. */
  close(): void;
}

function readText(path: string): string | null {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return null;
  }
}

/** The 22nd field of Linux's `stat`; the command before it may hold spaces and brackets. */
function startOf(pid: number | "self"): string | null {
  const stat = readText(`/proc/${pid}/stat`);
  return stat === null ? null : stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
}

function machineId(): string {
  const boot = readText("/proc/sys/kernel/random/boot_id");
  if (boot === null) return "";
  try {
    return `${boot.trim()} ${Deno.readLinkSync("/proc/self/ns/pid")}`;
  } catch {
    return boot.trim();
  }
}

let self: Pick<Owner, "pid" | "host" | "machine" | "started"> | null = null;

/** This process as an owner from now on. */
export function thisOwner(host: Host): Owner {
  self ??= {
    pid: Deno.pid,
    host: Deno.hostname(),
    machine: machineId(),
    started: startOf("self") ?? "",
  };
  return { ...self, since: host.now().toISOString(), token: host.unique() };
}

/**
 * Whether an owner's process lives.
 * @returns null when that cannot be known from here, because it is on another machine.
 */
export function isAlive(owner: Owner): boolean | null {
  const here = machineId();
  if (here !== "" && owner.machine === here) {
    const started = startOf(owner.pid);
    return started !== null && (owner.started === "" || started === owner.started);
  }
  // Another boot of this machine (or another container on it, which shares the boot) cannot be asked.
  if (owner.host !== Deno.hostname() || owner.machine !== "" || here !== "") return null;
  try {
    kill(owner.pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code === "EPERM";
  }
}

/** Who a lock file says its holder is or was; null when it says nothing that can be read. */
export function readOwner(path: string): Owner | null {
  try {
    const owner = JSON.parse(Deno.readTextFileSync(path));
    const texts = [owner.host, owner.machine, owner.started, owner.since, owner.token];
    return Number.isSafeInteger(owner.pid) && texts.every((t) => typeof t === "string")
      ? owner
      : null;
  } catch {
    return null;
  }
}

/** "process 12 on lab3, since 2026-01-31 12:00:05 UTC". */
export function describeOwner({ pid, host, since }: Owner): string {
  return `process ${pid} on ${host}, since ${since.slice(0, 19).replace("T", " ")} UTC`;
}

/**
 * Takes the lock at `path` if it is free, and writes its owner into it.
 *
 * @returns null when another process has it; "unsupported" on file systems that cannot lock.
 * @throws the file system's errors of opening.
 */
export function takeLock(host: Host, path: string): LockFile | null | "unsupported" {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const file = host.files.openLock(path);
    let locked: boolean;
    try {
      locked = file.tryLockSync(true);
    } catch {
      file.close();
      return "unsupported";
    }
    if (!locked) {
      file.close();
      return null;
    }
    if (isStillAt(file, path)) {
      const owner = thisOwner(host);
      try {
        host.files.fill(file, JSON.stringify(owner));
      } catch {
        // On a full disk the lock holds all the same; it only does not say whose it is.
      }
      return { owner, close: () => file.close() };
    }
    // A lock on a file that its holder just removed guards nothing: open the new one.
    file.close();
  }
  return "unsupported";
}

/** True when a living process holds the lock at `path`; a file that is not there is held by nobody. */
export function isHeld(path: string): boolean {
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
  try {
    // Shared: two processes that ask do not see each other.
    if (!file.tryLockSync(false)) return true;
    // Its holder may have found no locks here: what it wrote counts too.
    const owner = readOwner(path);
    return owner !== null && isAlive(owner) === true;
  } catch {
    const owner = readOwner(path);
    // Without locks, an owner on another machine counts as alive: nothing here depends on it soon.
    return owner !== null && isAlive(owner) !== false;
  } finally {
    file.close();
  }
}

function isStillAt(file: Deno.FsFile, path: string): boolean {
  try {
    return Deno.statSync(path).ino === file.statSync().ino;
  } catch {
    return false;
  }
}
