/** Opens bags made by anyone, checks everything, and hands over what is in them. */

import { createHash } from "node:crypto";
import { type ByteSource, byteSource } from "./byte_source.ts";
import { orderParts } from "./group.ts";
import { differs, type IndexedFile, indexPart, type PartIndex } from "./index.ts";
import { DEFAULT_LIMITS } from "./limits.ts";
import { Budget } from "./members.ts";
import type { Refuse } from "./tar_header.ts";
import {
  type Bag,
  BagError,
  type BagLimits,
  type BagSink,
  type MissingEntry,
  type PayloadEntry,
} from "./types.ts";

/** An archive file of a bag, open. */
export interface OpenPart {
  readonly path: string;
  readonly file: Deno.FsFile;
  readonly index: PartIndex;
  readonly refuse: Refuse;
}

/**
 * Opens a bag and checks all of it but the payload's bytes.
 * @param files The archive, or all files of a bag in several parts, in any order.
 * @throws {BagError} and the file system's errors.
 */
export async function openBag(
  files: string | readonly string[],
  limits?: Partial<BagLimits>,
): Promise<Bag> {
  return new PartsBag(await openParts(files, limits), { ...DEFAULT_LIMITS, ...limits });
}

/**
 * Hands over everything in a bag: first the tag files, then the payload. When this returns, every byte
 * has been checked.
 * @throws {BagError} and the file system's errors, and what the sink throws.
 */
export async function readBag(files: string | readonly string[], sink: BagSink): Promise<void> {
  using bag = await openBag(files, sink.limits);
  await bag.read(sink);
}

/**
 * Checks every byte of a bag.
 * @throws {BagError} and the file system's errors.
 */
export async function verifyBag(
  files: string | readonly string[],
  limits?: Partial<BagLimits>,
): Promise<void> {
  await readBag(files, { limits });
}

/** Opens and indexes all parts, in order. */
export async function openParts(
  files: string | readonly string[],
  some?: Partial<BagLimits>,
): Promise<OpenPart[]> {
  const limits = { ...DEFAULT_LIMITS, ...some };
  const paths = typeof files === "string" ? [files] : files;
  if (paths.length === 0) throw new BagError("request", "bag", null, "no file is given");
  if (paths.length > limits.parts) {
    throw new BagError("limit", paths[0], null, `there are more than ${limits.parts} parts`);
  }
  const budget = new Budget(limits);
  const parts: OpenPart[] = [];
  try {
    for (const path of paths) parts.push(await openPart(path, budget));
    const order = orderParts(parts.map((p) => p.index), parts.map((p) => p.refuse));
    return order.map((i) => parts[i]);
  } catch (error) {
    for (const part of parts) part.file.close();
    throw error;
  }
}

async function openPart(path: string, budget: Budget): Promise<OpenPart> {
  const refuse: Refuse = (problem, member, message) => {
    throw new BagError(problem, path, member, message);
  };
  const info = Deno.statSync(path);
  if (!info.isFile) refuse("request", null, "it is not a file");
  const file = Deno.openSync(path);
  try {
    const source = sourceOf(file, budget.limits, refuse);
    try {
      return { path, file, refuse, index: await indexPart(source, budget, refuse) };
    } finally {
      await source.close();
    }
  } catch (error) {
    file.close();
    throw error;
  }
}

function sourceOf(file: Deno.FsFile, limits: BagLimits, refuse: Refuse): ByteSource {
  return byteSource(file, limits, (problem, message) => refuse(problem, null, message));
}

class PartsBag implements Bag {
  readonly #parts: readonly OpenPart[];
  readonly #limits: BagLimits;
  readonly #where = new Map<string, { part: OpenPart; file: IndexedFile }>();
  readonly payload: ReadonlyMap<string, PayloadEntry>;
  readonly missing: ReadonlyMap<string, MissingEntry>;
  readonly bytes: number;

  constructor(parts: readonly OpenPart[], limits: BagLimits) {
    this.#parts = parts;
    this.#limits = limits;
    const payload = new Map<string, PayloadEntry>();
    const missing = new Map<string, MissingEntry>();
    for (const part of parts) {
      for (const file of part.index.files) {
        const path = inData(file.path);
        this.#where.set(path, { part, file });
        payload.set(path, { path, digest: file.digest, bytes: file.bytes });
      }
      for (const [full, { url, bytes }] of part.index.missing) {
        const path = inData(full);
        missing.set(path, { path, digest: part.index.manifest.get(full)!, url, bytes });
      }
    }
    this.payload = payload;
    this.missing = missing;
    this.bytes = parts.reduce((sum, part) => sum + part.file.statSync().size, 0);
  }

