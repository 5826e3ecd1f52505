/** A file that appears under its name only when it is whole: streamed, counted, hashed, flushed, renamed. */

import { createHash } from "node:crypto";
import { discard, type Host } from "../../host.ts";

const BUFFER = 1 << 20;

/** Where an archive's bytes go. */
export class Output {
  readonly #host: Host;
  readonly #path: string;
  readonly #temporary: string;
  readonly #hash = createHash("sha256");
  readonly #buffer = new Uint8Array(BUFFER);
  readonly #deflate: { write(bytes: Uint8Array): Promise<void>; end(): Promise<void> } | null;
  #filled = 0;
  #bytes = 0;

  /** Creates the file under a temporary name beside `path`. */
  constructor(host: Host, path: string, compress: boolean) {
    this.#host = host;
    this.#path = path;
    const slash = path.lastIndexOf("/") + 1;
    this.#temporary = `${path.slice(0, slash)}.${path.slice(slash)}.${host.unique()}.partial`;
    host.files.writeNew(this.#temporary, new Uint8Array());
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
  }

  /** Removes what was written. */
  discard(): void {
    discard(this.#host, this.#temporary);
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

  /** The inflater's header has neither time nor name; its "operating system" is "unknown". */
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
