/** Makes a bundle: one file, the same bytes whenever and wherever it is made from the same records. */

import type { KeyObject } from "node:crypto";
import { sha256 } from "../canonical.ts";
import { byCodeUnits } from "../store/tree_manifest.ts";
import {
  type FetchEntry,
  type PayloadFile,
  type TagFile,
  writeBag,
  type WrittenBag,
} from "./bag/mod.ts";
import { type Blob, collect, type Collected, type CollectRequest } from "./collect.ts";
import { encodePlan, encodeRecord } from "./plan_file.ts";
import { licencesText, readmeText, topOf } from "./readme.ts";
import { reportPage } from "./report_page.ts";
import { encodingOf } from "./crate_entities.ts";
import { CRATE_FILE, type CrateFile, crateText } from "./ro_crate.ts";
import { signStatement } from "./signature.ts";
import { sourceFiles } from "./sources.ts";
import { statementOf } from "./statement.ts";

/** What to make. */
export interface CreateRequest extends CollectRequest {
  /** Where the bundle goes. */
  readonly file: string;
  /** Signs the statement. */
  readonly key?: KeyObject;
  /** Splits into files of at most so many bytes. */
  readonly splitBytes?: number;
  /** Data files from packages that are larger than this stay outside, by digest and URL. */
  readonly externalBytes?: number;
}

/** What was made. */
export interface CreatedBundle extends WrittenBag {
  readonly nodes: number;
  readonly blobs: number;
  /** Files that stayed outside. */
  readonly external: number;
  readonly externalBytes: number;
  readonly targets: readonly string[];
}

/** Names of the tag files that hold the statement and the signature on it. */
export const STATEMENT_FILE = "provenance.intoto.json";
export const ENVELOPE_FILE = "provenance.dsse.json";

/** @throws {Failed} as {@link collect}, and as the writer of bags. */
export async function createBundle(request: CreateRequest): Promise<CreatedBundle> {
  const collected = await collect(request);
  const { plan, records } = collected;
  const outside = (blob: Blob) =>
    blob.origin !== null && request.externalBytes !== undefined &&
    blob.bytes > request.externalBytes;
  const blobs = [...collected.blobs.values()].sort((a, b) => byCodeUnits(a.digest, b.digest));
  const fetch: FetchEntry[] = blobs.filter(outside).map(({ digest, bytes, origin }) => ({
    url: origin!.url,
    bytes,
    path: blobPath(digest),
    digest,
  }));
  const payload = blobs.filter((blob) => !outside(blob))
    .map((blob) => blobFile(blob, collected, request));
  const texts = await textFiles(request, collected);
  const described = [
    ...describedBlobs(collected).filter(({ digest }) => !outside(collected.blobs.get(digest)!)),
    ...texts.map(({ path, bytes, encoding }) => ({
      path,
      digest: sha256(bytes),
      bytes: bytes.length,
      name: path,
      encoding,
    })),
  ].sort((a, b) => byCodeUnits(a.path, b.path));
  texts.push({
    path: CRATE_FILE,
    bytes: encode(crateText({
      plan,
      records,
      files: described,
      outside: new Map(fetch.map(({ digest, url, bytes }) => [digest, { url, bytes }])),
    })),
    encoding: "application/ld+json",
  });
  payload.push(...texts.map(({ path, bytes }) => ({
    path,
    digest: sha256(bytes),
    bytes: bytes.length,
    open: () => bytes,
  })));
  const statement = encode(statementOf({ plan, records, files: [...payload, ...fetch] }));
  const tags: TagFile[] = [
    { path: STATEMENT_FILE, bytes: statement },
    { path: "README.txt", bytes: encode(readmeText(plan, request.key !== undefined)) },
  ];
  if (request.key !== undefined) {
    const envelope = signStatement(statement, request.key);
    tags.push({ path: ENVELOPE_FILE, bytes: encode(envelope) });
  }
  const date = [...records.values()].map(({ finished }) => finished).sort().at(-1)!;
  const written = await writeBag(request.file, {
    info: {
      "Bag-Software-Agent": "deno task bundle",
      "External-Identifier": topOf(plan),
      "External-Description": plan.title.replace(/\s+/g, " "),
      // When the last result was made, not when it was packed.
      "Bagging-Date": date.slice(0, 10),
    },
    payload,
    tags,
    fetch,
  }, { top: topOf(plan), splitBytes: request.splitBytes });
  return {
    ...written,
    nodes: plan.nodes.length,
    blobs: blobs.length - fetch.length,
    external: fetch.length,
    externalBytes: fetch.reduce((sum, { bytes }) => sum + bytes, 0),
    targets: Object.keys(plan.targets),
  };
}

interface TextFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly encoding: string;
}

async function textFiles(request: CreateRequest, collected: Collected): Promise<TextFile[]> {
  const { plan, records, implementations } = collected;
  const texts: TextFile[] = [];
  const add = (path: string, text: string, encoding: string) =>
    texts.push({ path, bytes: encode(text), encoding });
  add("plan.json", encodePlan(plan), "application/json");
  add("README.md", readmeText(plan, request.key !== undefined), "text/markdown");
  add("LICENCES.txt", licencesText(plan), "text/plain");
  for (const record of new Map([...records.values()].map((r) => [r.key, r])).values()) {
    add(`records/${record.key}.json`, encodeRecord(record), "application/json");
  }
  const read = (digest: string) => request.store.readObject(digest);
  const page = await reportPage({ plan, records, read });
  if (page !== null) add("report.html", page, "text/html");
  for (const { path, bytes } of await sourceFiles(request.root, plan.paper, implementations)) {
    texts.push({ path: `sources/${path}`, bytes, encoding: sourceEncoding(path) });
  }
  return texts;
}

function sourceEncoding(path: string): string {
  if (/\.(json|lock)$/.test(path)) return "application/json";
  return /\.ya?ml$/.test(path) ? "application/yaml" : "text/plain";
}

function blobFile(
  { digest, bytes }: Blob,
  { programs }: Collected,
  { store }: CreateRequest,
): PayloadFile {
  const code = programs.get(digest);
  return {
    path: blobPath(digest),
    digest,
    bytes,
    open: async () => code ?? await store.openObject(digest),
  };
}

/** Outputs, programs and logs, with names; members of trees are listed by their manifests. */
function describedBlobs({ plan, records, blobs }: Collected): CrateFile[] {
  const found = new Map<string, CrateFile>();
  const add = (digest: string, name: string, encoding: string) => {
    const blob = blobs.get(digest);
    if (blob === undefined || found.has(digest)) return;
    const { bytes } = blob;
    found.set(digest, { path: blobPath(digest), digest, bytes, name, encoding });
  };
  for (const node of plan.nodes) {
    const { outputs, log } = records.get(node.id)!;
    for (const [name, { digest, form, media }] of Object.entries(outputs)) {
      const encoding = form === "tree" ? "application/json" : encodingOf(media);
      add(digest, `${node.id}: ${name}`, encoding);
    }
    if (node.work.type === "module") {
      add(node.work.program.digest, `program of stage ${node.stage}`, "text/javascript");
    }
    if (log !== null) add(log, `log of ${node.id}`, "text/plain");
  }
  return [...found.values()];
}

/** Where an object is in the payload. */
export function blobPath(digest: string): string {
  return `blobs/sha256/${digest}`;
}

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