  get top(): string {
    return this.#parts[0].index.top;
  }

  get info(): readonly (readonly [string, string])[] {
    return this.#parts[0].index.info;
  }

  get tags(): ReadonlyMap<string, Uint8Array> {
    return this.#parts[0].index.tags;
  }

  open(path: string): ReadableStream<Uint8Array> {
    const { part, file } = this.#where.get(path) ??
      this.#parts[0].refuse("request", path, "it is not in the archive");
    const source = sourceOf(part.file, this.#limits, part.refuse);
    const content = new Content(source, file, part.refuse);
    return content.stream(() => source.close());
  }

  async read(sink: BagSink): Promise<void> {
    for (const [path, bytes] of [...this.tags].sort(([a], [b]) => a < b ? -1 : 1)) {
      await sink.onTag?.(path, bytes);
    }
    for (const part of this.#parts) {
      await readPayload(
        part,
        this.#limits,
        (file, stream) => sink.onPayload?.(inData(file.path), file.digest, file.bytes, stream()),
      );
    }
  }

  [Symbol.dispose](): void {
    for (const part of this.#parts) part.file.close();
  }
}

function inData(path: string): string {
  return path.slice("data/".length);
}

/** Hands over an archive's payload in one go, every byte checked. */
export async function readPayload(
  part: OpenPart,
  limits: BagLimits,
  onFile: (
    file: IndexedFile,
    stream: () => ReadableStream<Uint8Array>,
  ) => void | Promise<void>,
): Promise<void> {
  const source = sourceOf(part.file, limits, part.refuse);
  try {
    for (const file of part.index.files) {
      const content = new Content(source, file, part.refuse);
      await onFile(file, () => content.stream());
      await content.finish();
    }
  } finally {
    await source.close();
  }
}

/** One file's content: read in order, counted and hashed, by a stream or, what that leaves, here. */
class Content {
  readonly #source: ByteSource;
  readonly #file: IndexedFile;
  readonly #refuse: Refuse;
  readonly #hash = createHash("sha256");
  #missing: number;
  #begun = false;
  #checked = false;
  #finished = false;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(source: ByteSource, file: IndexedFile, refuse: Refuse) {
    this.#source = source;
    this.#file = file;
    this.#refuse = refuse;
    this.#missing = file.bytes;
  }

  stream(close?: () => Promise<void>): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        try {
          if (this.#finished) throw new Error(`${this.#file.path} was not read in its turn`);
          const chunk = await this.#next();
          if (chunk !== null) return controller.enqueue(chunk);
          await close?.();
          controller.close();
        } catch (error) {
          await close?.();
          controller.error(error);
        }
      },
      cancel: () => close?.(),
    }, { highWaterMark: 0 });
  }

  /** Reads and checks what no stream has read. */
  async finish(): Promise<void> {
    this.#finished = true;
    while (await this.#next() !== null);
  }

  /** The next chunk; null, once, after the last, when the content is what it should be. */
  #next(): Promise<Uint8Array | null> {
    const turn = this.#turn.then(() => this.#step());
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #step(): Promise<Uint8Array | null> {
    const { path, offset, digest } = this.#file;
    if (!this.#begun) {
      this.#begun = true;
      const gap = offset - this.#source.position;
      if (gap < 0 || !await this.#source.skip(gap)) this.#changed(path);
    }
    if (this.#missing > 0) {
      const chunk = await this.#source.some(this.#missing);
      if (chunk.length === 0) this.#changed(path);
      this.#hash.update(chunk);
      this.#missing -= chunk.length;
      return chunk;
    }
    if (!this.#checked) {
      const found = this.#hash.digest("hex");
      if (found !== digest) this.#refuse("content", path, differs(found, digest));
      this.#checked = true;
    }
    return null;
  }

  #changed(path: string): never {
    return this.#refuse("truncated", path, "the archive was cut off while it was read");
  }
}
