/** The one seam between the engine and the machine: clock, file-system steps, processes. Tests inject faults here. */

/** Steps that change the file system, each of which can fail (disk full, permission, broken disk). */
export interface FileSteps {
  /** Creates a new file; fails when it exists. */
  writeNew(path: string, bytes: Uint8Array): void;
  append(path: string, text: string): void;
  /** Adds to the end of a file that is there. */
  appendBytes(path: string, bytes: Uint8Array): void;
  copy(from: string, to: string): void;
  /** Hard link. */
  link(from: string, to: string): void;
  rename(from: string, to: string): void;
  makeDirectory(path: string): void;
  setMode(path: string, mode: number): void;
  /** Removes a file or a directory with everything in it; a path that is not there is fine. */
  remove(path: string): void;
  /** Opens a file for locking, making it when it is not there; its bytes are kept. */
  openLock(path: string): Deno.FsFile;
  /** Replaces the contents of a file that {@link openLock} opened. */
  fill(file: Deno.FsFile, text: string): void;
  /** Sets a file's modification time, as a sign of life. */
  touch(path: string, time: Date): void;
  /** Flushes file contents to the disk, many at once. */
  flush(paths: readonly string[]): Promise<void>;
}

/** What the engine asks of the machine. */
export interface Host {
  now(): Date;
  /** A name that no other attempt has. */
  unique(): string;
  readonly files: FileSteps;
  spawn(command: string, options: Deno.CommandOptions): Deno.ChildProcess;
  /** Waits; ends early, without an error, when `signal` aborts. */
  delay(milliseconds: number, signal: AbortSignal): Promise<void>;
}

/** More files than this are flushed by one `sync -f` of the file system instead of one by one. */
const FEW = 32;

async function flushOne(path: string): Promise<void> {
  using file = await Deno.open(path, { read: true });
  await file.syncData();
}

async function flushFileSystem(path: string): Promise<boolean> {
  if (Deno.build.os !== "linux") return false;
  try {
    const command = new Deno.Command("sync", {
      args: ["-f", path],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    });
    return (await command.output()).success;
  } catch {
    return false;
  }
}

/** The real machine. */
export const systemHost: Host = {
  now: () => new Date(),
  unique: () => crypto.randomUUID(),
  files: {
    writeNew: (path, bytes) => Deno.writeFileSync(path, bytes, { createNew: true }),
    append: (path, text) => Deno.writeTextFileSync(path, text, { append: true }),
    appendBytes: (path, bytes) => Deno.writeFileSync(path, bytes, { append: true, create: false }),
    copy: (from, to) => Deno.copyFileSync(from, to),
    link: (from, to) => Deno.linkSync(from, to),
    rename: (from, to) => Deno.renameSync(from, to),
    makeDirectory: (path) => Deno.mkdirSync(path, { recursive: true }),
    setMode: (path, mode) => {
      if (Deno.build.os !== "windows") Deno.chmodSync(path, mode);
    },
    remove: (path) => {
      try {
        Deno.removeSync(path, { recursive: true });
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    },
    openLock: (path) => {
      try {
        return Deno.openSync(path, { create: true, read: true, write: true });
      } catch (error) {
        // What another user left can be locked all the same.
        if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
        return Deno.openSync(path);
      }
    },
    fill: (file, text) => {
      file.truncateSync(0);
      file.seekSync(0, Deno.SeekMode.Start);
      const bytes = new TextEncoder().encode(text);
      for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
    },
    touch: (path, time) => Deno.utimeSync(path, time, time),
    async flush(paths) {
      if (paths.length > FEW && await flushFileSystem(paths[0])) return;
      for (let i = 0; i < paths.length; i += FEW) {
        await Promise.all(paths.slice(i, i + FEW).map(flushOne));
      }
    },
  },
  spawn: (command, options) => new Deno.Command(command, options).spawn(),
  delay: (milliseconds, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, milliseconds);
      signal.addEventListener("abort", end);
    }),
};

/** Removes what a failed step left, as far as possible. */
export function discard(host: Host, path: string): void {
  try {
    host.files.remove(path);
  } catch {
    // The disk is in trouble already; the first error is the one to report.
  }
}

/**
 * Writes a whole file so that readers see the old or the new one, never a part.
 * @param store Directory with a `tmp` folder on the same file system as `path`.
 */
export function replaceFile(host: Host, store: string, path: string, bytes: Uint8Array): void {
  const temporary = `${store}/tmp/${host.unique()}`;
  host.files.makeDirectory(path.slice(0, path.lastIndexOf("/")));
  try {
    host.files.writeNew(temporary, bytes);
    moveOver(host, store, temporary, path);
  } catch (error) {
    discard(host, temporary);
    throw error;
  }
}

/** Gives a file its name, also where something is that no file can replace: that goes to quarantine. */
export function moveOver(host: Host, store: string, temporary: string, path: string): void {
  try {
    host.files.rename(temporary, path);
  } catch (error) {
    if (!(error instanceof Deno.errors.IsADirectory)) throw error;
    host.files.makeDirectory(`${store}/quarantine`);
    host.files.rename(path, `${store}/quarantine/${host.unique()}`);
    host.files.rename(temporary, path);
  }
}

/** True for errors that the operating system gave, e.g. of missing permission; others are defects. */
export function isSystemError(error: unknown): error is Error {
  return error instanceof Error && "code" in error && /^E[A-Z0-9]+$/.test(String(error.code));
}

/** True when `error` says that the disk (or the user's quota) is full. */
export function isDiskFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = (error as { code?: unknown }).code;
  return code === "ENOSPC" || code === "EDQUOT" || DISK_FULL.test(error.message);
}

/** How Deno, Node and native code word a full disk. */
export const DISK_FULL = /\bENOSPC\b|\bEDQUOT\b|no space left on device|os error 28|os error 122/i;
