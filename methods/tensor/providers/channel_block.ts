// How many channels ONNX Runtime's blocked layout takes together on this processor.
import { create, toBinary } from "@bufbuild/protobuf";
import type { Spec } from "../types.ts";
import { valueInfo } from "../onnx/protos.ts";
import { ModelProtoSchema } from "../onnx/onnx_pb.ts";
import { DOMAIN } from "./blocked.ts";

/** Two places of channels 0, 1, 2, …: in blocks of b, the first b results are those of the first place. */
const image: Spec = { dtype: "float32", shape: [1, 32, 1, 2] };

function probe(): Uint8Array {
  const graph = {
    name: "probe",
    node: [{ opType: "ReorderInput", domain: DOMAIN, input: ["x"], output: ["y"] }],
    input: [valueInfo("x", image)],
    output: [valueInfo("y", image)],
  };
  const opsetImport = [{ domain: "", version: 21n }, { domain: DOMAIN, version: 1n }];
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, { irVersion: 10n, opsetImport, graph }),
  );
}

let known: Promise<number | null> | undefined;

/** 8 with AVX2, 16 with AVX-512; null where there is no such layout, nor its operators. */
export function channelBlock(ort: typeof import("onnxruntime-node")): Promise<number | null> {
  return known ??= (async () => {
    try {
      const session = await ort.InferenceSession.create(probe(), { logSeverityLevel: 4 });
      const x = Float32Array.from({ length: 64 }, (_, i) => i);
      const { y } = await session.run({ x: new ort.Tensor("float32", x, image.shape) });
      await session.release();
      // Places of one channel were neighbours: 0, 2, 4, … are the first place's.
      const block = (y.data as Float32Array).findIndex((v, i) => v !== 2 * i);
      return block > 1 ? block : null;
    } catch {
      return null;
    }
  })();
}
