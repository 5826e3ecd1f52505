// Safetensors: named arrays in one file (https://huggingface.co/docs/safetensors), read and written.

import type { DType, NdArray } from "./types.ts";

/** Bytes to write as `U8`, which the tensor compiler itself has no type for: pixels. */
export interface ByteArray {
  readonly dtype: "uint8";
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

const CODE: Record<DType | ByteArray["dtype"], string> = {
  float64: "F64",
  int64: "I64",
  float32: "F32",
  float16: "F16",
  int32: "I32",
  bool: "BOOL",
  uint8: "U8",
};
const WIDTH: Record<string, number> = {
  F64: 8,
  I64: 8,
  F32: 4,
  I32: 4,
  U32: 4,
  F16: 2,
  BF16: 2,
  I16: 2,
  U16: 2,
  BOOL: 1,
  U8: 1,
  I8: 1,
};

/** The format's own limit on its header, in bytes. */
const LARGEST_HEADER = 100_000_000;

/** A file that is not valid safetensors, or holds a type that is not supported. */
export class SafetensorsError extends Error {
  override name = "SafetensorsError";
}

const sizeOf = (shape: readonly number[]) => shape.reduce((size, length) => size * length, 1);

/**
 * Serialises named arrays. The bytes are a function of the content alone: entries are ordered by
 * element width, then name, and the header is padded so that every array is aligned to 8 bytes or
 * its width.
 *
 * @param metadata string pairs kept in the header.
 */
export function encode(
  tensors: Readonly<Record<string, NdArray | ByteArray>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const names = Object.keys(tensors).sort((a, b) => {
    const byWidth = WIDTH[CODE[tensors[b].dtype]] - WIDTH[CODE[tensors[a].dtype]];
    return byWidth !== 0 ? byWidth : a < b ? -1 : a > b ? 1 : 0;
  });
  const header: Record<string, unknown> = {};
  const metadataNames = Object.keys(metadata).sort();
  if (metadataNames.length > 0) {
    header.__metadata__ = Object.fromEntries(metadataNames.map((name) => [name, metadata[name]]));
  }
  let offset = 0;
  for (const name of names) {
    if (name === "__metadata__") throw new SafetensorsError(`"${name}" cannot name an array`);
    const { dtype, shape, data } = tensors[name];
    if (sizeOf(shape) !== data.length) {
      throw new SafetensorsError(
        `array "${name}" has ${data.length} elements, its shape [${shape.join(", ")}] wants ${
          sizeOf(shape)
        }`,
      );
    }
    header[name] = { dtype: CODE[dtype], shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const padded = Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(8 + padded + offset);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true);
  bytes.fill(0x20, 8, 8 + padded);
  bytes.set(text, 8);
  let position = 8 + padded;
  for (const name of names) {
    const { data } = tensors[name];
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), position);
    position += data.byteLength;
  }
  return bytes;
}

/** What a safetensors file holds. */
export interface Decoded {
  tensors: Record<string, NdArray>;
  metadata: Record<string, string>;
}

function parseHeader(bytes: Uint8Array): { entries: Record<string, unknown>; start: number } {
  if (bytes.length < 8) throw new SafetensorsError("the file is shorter than its 8-byte length");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = Number(view.getBigUint64(0, true));
  if (length > LARGEST_HEADER || 8 + length > bytes.length) {
    throw new SafetensorsError(`the header claims ${length} bytes of a file of ${bytes.length}`);
  }
  let entries: unknown;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8, 8 + length));
    entries = JSON.parse(text);
  } catch {
    throw new SafetensorsError("the header is not JSON; the file is damaged or not safetensors");
  }
  if (typeof entries !== "object" || entries === null || Array.isArray(entries)) {
    throw new SafetensorsError("the header is not a JSON object");
  }
  return { entries: entries as Record<string, unknown>, start: 8 + length };
}

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && value as number >= 0;

function parseEntry(
  name: string,
  value: unknown,
): { code: string; shape: number[]; from: number; to: number } {
  const { dtype, shape, data_offsets: offsets } = (value ?? {}) as Record<string, unknown>;
  if (
    typeof dtype !== "string" || !Array.isArray(shape) || !shape.every(isCount) ||
    !Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)
  ) throw new SafetensorsError(`the header's entry "${name}" is malformed`);
  if (!Object.hasOwn(WIDTH, dtype)) {
    throw new SafetensorsError(
      `array "${name}" is ${dtype}; supported are ${Object.keys(WIDTH).join(", ")}`,
    );
  }
  const [from, to] = offsets as number[];
  if (to - from !== sizeOf(shape) * WIDTH[dtype]) {
    throw new SafetensorsError(
      `array "${name}" takes ${to - from} bytes, its shape [${
        shape.join(", ")
      }] of ${dtype} wants ${sizeOf(shape) * WIDTH[dtype]}`,
    );
  }
  return { code: dtype, shape, from, to };
}

