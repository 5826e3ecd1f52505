/** Writes bags: BagIt 1.0 (RFC 8493) in a tar whose bytes depend on the content alone. */

import { createHash } from "node:crypto";
import { type Host, isSystemError, systemHost } from "../../host.ts";
import { byBytes, type Content, type Layout, layOut, layOutParts } from "./layout.ts";
import { DEFAULT_LIMITS } from "./limits.ts";
import { badUrl, RESERVED } from "./manifest.ts";
import { badName, Names } from "./names.ts";
import { Output } from "./output.ts";
import { BLOCK, formatHeader, padding } from "./tar_header.ts";
import {
  type BagContent,
  BagError,
  type FetchEntry,
  type PayloadFile,
  type WriteOptions,
  type WrittenBag,
  type WrittenPart,
} from "./types.ts";

/**
 * Writes a bag. The files appear under their names whole, or not at all; those there before are replaced.
 * Memory does not grow with the size of the payload, only with the number of files.
 * @param file Where; for several parts `NAME.tar` becomes `NAME.1-of-3.tar` and so on.
 * @throws {BagError} on content that cannot be in a bag, or that is not what its digest and size say.
 */
export async function writeBag(
  file: string,
  content: BagContent,
  options: WriteOptions = {},
): Promise<WrittenBag> {
  const { splitBytes, compress = false, host = systemHost } = options;
  const bad = badRequest(file);
  if (splitBytes !== undefined && compress !== false) {
    bad(null, "a bag cannot be both compressed and split");
  }
  const checked = await checkContent(content, options.top ?? "bag", bad);
  const layouts = splitBytes === undefined
    ? [layOut(checked, null, null)]
    : layOutParts(checked, splitBytes);
  if ("tooLarge" in layouts) return bad(layouts.tooLarge, `does not fit in ${splitBytes} bytes`);
  if (layouts.length > DEFAULT_LIMITS.parts) {
    bad(
      null,
      `${splitBytes} bytes a file make ${layouts.length} files; ${DEFAULT_LIMITS.parts} are the most`,
    );
  }
  const outputs: Output[] = [];
  try {
    const parts: WrittenPart[] = [];
    for (const [i, layout] of layouts.entries()) {
      const path = layouts.length === 1 ? file : partName(file, i + 1, layouts.length);
      const output = new Output(host, path, compress === "gzip");
      outputs.push(output);
      await writeArchive(output, layout, bad);
      parts.push({ file: path, ...await output.end() });
    }
    for (const output of outputs) output.publish();
    await flushFolder(host, file);
    return { digest: digestOf(parts), bytes: parts.reduce((n, part) => n + part.bytes, 0), parts };
  } catch (error) {
    for (const output of outputs) output.discard();
    throw error;
  }
}

/** Makes the new names last; where a folder cannot be flushed, they last a little later. */
async function flushFolder(host: Host, file: string): Promise<void> {
  const slash = file.lastIndexOf("/");
  try {
    await host.files.flush([slash === -1 ? "." : file.slice(0, slash + 1)]);
  } catch (error) {
    if (!isSystemError(error)) throw error;
  }
}

/** `out.tar` → `out.2-of-3.tar`. */
function partName(file: string, number: number, count: number): string {
  const slash = file.lastIndexOf("/");
  const dot = file.lastIndexOf(".");
  const at = dot > slash + 1 ? dot : file.length;
  return `${file.slice(0, at)}.${number}-of-${count}${file.slice(at)}`;
}

function digestOf(parts: readonly WrittenPart[]): string {
  if (parts.length === 1) return parts[0].digest;
  const lines = parts.map((p) => `${p.digest}  ${p.file.slice(p.file.lastIndexOf("/") + 1)}\n`);
  return createHash("sha256").update(lines.join("")).digest("hex");
}

