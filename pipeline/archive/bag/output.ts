/** A file that appears under its name only when it is whole: streamed, counted, hashed, flushed, renamed. */

import { createHash } from "node:crypto";
import { discard, type Host } from "../../host.ts";

const BUFFER = 1 << 20;

/** Where an archive's bytes go. */
export class Output {
  readonly #host: Host;
  readonly #path: string;
  readonly #temporary: string;
  /** Held until the file has its name: a temporary file that nobody holds is a dead process's. */
  readonly #lock: Deno.FsFile | null;
  readonly #hash = createHash("sha256");
  readonly #buffer = new Uint8Array(BUFFER);
  readonly #deflate: { write(bytes: Uint8Array): Promise<void>; end(): Promise<void> } | null;
  #filled = 0;
  #bytes = 0;

  /** Creates the file under a temporary name beside `path`, and removes what killed writers of it left. */
  constructor(host: Host, path: string, compress: boolean) {
    this.#host = host;
    this.#path = path;
    const slash = path.lastIndexOf("/") + 1;
    const directory = path.slice(0, slash);
    const prefix = `.${path.slice(slash)}.`;
    removeDead(host, directory, prefix);
    const { temporary, lock } = create(host, `${directory}${prefix}`);
    this.#temporary = temporary;
    this.#lock = lock;
    this.#deflate = compress ? this.#gzip() : null;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#deflate === null) this.#put(bytes);
    else await this.#deflate.write(bytes);
  }

  /** Ends the file and flushes it to the disk, still under its temporary name. */
  async end(): Promise<{ digest: string; bytes: number }> {
    await this.#deflate?.end();
    this.#spill();
    await this.#host.files.flush([this.#temporary]);
    return { digest: this.#hash.digest("hex"), bytes: this.#bytes };
  }

  /** Gives the file its name; a file that had it is replaced. */
  publish(): void {
    this.#host.files.rename(this.#temporary, this.#path);
    this.#lock?.close();
  }

  /** Removes what was written; a file that has its name by now stays. */
  discard(): void {
    discard(this.#host, this.#temporary);
    try {
      this.#lock?.close();
    } catch {
      // It was closed when the file got its name.
    }
  }

  #put(bytes: Uint8Array): void {
    this.#hash.update(bytes);
    this.#bytes += bytes.length;
    if (this.#filled + bytes.length > BUFFER) this.#spill();
    if (bytes.length > BUFFER) {
      this.#host.files.appendBytes(this.#temporary, bytes);
      return;
    }
    this.#buffer.set(bytes, this.#filled);
    this.#filled += bytes.length;
  }

  #spill(): void {
    if (this.#filled === 0) return;
    this.#host.files.appendBytes(this.#temporary, this.#buffer.subarray(0, this.#filled));
    this.#filled = 0;
  }

  /** The deflater's header has neither time nor name; its "operating system" is "unknown". */
  #gzip() {
    const stream = new CompressionStream("gzip");
    const writer = stream.writable.getWriter();
    const drained = (async () => {
      for await (const bytes of stream.readable) this.#put(bytes);
    })();
    // A failure to write shows at the next write and at the end.
    drained.catch((error) => writer.abort(error).catch(() => {}));
    return {
      write: async (bytes: Uint8Array) => await writer.write(bytes.slice()),
      end: async () => {
        await writer.close();
        await drained;
      },
    };
  }
}

const PARTIAL = ".partial";

/** Whether this process now holds the file; null when the file system cannot tell. */
function take(file: Deno.FsFile): boolean | null {
  // Windows' locks would keep our own appending out.
  if (Deno.build.os === "windows") return null;
  try {
    return file.tryLockSync(true);
  } catch {
    return null;
  }
}

function isThere(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

/** A new file that this process holds. */
function create(host: Host, prefix: string): { temporary: string; lock: Deno.FsFile | null } {
  while (true) {
    const temporary = `${prefix}${host.unique()}${PARTIAL}`;
    host.files.writeNew(temporary, new Uint8Array());
    const lock = Deno.openSync(temporary, { read: true, write: true });
    const held = take(lock);
    // Another writer may have taken it for a dead one's before it was held.
    if (held !== false && isThere(temporary)) return { temporary, lock };
    lock.close();
  }
}

function removeDead(host: Host, directory: string, prefix: string): void {
  let names: string[];
  try {
    names = [...Deno.readDirSync(directory === "" ? "." : directory)].map((entry) => entry.name);
  } catch {
    return; // Creating the file will say what is wrong.
  }
  for (const name of names) {
    if (!name.startsWith(prefix) || !name.endsWith(PARTIAL)) continue;
    try {
      using file = Deno.openSync(`${directory}${name}`, { read: true, write: true });
      if (take(file) === true) host.files.remove(`${directory}${name}`);
    } catch {
      // Someone else removes it, or may not be asked: it is not in the way.
    }
  }
}
