/**
 * What lies under `ac/`: an `ActionResult` of Bazel's Remote Execution API, in protobuf.
 *
 * Servers that know the protocol refuse anything else there, and serve an entry only while all blobs
 * that it names exist. The record itself is a blob, named as the output file `record.json`.
 */

import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { Digest } from "../types.ts";

/** A blob under `cas/`. */
export interface Blob {
  readonly digest: Digest;
  readonly bytes: number;
}

/** A blob with the name under which the entry lists it. */
export interface NamedBlob extends Blob {
  readonly path: string;
}

/** The part of an `ActionResult` that is used here. */
export interface ActionResult {
  readonly files: readonly NamedBlob[];
  /** The log. */
  readonly stdout: Blob | null;
}

/** Path of the record among the output files. */
export const RECORD_PATH = "record.json";

// Field numbers of build.bazel.remote.execution.v2.
const OUTPUT_FILES = 2;
const EXIT_CODE = 4;
const STDOUT_DIGEST = 6;
const FILE_PATH = 1;
const FILE_DIGEST = 2;
const DIGEST_HASH = 1;
const DIGEST_SIZE = 2;

/** The bytes of an entry; the exit code is 0, which protobuf leaves out. */
export function encodeActionResult(result: ActionResult): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter();
  for (const file of result.files) {
    writer.tag(OUTPUT_FILES, WireType.LengthDelimited).fork();
    writer.tag(FILE_PATH, WireType.LengthDelimited).string(file.path);
    writeDigest(writer, FILE_DIGEST, file);
    writer.join();
  }
  if (result.stdout !== null) writeDigest(writer, STDOUT_DIGEST, result.stdout);
  return new Uint8Array(writer.finish());
}

function writeDigest(writer: BinaryWriter, field: number, { digest, bytes }: Blob): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  writer.tag(DIGEST_HASH, WireType.LengthDelimited).string(digest);
  if (bytes > 0) writer.tag(DIGEST_SIZE, WireType.Varint).int64(bytes);
  writer.join();
}

/**
 * Reads an entry; fields that servers add are passed over. Digests are not checked.
 * @throws when the bytes are no protobuf, or are the result of a failed action.
 */
export function decodeActionResult(bytes: Uint8Array): ActionResult {
  const files: NamedBlob[] = [];
  let stdout: Blob | null = null;
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === OUTPUT_FILES && type === WireType.LengthDelimited) files.push(readFile(reader));
    else if (field === STDOUT_DIGEST && type === WireType.LengthDelimited) {
      stdout = readDigest(reader);
    } else if (field === EXIT_CODE && type === WireType.Varint) {
      if (reader.int32() !== 0) throw new TypeError("the result of a failed action");
    } else reader.skip(type, field);
  }
  return { files, stdout };
}

function readFile(reader: BinaryReader): NamedBlob {
  const end = reader.uint32() + reader.pos;
  let path = "";
  let blob: Blob = { digest: "", bytes: 0 };
  while (reader.pos < end) {
    const [field, type] = reader.tag();
    if (field === FILE_PATH && type === WireType.LengthDelimited) path = reader.string();
    else if (field === FILE_DIGEST && type === WireType.LengthDelimited) blob = readDigest(reader);
    else reader.skip(type, field);
  }
  return { path, ...blob };
}

function readDigest(reader: BinaryReader): Blob {
  const end = reader.uint32() + reader.pos;
  let digest = "";
  let bytes = 0;
  while (reader.pos < end) {
    const [field, type] = reader.tag();
    if (field === DIGEST_HASH && type === WireType.LengthDelimited) digest = reader.string();
    else if (field === DIGEST_SIZE && type === WireType.Varint) bytes = Number(reader.int64());
    else reader.skip(type, field);
  }
  return { digest, bytes };
}
