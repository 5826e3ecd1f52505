// Types, shapes and attributes as ONNX messages.
import { create } from "@bufbuild/protobuf";
import type { DType, Spec } from "../types.ts";
import type { OnnxAttributes } from "./graph_writer.ts";
import {
  type AttributeProto,
  AttributeProto_AttributeType as Kind,
  AttributeProtoSchema,
  TensorProto_DataType as OnnxType,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "./onnx_pb.ts";

/** The ONNX element type of each dtype. */
export const onnxType: Record<DType, OnnxType> = {
  float16: OnnxType.FLOAT16,
  float32: OnnxType.FLOAT,
  float64: OnnxType.DOUBLE,
  int32: OnnxType.INT32,
  int64: OnnxType.INT64,
  bool: OnnxType.BOOL,
};

/** The dtype of an ONNX element type; the models written here have no others. */
export function dtypeOfOnnx(type: number): DType {
  return (Object.keys(onnxType) as DType[]).find((dtype) => onnxType[dtype] === type)!;
}

/** The name, type and shape of a value. */
export function valueInfo(name: string, { dtype, shape }: Spec): ValueInfoProto {
  const dim = shape.map((d) =>
    create(TensorShapeProto_DimensionSchema, { value: { case: "dimValue", value: BigInt(d) } })
  );
  const value = create(TypeProto_TensorSchema, {
    elemType: onnxType[dtype],
    shape: create(TensorShapeProtoSchema, { dim }),
  });
  const type = create(TypeProtoSchema, { value: { case: "tensorType", value } });
  return create(ValueInfoProtoSchema, { name, type });
}

/** One attribute of a node. */
export function attributeProto(name: string, value: OnnxAttributes[string]): AttributeProto {
  if ("int" in value) {
    return create(AttributeProtoSchema, { name, type: Kind.INT, i: BigInt(value.int) });
  }
  if ("ints" in value) {
    return create(AttributeProtoSchema, { name, type: Kind.INTS, ints: value.ints.map(BigInt) });
  }
  if ("float" in value) {
    return create(AttributeProtoSchema, { name, type: Kind.FLOAT, f: value.float });
  }
  const s = new TextEncoder().encode(value.string);
  return create(AttributeProtoSchema, { name, type: Kind.STRING, s });
}
