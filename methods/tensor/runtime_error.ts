// What ONNX Runtime says of a failed run, in the program's own terms. Loaded only when a run fails.
import { fromBinary } from "@bufbuild/protobuf";
import { type Provider, TensorError } from "./types.ts";
import type { Program } from "./compile.ts";
import { type GraphProto, ModelProtoSchema } from "./onnx/onnx_pb.ts";

/** The doc string of a node by name, in loop bodies too; "" if there is none. */
function docString(graph: GraphProto | undefined, name: string): string {
  for (const node of graph?.node ?? []) {
    if (node.name === name) return node.docString;
    for (const { g } of node.attribute) {
      const found = g ? docString(g, name) : "";
      if (found !== "") return found;
    }
  }
  return "";
}

/** The error for a failed run: which operator, what ONNX Runtime says, and the line if recorded. */
export function runtimeError(
  program: Program<never, unknown>,
  provider: Provider,
  error: unknown,
): TensorError {
  const text = error instanceof Error ? error.message : String(error);
  // A loop reports its body's failure inside its own: the last one named is the cause.
  const failed = [...text.matchAll(/running \S+ node\. Name:'([^']*)' Status Message: /g)].at(-1);
  if (failed === undefined) {
    return new TensorError("runtime", `${program.name}: ${provider}: ${text.split("\n")[0]}`, {
      cause: error,
    });
  }
  const [name] = failed.slice(1);
  const operator = name.split("/").slice(0, -1).join("/") || name;
  const [said] = text.slice(failed.index + failed[0].length).split("\n");
  const made = docString(fromBinary(ModelProtoSchema, program.model).graph, name);
  return new TensorError(
    "runtime",
    `${operator}: ${said.trim()}; in ${program.name} on ${provider}`,
    { cause: error, madeAt: made === "" ? null : made },
  );
}