function arrayOf(code: string, shape: number[], bytes: Uint8Array<ArrayBuffer>): NdArray {
  switch (code) {
    case "F64":
      return { dtype: "float64", shape, data: new Float64Array(bytes.buffer) };
    case "I64":
      return { dtype: "int64", shape, data: new BigInt64Array(bytes.buffer) };
    case "F32":
      return { dtype: "float32", shape, data: new Float32Array(bytes.buffer) };
    case "I32":
      return { dtype: "int32", shape, data: new Int32Array(bytes.buffer) };
    case "F16":
      return { dtype: "float32", shape, data: new Float32Array(new Float16Array(bytes.buffer)) };
    case "BF16":
      return { dtype: "float32", shape, data: widenBfloat16(new Uint16Array(bytes.buffer)) };
    case "U8":
      return { dtype: "int32", shape, data: Int32Array.from(bytes) };
    case "I8":
      return { dtype: "int32", shape, data: Int32Array.from(new Int8Array(bytes.buffer)) };
    case "U16":
      return { dtype: "int32", shape, data: Int32Array.from(new Uint16Array(bytes.buffer)) };
    case "I16":
      return { dtype: "int32", shape, data: Int32Array.from(new Int16Array(bytes.buffer)) };
    case "U32": {
      const data = BigInt64Array.from(new Uint32Array(bytes.buffer), BigInt);
      return { dtype: "int64", shape, data };
    }
    default:
      return { dtype: "bool", shape, data: bytes.map((b) => Number(b !== 0)) };
  }
}

/** bfloat16, the upper half of a float32, as numbers; exact. */
function widenBfloat16(bits: Uint16Array): Float32Array {
  const words = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) words[i] = bits[i] << 16;
  return new Float32Array(words.buffer);
}

/** How to read a file. */
export interface DecodeOptions {
  /** The file's name, for messages. */
  readonly file?: string;
}

/**
 * Reads a safetensors file; the arrays are copies. Types that the tensor compiler lacks are widened
 * without loss: `F16` and `BF16` to float32, `U8`, `I8`, `U16` and `I16` to int32, `U32` to int64.
 *
 * @throws SafetensorsError naming the file, the array and the fault: a truncated file, overlapping
 * or missing ranges, sizes that do not match the shape, or an unsupported type.
 */
export function decodeWithMetadata(bytes: Uint8Array, options: DecodeOptions = {}): Decoded {
  try {
    return read(bytes);
  } catch (error) {
    if (options.file === undefined || !(error instanceof SafetensorsError)) throw error;
    throw new SafetensorsError(`${options.file}: ${error.message}`, { cause: error });
  }
}

function read(bytes: Uint8Array): Decoded {
  const { entries, start } = parseHeader(bytes);
  const { __metadata__: metadata = {}, ...arrays } = entries;
  if (
    typeof metadata !== "object" || metadata === null ||
    Object.values(metadata).some((value) => typeof value !== "string")
  ) throw new SafetensorsError("the header's __metadata__ must map strings to strings");
  const parsed = Object.entries(arrays).map(([name, value]) => ({
    name,
    ...parseEntry(name, value),
  }));
  let end = 0;
  for (const { name, from, to } of parsed.toSorted((a, b) => a.from - b.from || a.to - b.to)) {
    if (from !== end) {
      throw new SafetensorsError(
        `array "${name}" begins at byte ${from} of the data, not at ${end}`,
      );
    }
    end = to;
  }
  if (start + end !== bytes.length) {
    throw new SafetensorsError(
      `the arrays take ${end} bytes, the file holds ${bytes.length - start}`,
    );
  }
  const tensors = Object.fromEntries(parsed.map(({ name, code, shape, from, to }) => {
    const copy = new Uint8Array(to - from);
    copy.set(bytes.subarray(start + from, start + to));
    return [name, arrayOf(code, shape, copy)];
  }));
  return { tensors, metadata: metadata as Record<string, string> };
}

/** The arrays of {@link decodeWithMetadata} alone. */
export function decode(
  bytes: Uint8Array,
  options: DecodeOptions = {},
): Record<string, NdArray> {
  return decodeWithMetadata(bytes, options).tensors;
}