async function writeArchive(output: Output, layout: Layout, bad: BadRequest): Promise<void> {
  const zeros = new Uint8Array(2 * BLOCK);
  const { top } = layout;
  for (const { path, bytes } of layout.tags) {
    await output.write(formatHeader(`${top}/${path}`, bytes.length));
    await output.write(bytes);
    await output.write(zeros.subarray(0, padding(bytes.length)));
  }
  if (layout.payload.length === 0) await output.write(formatHeader(`${top}/data/`, 0));
  for (const file of layout.payload) {
    await output.write(formatHeader(`${top}/data/${file.path}`, file.bytes));
    await writeContent(output, file, bad);
    await output.write(zeros.subarray(0, padding(file.bytes)));
  }
  await output.write(zeros);
}

async function writeContent(output: Output, file: PayloadFile, bad: BadRequest): Promise<void> {
  const path = `data/${file.path}`;
  const hash = createHash("sha256");
  let bytes = 0;
  const put = async (chunk: Uint8Array) => {
    bytes += chunk.length;
    if (bytes > file.bytes) bad(path, `it has more than the ${file.bytes} bytes it should have`);
    hash.update(chunk);
    await output.write(chunk);
  };
  const content = await file.open();
  if (content instanceof Uint8Array) await put(content);
  else for await (const chunk of content) await put(chunk);
  if (bytes < file.bytes) bad(path, `it has ${bytes} bytes instead of ${file.bytes}`);
  const digest = hash.digest("hex");
  if (digest !== file.digest) {
    bad(path, `its SHA-256 is ${digest.slice(0, 12)}…, not ${file.digest.slice(0, 12)}… as stated`);
  }
}

type BadRequest = (member: string | null, message: string) => never;

function badRequest(file: string): BadRequest {
  return (member, message) => {
    throw new BagError("request", file, member, message);
  };
}

const OWN_LABELS = /^(?:payload-oxum|bag-count|bag-group-identifier)$/i;

/** Checks that a strict reader will take what is asked for, and sorts it. */
async function checkContent(content: BagContent, top: string, bad: BadRequest): Promise<Content> {
  if (badName(top) !== null || top.includes("/")) bad(top, badName(top) ?? "it is not one folder");
  const info = Object.entries(content.info);
  for (const [label, value] of info) checkInfo(label, value, bad);

  const names = new Names();
  const payload: PayloadFile[] = [];
  for await (const file of content.payload) payload.push(file);
  const fetch = [...content.fetch ?? []];
  for (const file of [...payload, ...fetch]) {
    checkFile(file, bad);
    addName(names, `data/${file.path}`, bad);
  }
  for (const { path, url } of fetch) {
    const why = badUrl(url);
    if (why !== null) bad(`data/${path}`, why);
  }
  const tags = [...content.tags];
  for (const { path } of tags) {
    if (RESERVED.test(path)) bad(path, "the writer makes this file itself");
    if (/^data(?:\/|$)/i.test(path)) bad(path, "a tag file cannot lie in data/");
    addName(names, path, bad);
  }
  const order = (a: { path: string }, b: { path: string }) => byBytes(a.path, b.path);
  return {
    top,
    info,
    payload: payload.sort(order),
    tags: tags.sort(order),
    fetch: fetch.sort(order),
  };
}

function checkInfo(label: string, value: string, bad: BadRequest): void {
  if (OWN_LABELS.test(label)) bad(label, "the writer states this itself");
  // deno-lint-ignore no-control-regex
  if (!/^[^:\s\x00-\x1f](?:[^:\x00-\x1f]*[^:\s\x00-\x1f])?$/.test(label)) {
    bad(label, "it cannot be a label of bag-info.txt");
  }
  // deno-lint-ignore no-control-regex
  if (/[\x00-\x1f]/.test(value) || value !== value.trim()) {
    bad(label, "its value is more than a line, or has space around it");
  }
}

function checkFile(file: PayloadFile | FetchEntry, bad: BadRequest): void {
  const path = `data/${file.path}`;
  if (!Number.isSafeInteger(file.bytes) || file.bytes < 0) bad(path, "its size is not a number");
  if (!/^[0-9a-f]{64}$/.test(file.digest)) bad(path, "its digest is not a SHA-256");
}

function addName(names: Names, path: string, bad: BadRequest): void {
  const why = badName(path) ?? names.add(path, "file");
  if (why !== null) bad(path, why);
}
