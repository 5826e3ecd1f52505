/** Opens a bundle: one pass over the archive that checks every byte and puts the objects into a store of their own. */

import { Failed } from "../failure.ts";
import { type Host, systemHost } from "../host.ts";
import { Store } from "../store/store.ts";
import type { Digest, StageRecord } from "../types.ts";
import {
  type BagLimits,
  type MissingEntry,
  openBag,
  parseJson as parseBounded,
} from "./bag/mod.ts";
import { ENVELOPE_FILE, STATEMENT_FILE } from "./create.ts";
import { decodePlan, decodeRecord, type PlanFile } from "./plan_file.ts";
import { CRATE_FILE } from "./ro_crate.ts";
import { payloadDigest } from "./statement.ts";

/** How to open a bundle. */
export interface OpenOptions {
  /** Folder for the objects; as large as the bundle, removed on disposal. @default the system's temporary folder */
  readonly scratch?: string;
  readonly limits?: Partial<BagLimits>;
  readonly host?: Host;
}

/** A payload file's digest and size. */
export interface Listed {
  readonly digest: Digest;
  readonly bytes: number;
}

/** A bundle whose bytes are right; nothing yet says that its contents agree with each other. */
export interface OpenBundle extends Disposable {
  readonly plan: PlanFile;
  /** By key. */
  readonly records: ReadonlyMap<Digest, StageRecord>;
  /** Holds the objects and nothing else. */
  readonly store: Store;
  /** Sources lie in `sources` under it. */
  readonly dir: string;
  readonly payload: ReadonlyMap<string, Listed>;
  /** Named by the bundle, not in it. */
  readonly missing: ReadonlyMap<string, MissingEntry>;
  readonly texts: ReadonlyMap<string, Uint8Array>;
  readonly statement: Uint8Array | null;
  readonly envelope: Uint8Array | null;
  /** Digest of the list of all files; what a signature covers. */
  readonly digest: Digest;
  readonly bytes: number;
}

/** Records, metadata and page of one bundle are held in memory up to this size. */
const TEXT_BYTES = 512 << 20;
const BLOB = /^blobs\/sha256\/([0-9a-f]{64})$/;
const RECORD = /^records\/([0-9a-f]{64})\.json$/;
const TEXTS = new Set(["plan.json", "report.html", "README.md", "LICENCES.txt", CRATE_FILE]);

/**
 * @param files The archive, or all its parts.
 * @throws {Failed} `BagError` when a byte is not right; `bundle-…` when it is a bag but no bundle.
 */
export async function openBundle(
  files: string | readonly string[],
  options: OpenOptions = {},
): Promise<OpenBundle> {
  using bag = await openBag(typeof files === "string" ? files : [...files], options.limits);
  const dir = await Deno.makeTempDir({ dir: options.scratch, prefix: "bundle-" });
  const remove = () => Deno.removeSync(dir, { recursive: true });
  try {
    const store = await Store.open(`${dir}/store`, options.host ?? systemHost);
    const texts = new Map<string, Uint8Array>();
    let held = 0;
    await bag.read({
      async onPayload(path, digest, bytes, stream) {
        const blob = BLOB.exec(path);
        if (blob !== null) {
          if (blob[1] !== digest) throw wrong(path, "its name is not the SHA-256 of its content");
          await save(store.objectPath(digest), stream);
        } else if (path.startsWith("sources/")) await save(`${dir}/${path}`, stream);
        else if (TEXTS.has(path) || RECORD.test(path)) {
          held += bytes;
          if (held > TEXT_BYTES) throw wrong(path, "records and metadata are too large together");
          texts.set(path, new Uint8Array(await new Response(stream).arrayBuffer()));
        } else throw wrong(path, "a bundle has no such file");
      },
    });
    const plan = decodePlan(parse(texts, "plan.json"));
    const records = new Map<Digest, StageRecord>();
    for (const path of texts.keys()) {
      const key = RECORD.exec(path)?.[1];
      if (key === undefined) continue;
      const record = decodeRecord(parse(texts, path), path);
      if (record.key !== key) throw wrong(path, "it is the record of another key");
      records.set(key, record);
    }
    return {
      plan,
      records,
      store,
      dir,
      payload: bag.payload,
      missing: bag.missing,
      texts,
      statement: bag.tags.get(STATEMENT_FILE) ?? null,
      envelope: bag.tags.get(ENVELOPE_FILE) ?? null,
      digest: payloadDigest([...bag.payload.values(), ...bag.missing.values()]),
      bytes: bag.bytes,
      [Symbol.dispose]: remove,
    };
  } catch (error) {
    remove();
    throw error;
  }
}

/** The record of each node by its id. @throws {Failed} when one is missing. */
export function recordsByNode({ plan, records }: OpenBundle): ReadonlyMap<string, StageRecord> {
  return new Map(plan.nodes.map(({ id, key }) => {
    const record = records.get(key);
    if (record === undefined) throw wrong(`records/${key}.json`, `the record of ${id} is missing`);
    return [id, record];
  }));
}

/** Threads that a node had, as its record says; null when results do not depend on them. */
export function threadsIn(record: StageRecord | undefined): number | null {
  const threads = Number(record?.components.environment.threads);
  return Number.isSafeInteger(threads) && threads >= 1 && threads <= 4096 ? threads : null;
}

async function save(path: string, stream: ReadableStream<Uint8Array>): Promise<void> {
  await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  using file = await Deno.open(path, { createNew: true, write: true });
  for await (const chunk of stream) {
    for (let at = 0; at < chunk.length;) at += file.writeSync(chunk.subarray(at));
  }
}

function parse(texts: ReadonlyMap<string, Uint8Array>, path: string): unknown {
  const bytes = texts.get(path);
  if (bytes === undefined) throw wrong(path, "the bundle has no such file");
  return parseJson(bytes, path);
}

/** The metadata of a bundle with hundreds of thousands of objects is this large. */
const JSON_LIMITS = { bytes: 256 << 20, values: 5_000_000 };

/** Reads a stranger's JSON. @throws {BagError} also when it is too deep or too large, or has a key twice. */
export function parseJson(bytes: Uint8Array, where: string): unknown {
  return parseBounded(bytes, { archive: where, member: null }, JSON_LIMITS);
}

function wrong(where: string, message: string): Failed {
  return new Failed({ code: "bundle-content", message, where });
}
