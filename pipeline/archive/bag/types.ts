/** Vocabulary of bags: what the writer takes, what the reader gives, its limits, and its one error. */

import { Failed } from "../../failure.ts";
import type { Host } from "../../host.ts";

/** A file of the bag's payload, i.e. below `data/`. Its size and digest are known beforehand. */
export interface PayloadFile {
  /** Relative to `data/`, with `/` between components, e.g. `objects/sha256/ab/abcd…`. */
  readonly path: string;
  /** SHA-256 of the content, 64 lower-case hexadecimal digits. */
  readonly digest: string;
  readonly bytes: number;
  /** The content. Called once; what it gives must have `bytes` bytes and the digest `digest`. */
  open():
    | ReadableStream<Uint8Array>
    | Uint8Array
    | Promise<ReadableStream<Uint8Array> | Uint8Array>;
}

/** A small file outside `data/`, held in memory, e.g. `ro-crate-metadata.json`. */
export interface TagFile {
  /** Relative to the bag's top folder. Never one of the files that BagIt itself defines. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** A payload file that is not in the archive but can be had elsewhere (a line of `fetch.txt`). */
export interface FetchEntry {
  /** `https:` or `http:`. */
  readonly url: string;
  readonly bytes: number;
  /** Relative to `data/`. */
  readonly path: string;
  /** SHA-256 of the content, 64 lower-case hexadecimal digits. */
  readonly digest: string;
}

/** What goes into a bag. The same content gives the same bytes, in whatever order it is listed. */
export interface BagContent {
  /**
   * Lines of `bag-info.txt`, in this order. `Payload-Oxum`, `Bag-Count` and `Bag-Group-Identifier`
   * are the writer's own and refused here.
   */
  readonly info: Readonly<Record<string, string>>;
  readonly payload: Iterable<PayloadFile> | AsyncIterable<PayloadFile>;
  readonly tags: Iterable<TagFile>;
  readonly fetch?: readonly FetchEntry[];
}

/** How a bag is written. */
export interface WriteOptions {
  /** Name of the one folder that holds everything; `bag` when not given. Part of the bytes. */
  readonly top?: string;
  /**
   * Largest size of one file, in bytes. What does not fit in one becomes several, named
   * `NAME.1-of-3.tar` and so on, each a whole bag of its own. A payload file that does not fit alone
   * is refused. Cannot be combined with `compress`.
   */
  readonly splitBytes?: number;
  /** `"gzip"` compresses the archive, with a header that depends on nothing. None by default. */
  readonly compress?: false | "gzip";
  /** Where the file-system steps go; the real machine when not given. */
  readonly host?: Host;
}

/** One file that was written. */
export interface WrittenPart {
  readonly file: string;
  /** SHA-256 of the file. */
  readonly digest: string;
  readonly bytes: number;
}

/** What {@link writeBag} wrote. */
export interface WrittenBag {
  /** SHA-256 of the one file; of several, of the lines `<digest>  <file name>\n` in order. */
  readonly digest: string;
  /** Sum of the sizes of all files. */
  readonly bytes: number;
  readonly parts: readonly WrittenPart[];
}

/** How much a bag may ask of the reader. Everything is refused before it is allocated or written. */
export interface BagLimits {
  /** Files that make up one bag (`NAME.1-of-3.tar` …). */
  readonly parts: number;
  /** Members of all archives together, folders included. */
  readonly members: number;
  /** Size of one payload file. */
  readonly memberBytes: number;
  /** Sum of the sizes of all members, i.e. of what extraction writes. */
  readonly totalBytes: number;
  /** Sum of the sizes of all tag files (manifests, metadata): they are held in memory. */
  readonly tagBytes: number;
  /** Size of one manifest or `fetch.txt`. */
  readonly manifestBytes: number;
  /** Sum of the lengths of all member names: they are held in memory. */
  readonly nameBytes: number;
  /** Size of one pax extended header. */
  readonly headerBytes: number;
  /** Most bytes that one compressed byte may stand for, over the whole of a gzip file. */
  readonly inflateRatio: number;
}

/** A payload file as the bag lists it. */
export interface PayloadEntry {
  /** Relative to `data/`. */
  readonly path: string;
  readonly digest: string;
  readonly bytes: number;
}

/** A payload file that the bag names but does not hold. */
export interface MissingEntry {
  /** Relative to `data/`. */
  readonly path: string;
  readonly digest: string;
  readonly url: string;
  /** `null` when `fetch.txt` says `-`. */
  readonly bytes: number | null;
}

/** What the reader hands over. Tag files come first, all of them checked, sorted by path. */
export interface BagSink {
  readonly limits?: Partial<BagLimits>;
  /** @param path Relative to the bag's top folder. */
  onTag?(path: string, bytes: Uint8Array): void | Promise<void>;
  /**
   * Takes one payload file. The stream fails, after its last byte, when the content is not what the
   * manifest says: what is made from it counts only once the stream has ended without an error.
   * A stream that is left unread is read and checked nevertheless.
   * @param path Relative to `data/`.
   */
  onPayload?(
    path: string,
    digest: string,
    bytes: number,
    stream: ReadableStream<Uint8Array>,
  ): void | Promise<void>;
}

/**
 * A bag whose structure and tag files have been checked: every name, type and size, the manifests
 * against the members, the digests of all tag files. The payload's bytes are checked as they are read.
 */
export interface Bag {
  /** Name of the top folder (of the first part). */
  readonly top: string;
  /** `bag-info.txt` (of the first part), in order; a label may be there more than once. */
  readonly info: readonly (readonly [label: string, value: string])[];
  /** Every tag file (of the first part), those of BagIt included, by path relative to the top folder. */
  readonly tags: ReadonlyMap<string, Uint8Array>;
  /** What the archive holds below `data/`, by path relative to `data/`. */
  readonly payload: ReadonlyMap<string, PayloadEntry>;
  /** What `fetch.txt` names and the archive does not hold, by path relative to `data/`. */
  readonly missing: ReadonlyMap<string, MissingEntry>;
  /** Sizes of the archive files together. */
  readonly bytes: number;
  /**
   * The content of one payload file; fails at its end when it is not what the manifest says.
   * Quick in a plain tar; a gzip file is inflated from its start.
   */
  open(path: string): ReadableStream<Uint8Array>;
  /** Hands over everything once, in the archive's order, and checks every SHA-256. */
  read(sink: BagSink): Promise<void>;
  /** Closes the files. */
  [Symbol.dispose](): void;
}

/** What is wrong with a bag, for programs. */
export type BagProblem =
  /** Name that is unsafe, or means different files on different systems. */
  | "name"
  /** Two members that are, or could be, the same file. */
  | "clash"
  /** Member that is neither a plain file nor a folder. */
  | "type"
  /** Archive that does not follow the format, to the bit. */
  | "format"
  /** The archive ends too early. */
  | "truncated"
  /** Size over a limit. */
  | "limit"
  /** Content that is not what its digest or size says. */
  | "content"
  /** Tag file that does not follow BagIt, or lies. */
  | "bagit"
  /** JSON that is malformed, too deep, too large, or has keys that could do harm. */
  | "json"
  /** Made by a later version of this program. */
  | "version"
  /** What the caller asked for: a target directory that is not empty, parts that do not belong together. */
  | "request";

/** A bag is refused: one line, which member, and what is wrong with it. */
export class BagError extends Failed {
  /** The member's name, made fit to print; null when the archive as a whole is meant. */
  readonly member: string | null;
  readonly problem: BagProblem;

  /**
   * @param archive The file's path.
   * @param member The member's name as found; it is made fit to print here.
   */
  constructor(
    problem: BagProblem,
    archive: string,
    member: string | null,
    message: string,
    options?: ErrorOptions,
  ) {
    const name = member === null ? null : printable(member);
    const text = name === null ? message : `${name}: ${message}`;
    super({ code: `bag-${problem}`, where: printable(archive, 1000), message: text }, options);
    this.member = name;
    this.problem = problem;
  }
}

/**
 * Text from a stranger's file on one line: what is not a visible character is escaped, what is long is
 * cut.
 */
export function printable(text: string, most = 120): string {
  let out = "";
  for (const char of text) {
    if (out.length >= most) return `${out}…`;
    out += /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(char)
      ? char
      : `\\u{${char.codePointAt(0)!.toString(16)}}`;
  }
  return out;
}
