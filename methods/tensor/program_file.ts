// Programs as bytes: an ONNX model that any ONNX Runtime opens, with what we need besides in its metadata.
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { createHash } from "node:crypto";
import { type DType, type Spec, TensorError } from "./types.ts";
import type { NamedSpec, Program } from "./compile.ts";
import { dtypeOfOnnx } from "./onnx/protos.ts";
import type { TreeShape } from "./tree.ts";
import {
  type ModelProto,
  ModelProtoSchema,
  StringStringEntryProtoSchema,
  type ValueInfoProto,
} from "./onnx/onnx_pb.ts";

/** Keys in the model's `metadata_props`. */
const PROGRAM = "tensor.program", DIGEST = "tensor.sha256";

/** Version of the metadata that is written; others are refused. */
const FORMAT = 1;

/** What the ONNX graph itself does not say, as JSON. */
interface Metadata {
  readonly format: number;
  readonly inTree: TreeShape;
  readonly outTree: TreeShape;
  readonly flops: number;
  readonly nodes: number;
  readonly dtypes?: readonly DType[];
  /** dtype and sizes of each intermediate value. */
  readonly values: Readonly<Record<string, readonly [DType, ...number[]]>>;
}

function digestOf(model: Uint8Array, metadata: string): string {
  return createHash("sha256").update(model).update(metadata).digest("hex");
}

/** A model that holds metadata alone. */
function metadataModel(entries: readonly (readonly [key: string, value: string])[]): Uint8Array {
  const metadataProps = entries.map(([key, value]) =>
    create(StringStringEntryProtoSchema, { key, value })
  );
  return toBinary(ModelProtoSchema, create(ModelProtoSchema, { metadataProps }));
}

/**
 * A program as one ONNX file: its model with two entries of `metadata_props`, `tensor.program` (JSON:
 * trees, FLOPs, shapes of intermediate values) and `tensor.sha256`. Any ONNX Runtime runs it by the
 * names of `program.inputs` and `program.outputs`; {@linkcode decodeProgram} reads it back. Equal
 * programs give equal bytes.
 *
 * @example Saving and loading
 * ```ts
 * import { compile, decodeProgram, encodeProgram, exp, type Tensor } from "./mod.ts";
 *
 * const program = compile((x: Tensor) => exp(x), [{ dtype: "float32", shape: [3] }]);
 * const path = await Deno.makeTempFile({ suffix: ".onnx" });
 * await Deno.writeFile(path, encodeProgram(program));
 * const again = decodeProgram<[Tensor], Tensor>(await Deno.readFile(path));
 * await Deno.remove(path);
 * ```
 */
export function encodeProgram(program: Program<never, unknown>): Uint8Array<ArrayBuffer> {
  const { model, inTree, outTree, flops, nodes, dtypes } = program;
  const values: Metadata["values"] = Object.fromEntries(
    Object.entries(program.values).map(([name, { dtype, shape }]) => [name, [dtype, ...shape]]),
  );
  const metadata = JSON.stringify(
    { format: FORMAT, inTree, outTree, flops, nodes, dtypes, values } satisfies Metadata,
  );
  // Fields of a protobuf message may follow one another in any order: appending is adding.
  const tail = metadataModel([[PROGRAM, metadata], [DIGEST, digestOf(model, metadata)]]);
  const bytes = new Uint8Array(model.length + tail.length);
  bytes.set(model);
  bytes.set(tail, model.length);
  return bytes;
}

function refuse(problem: string, cause?: unknown): TensorError {
  return new TensorError("argument", `decodeProgram: ${problem}`, { cause });
}

function parse(bytes: Uint8Array): ModelProto {
  try {
    const model = fromBinary(ModelProtoSchema, bytes);
    if (model.graph !== undefined) return model;
  } catch (cause) {
    throw refuse("the bytes are no ONNX model, or a damaged one", cause);
  }
  throw refuse("the bytes are no ONNX model");
}

function specOf({ name, type }: ValueInfoProto): NamedSpec {
  const value = type?.value;
  if (value?.case !== "tensorType") throw refuse(`"${name}" is no tensor`);
  const shape = (value.value.shape?.dim ?? []).map((d) => Number(d.value.value));
  return { name, dtype: dtypeOfOnnx(value.value.elemType), shape };
}

/**
 * The program that {@linkcode encodeProgram} wrote; the caller names its type.
 * @throws TensorError `argument` when the bytes are no ONNX model, not written by encodeProgram, or
 * not as they were written
 */
export function decodeProgram<Args extends readonly unknown[] = readonly unknown[], R = unknown>(
  bytes: Uint8Array,
): Program<Args, R> {
  const { graph, metadataProps, producerName } = parse(bytes);
  const entries = metadataProps.map(({ key, value }) => [key, value] as const);
  const { [PROGRAM]: text, [DIGEST]: digest } = Object.fromEntries(entries);
  if (text === undefined || digest === undefined) {
    throw refuse(
      `an ONNX model${
        producerName === "" ? "" : ` made by "${producerName}"`
      }, but not one written by encodeProgram()`,
    );
  }
  const model = bytes.subarray(0, bytes.length - metadataModel(entries).length);
  if (digestOf(model, text) !== digest) {
    throw refuse("the file is not as it was written: its SHA-256 differs; it is damaged or edited");
  }
  const { format, inTree, outTree, flops, nodes, dtypes, values } = JSON.parse(text) as Metadata;
  if (format !== FORMAT) {
    throw refuse(`the file has format ${format}, this version reads ${FORMAT}; save it again`);
  }
  return {
    name: graph!.name,
    model,
    inputs: graph!.input.map(specOf),
    outputs: graph!.output.map(specOf),
    inTree,
    outTree,
    flops,
    nodes,
    dtypes,
    values: Object.fromEntries(
      Object.entries(values).map(([name, [dtype, ...shape]]) =>
        [name, { dtype, shape }] satisfies [string, Spec]
      ),
    ),
  };
}
