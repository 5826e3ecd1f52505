/** Hashes, copies, links and renames thousands of files on all cores. */

/** One portion of work for a thread. */
export interface BulkRequest {
  readonly id: number;
  /** `copy` hashes what it copies, into read-only files. */
  readonly work: "hash" | "stamp-and-hash" | "copy" | "link" | "rename";
  readonly from: readonly string[];
  /** As many as `from`; empty when hashing. */
  readonly to: readonly string[];
}

/** What came of one portion. */
export interface BulkAnswer {
  readonly id: number;
  /** 32 bytes a file. */
  readonly digests: Uint8Array<ArrayBuffer>;
  readonly sizes: Float64Array<ArrayBuffer>;
  /** See `stamp`: before hashing when asked for, after renaming. */
  readonly stamps: readonly string[];
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
  /** @param path The file. */
  constructor(readonly path: string, failed: NonNullable<BulkAnswer["failed"]>) {
    super(failed.message);
    this.name = failed.name;
    this.code = failed.code;
  }
  /** The system's, e.g. "ENOENT". */
  readonly code: string | undefined;
}

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
  ): Promise<BulkResult> {
    const digests = new Uint8Array(from.length * 32);
    const sizes = new Float64Array(from.length);
    const stamps: string[] = new Array(from.length);
    let next = 0;
    let failure: BulkError | null = null;
    const loop = async (thread: Worker) => {
      while (next < from.length && failure === null) {
        const start = next;
        next += PORTION;
        const end = Math.min(next, from.length);
        const request = { id: start, work, from: from.slice(start, end), to: to.slice(start, end) };
        const answer = await ask(thread, request);
        if (answer.failed !== null) {
          failure ??= new BulkError(from[start + answer.failed.row], answer.failed);
        }
        digests.set(answer.digests, start * 32);
        sizes.set(answer.sizes, start);
        answer.stamps.forEach((stamp, i) => stamps[start + i] = stamp);
      }
    };
    await Promise.all(this.#threads.map(loop));
    if (failure !== null) throw failure;
    return { digests, sizes, stamps };
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
