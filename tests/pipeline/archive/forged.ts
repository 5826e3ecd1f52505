/** A real bundle of the toy paper, taken apart, changed and put together again, as a forger would. */

import { openBag, writeBag } from "../../../pipeline/archive/bag/mod.ts";
import type { CrateFile } from "../../../pipeline/archive/ro_crate.ts";
import { crateText } from "../../../pipeline/archive/ro_crate.ts";
import { statementOf } from "../../../pipeline/archive/statement.ts";
import type { PlanFile } from "../../../pipeline/archive/plan_file.ts";
import { reportPage } from "../../../pipeline/archive/report_page.ts";
import { sha256 } from "../../../pipeline/canonical.ts";
import type { StageRecord } from "../../../pipeline/types.ts";
import { Rig } from "../../e2e/rig.ts";

/** The files of a bundle in memory. */
export interface Contents {
  readonly payload: Map<string, Uint8Array>;
  readonly tags: Map<string, Uint8Array>;
}

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Makes a bundle of the toy paper and reads it. @param options of `deno task bundle`. */
export async function toyBundle(rig: Rig, ...options: string[]): Promise<Contents> {
  for (const args of [["reproduce", "toy"], ["bundle", "toy", "-o", "toy.tar", ...options]]) {
    const ended = await rig.cli(...args);
    if (ended.code !== 0) throw new Error(ended.err);
  }
  return await readContents(`${rig.dir}/toy.tar`);
}

/** Reads a bundle. */
export async function readContents(file: string): Promise<Contents> {
  using bag = await openBag(file);
  const payload = new Map<string, Uint8Array>();
  await bag.read({
    async onPayload(path, _digest, _bytes, stream) {
      payload.set(path, new Uint8Array(await new Response(stream).arrayBuffer()));
    },
  });
  const own = /^(bagit|bag-info|(tag)?manifest-sha256|fetch)\.txt$/;
  const tags = new Map([...bag.tags].filter(([path]) => !own.test(path)));
  return { payload, tags };
}

/** A deep enough copy. */
export function copyOf({ payload, tags }: Contents): Contents {
  return { payload: new Map(payload), tags: new Map(tags) };
}

/** Writes the contents as a bundle whose every checksum is right. */
export async function write({ payload, tags }: Contents, file: string): Promise<void> {
  await writeBag(file, {
    info: { "Bag-Software-Agent": "a forger" },
    payload: [...payload].map(([path, bytes]) => ({
      path,
      digest: sha256(bytes),
      bytes: bytes.length,
      open: () => bytes,
    })),
    tags: [...tags].map(([path, bytes]) => ({ path, bytes })),
  });
}

/** The JSON in a payload file. */
export function read<T>({ payload }: Contents, path: string): T {
  return JSON.parse(decode(payload.get(path)!));
}

/** Replaces the JSON in a payload file. */
export function put({ payload }: Contents, path: string, value: unknown): void {
  payload.set(path, encode(JSON.stringify(value) + "\n"));
}

/** Puts an object. @returns its digest. */
export function putBlob({ payload }: Contents, value: unknown): string {
  const bytes = encode(JSON.stringify(value) + "\n");
  payload.set(`blobs/sha256/${sha256(bytes)}`, bytes);
  return sha256(bytes);
}

/** The record of a node. */
export function recordOf(contents: Contents, id: string): StageRecord {
  const plan = read<PlanFile>(contents, "plan.json");
  const { key } = plan.nodes.find((node) => node.id === id)!;
  return read(contents, `records/${key}.json`);
}

/** Replaces an output of a node: its object and its entry in the record. The old object goes. */
export function replaceOutput(
  contents: Contents,
  id: string,
  output: string,
  value: unknown,
): string {
  const record = recordOf(contents, id);
  contents.payload.delete(`blobs/sha256/${record.outputs[output].digest}`);
  const digest = putBlob(contents, value);
  const bytes = contents.payload.get(`blobs/sha256/${digest}`)!.length;
  const outputs = { ...record.outputs, [output]: { ...record.outputs[output], digest, bytes } };
  put(contents, `records/${record.key}.json`, { ...record, outputs });
  return digest;
}

/**
 * Makes page, RO-Crate and statement again, so that they agree with the rest.
 * @param edit Changes the page first.
 */
export async function dressUp(
  contents: Contents,
  edit: (page: string) => string = (page) => page,
): Promise<void> {
  const { payload, tags } = contents;
  const plan = read<PlanFile>(contents, "plan.json");
  const records = new Map(plan.nodes.map(({ id }) => [id, recordOf(contents, id)]));
  const page = await reportPage({
    plan,
    records,
    read: (digest) => Promise.resolve(payload.get(`blobs/sha256/${digest}`)!),
  });
  payload.set("report.html", encode(edit(page!)));
  payload.delete("ro-crate-metadata.json");
  const files: CrateFile[] = [...payload].map(([path, bytes]) => ({
    path,
    digest: sha256(bytes),
    bytes: bytes.length,
    name: path,
    encoding: "application/octet-stream",
  }));
  payload.set("ro-crate-metadata.json", encode(crateText({ plan, records, files })));
  const listed = [...payload].map(([path, bytes]) => ({ path, digest: sha256(bytes) }));
  tags.set("provenance.intoto.json", encode(statementOf({ plan, records, files: listed })));
}
