/** Contents and places for the tests of bags. */

import { createHash } from "node:crypto";
import type { BagContent, PayloadFile } from "../../../pipeline/archive/bag/mod.ts";

export const encoder = new TextEncoder();

export function sha256(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** A payload file with this content. */
export function payloadFile(path: string, content: string | Uint8Array): PayloadFile {
  const bytes = typeof content === "string" ? encoder.encode(content) : content;
  return { path, bytes: bytes.length, digest: sha256(bytes), open: () => bytes };
}

/** A small content with folders, an empty file, other letters than ASCII, and names of every length. */
export function smallContent(): BagContent {
  return {
    info: { "Source-Organization": "nobody", "External-Identifier": "small" },
    payload: [
      payloadFile("b/grün.txt", "hällo\n"),
      payloadFile("a", "1"),
      payloadFile("empty", ""),
      payloadFile("objects/block", new Uint8Array(512).fill(7)),
      payloadFile(`${"d".repeat(120)}/${"n".repeat(99)}`, "split name"),
      payloadFile(`long/${"q".repeat(200)}`, "pax name"),
    ],
    tags: [
      { path: "meta/notes.json", bytes: encoder.encode('{"a":1}\n') },
      { path: "README.txt", bytes: encoder.encode("read me\n") },
    ],
  };
}

/** A stream of these chunks. */
export function streamOf(chunks: Iterable<Uint8Array>): ReadableStream<Uint8Array> {
  return ReadableStream.from(chunks);
}

/** A temporary directory that goes when the test ends. */
export function temporary(): { path: string } & Disposable {
  const path = Deno.makeTempDirSync({ prefix: "bag-" });
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}

/** Relative paths and contents (Latin-1) of everything below a directory; folders end with `/`. */
export function treeOf(directory: string, prefix = ""): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { name, isDirectory, isSymlink } of Deno.readDirSync(directory)) {
    const path = `${prefix}${name}`;
    if (isSymlink) {
      found[path] = `-> ${Deno.readLinkSync(`${directory}/${name}`)}`;
    } else if (isDirectory) {
      found[`${path}/`] = "";
      Object.assign(found, treeOf(`${directory}/${name}`, `${path}/`));
    } else {
      found[path] = new TextDecoder("latin1").decode(Deno.readFileSync(`${directory}/${name}`));
    }
  }
  return found;
}
