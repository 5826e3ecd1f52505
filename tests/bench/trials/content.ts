// What the trial pipeline reads, and what it must make of it, computed here without any tool.
//
// `first` reads a.txt at its start and again half-way and appends sixteen chunks to one.bin; `second` reads that and
// b.txt and writes two.txt; `third` writes three.txt from it.

import { Buffer } from "node:buffer";
import { hash } from "node:crypto";

/** Chunks that `first` appends; it reads its input again before the middle one. */
export const CHUNKS = 16;
/** Digests of 32 bytes in a chunk. */
export const DIGESTS = 2048;
/** Bytes of one.bin. */
export const SIZE = CHUNKS * DIGESTS * 32;

/** The steps in their order. */
export const STEPS = ["first", "second", "third"] as const;
/** The results of the steps. */
export const OUTPUTS = ["one.bin", "two.txt", "three.txt"] as const;

/** What the results depend on. */
export interface Inputs {
  readonly a: string;
  readonly b: string;
  /** What the helper function of `first` appends. */
  readonly mark: string;
}

/** As the project is made. Only the first line of a.txt counts. */
export const INPUTS: Inputs = { a: "one\n", b: "two\n", mark: "!" };

/** The bytes of a clean run, by name of the output. */
export function cleanRun({ a, b, mark }: Inputs): Record<string, Uint8Array> {
  const value = a.split("\n")[0].trim() + mark;
  const digests = Array.from({ length: CHUNKS * DIGESTS }, (_, at) => {
    const chunk = Math.floor(at / DIGESTS);
    return hash("sha256", `${value}:${chunk}:${at % DIGESTS}`, "buffer");
  });
  const one = new Uint8Array(Buffer.concat(digests));
  const two = `${hash("sha256", one, "hex")} ${b.trim()}\n`;
  const bytes = (text: string) => new TextEncoder().encode(text);
  return { "one.bin": one, "two.txt": bytes(two), "three.txt": bytes(`third ${two}`) };
}
