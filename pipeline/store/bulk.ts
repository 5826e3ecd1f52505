/** Hashes, copies, reads, links, renames and unpacks thousands of files on all cores. */

/** One portion of work for a thread. */
export interface BulkRequest {
  readonly id: number;
  /**
   * `copy` hashes what it copies, into read-only files; `read` gives contents and hashes; `unpack` writes members
   * of packs, each with the right hash, into new read-only files.
   */
  readonly work: "hash" | "stamp-and-hash" | "copy" | "read" | "link" | "rename" | "unpack";
  readonly from: readonly string[];
  /** As many as `from`; empty when hashing and reading. */
  readonly to: readonly string[];
  /** Sizes as far as known, or of the members in `from`: small files are read at once. */
  readonly sizes?: Float64Array;
  /** Where the members start in the packs in `from`. */
  readonly offsets?: Float64Array;
  /** 32 bytes a member. */
  readonly digests?: Uint8Array;
}

/** What came of one portion. */
export interface BulkAnswer {
  readonly id: number;
  /** 32 bytes a file. */
  readonly digests: Uint8Array<ArrayBuffer>;
  readonly sizes: Float64Array<ArrayBuffer>;
  /** See `stamp`: before hashing when asked for, after renaming. */
  readonly stamps: readonly string[];
  /** What was read, one file after the other. */
  readonly contents: Uint8Array<ArrayBuffer> | null;
  /** The first file that could not be worked on; what follows it was not tried. */
  readonly failed: {
    readonly row: number;
    readonly name: string;
    readonly message: string;
    readonly code?: string;
  } | null;
}

/** Digests (32 bytes a file), sizes and stamps, in the order of the files. */
export interface BulkResult {
  readonly digests: Uint8Array<ArrayBuffer>;
  readonly sizes: Float64Array<ArrayBuffer>;
  readonly stamps: readonly string[];
}

/** An error of the file system about one of many files. */
export class BulkError extends Error {
  override readonly name: string;
  /** @param path The file. @param row Its place among all of them. */
  constructor(
    readonly path: string,
    failed: NonNullable<BulkAnswer["failed"]>,
    readonly row: number,
  ) {
    super(failed.message);
    this.name = failed.name;
    this.code = failed.code;
  }
  /** The system's, e.g. "ENOENT". */
  readonly code: string | undefined;
}

/** Name of the error of a member that is not what it should be. */
export const DAMAGED = "DamagedMember";

/** Fewer files than this are not worth starting threads for. */
export const BULK_FILES = 2000;
const PORTION = 1000;
const MOST_THREADS = 8;

/** Threads that work through lists of files. Dispose of it, or the process does not end. */
export class Bulk {
  readonly #threads: Worker[] = [];

  /** Starts one thread a core. */
  constructor(count = Math.min(navigator.hardwareConcurrency, MOST_THREADS)) {
    for (let i = 0; i < count; i++) {
      const url = new URL("./bulk_worker.ts", import.meta.url);
      this.#threads.push(new Worker(url, { type: "module" }));
    }
  }

  /**
   * Works through all files. @throws {BulkError} about the first portion that failed, after all
   * threads have stopped, so that nothing is written later.
   */
  async run(
    work: BulkRequest["work"],
    from: readonly string[],
    to: readonly string[] = [],
    about: Pick<BulkRequest, "sizes" | "offsets" | "digests"> = {},
  ): Promise<BulkResult> {
    const digests = new Uint8Array(from.length * 32);
    const sizes = new Float64Array(from.length);
    const stamps: string[] = new Array(from.length);
    await this.#portions({ work, from, to, ...about }, (start, answer) => {
      digests.set(answer.digests, start * 32);
      sizes.set(answer.sizes, start);
      answer.stamps.forEach((stamp, i) => stamps[start + i] = stamp);
    });
    return { digests, sizes, stamps };
  }

  /**
   * Reads all files, and hands out their contents in order, a portion at a time.
   * @throws {BulkError} as `run`, and whatever `take` throws.
   */
  async read(
    from: readonly string[],
    sizes: Float64Array,
    take: (answer: BulkAnswer) => void,
  ): Promise<void> {
    const early = new Map<number, BulkAnswer>();
    let next = 0;
    await this.#portions({ work: "read", from, to: [], sizes }, (start, answer) => {
      early.set(start, answer);
      for (let found; (found = early.get(next)) !== undefined; next += found.sizes.length) {
        early.delete(next);
        take(found);
      }
    });
  }

  async #portions(
    { work, from, to, sizes, offsets, digests }: Omit<BulkRequest, "id">,
    take: (start: number, answer: BulkAnswer) => void,
  ): Promise<void> {
    let next = 0;
    let failure: { readonly error: unknown } | null = null;
    const loop = async (thread: Worker) => {
      while (next < from.length && failure === null) {
        const start = next;
        next += PORTION;
        const end = Math.min(next, from.length);
        const answer = await ask(thread, {
          id: start,
          work,
          from: from.slice(start, end),
          to: to.slice(start, end),
          sizes: sizes?.slice(start, end),
          offsets: offsets?.slice(start, end),
          digests: digests?.slice(start * 32, end * 32),
        });
        if (answer.failed !== null) {
          failure ??= {
            error: new BulkError(
              from[start + answer.failed.row],
              answer.failed,
              start + answer.failed.row,
            ),
          };
        }
        if (failure !== null) return;
        try {
          take(start, answer);
        } catch (error) {
          failure ??= { error };
        }
      }
    };
    await Promise.all(this.#threads.map(loop));
    if (failure !== null) throw (failure as { readonly error: unknown }).error;
  }

  [Symbol.dispose](): void {
    for (const thread of this.#threads) thread.terminate();
  }
}

function ask(thread: Worker, request: BulkRequest): Promise<BulkAnswer> {
  return new Promise((resolve, reject) => {
    thread.onmessage = ({ data }: MessageEvent<BulkAnswer>) => resolve(data);
    thread.onerror = (event) => {
      event.preventDefault();
      reject(new Error(`a thread that reads files stopped: ${event.message}`));
    };
    thread.postMessage(request);
  });
}
