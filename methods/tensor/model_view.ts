// A model's graph as plain data, for summaries and drawings: nodes, loop bodies, shapes, constants.
import { fromBinary } from "@bufbuild/protobuf";
import type { Spec } from "./types.ts";
import type { Program } from "./compile.ts";
import { dtypeOfOnnx } from "./onnx/protos.ts";
import { type GraphProto, ModelProtoSchema, type NodeProto } from "./onnx/onnx_pb.ts";

/** One ONNX node. */
export interface ViewNode {
  /** ONNX operator, e.g. `Gemm`. */
  readonly op: string;
  /** Operator of this compiler, e.g. `matmul`; the ONNX operator for nodes that have none. */
  readonly operator: string;
  /** Named scopes around it, outermost first. */
  readonly scope: readonly string[];
  /** The user's line, if it was recorded. */
  readonly madeAt: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** A loop's body and its number of steps, null when the data decide. */
  readonly loop?: { readonly body: GraphView; readonly steps: number | null };
  /** What a conditional does when its condition holds, and when not. */
  readonly branches?: readonly [GraphView, GraphView];
}

/** A graph: the main one, a loop's body, or a branch, which has no inputs. */
export interface GraphView {
  /** In a body: step number, condition, then the carry. */
  readonly inputs: readonly string[];
  /** In a body: condition, the new carry, then what is stacked. */
  readonly outputs: readonly string[];
  readonly nodes: readonly ViewNode[];
}

/** A whole model. */
export interface ModelView extends GraphView {
  readonly constants: ReadonlyMap<string, Spec>;
  /** Type and shape of a value, where known: all but some temporaries inside an operator. */
  readonly specs: ReadonlyMap<string, Spec>;
}

/** Reads the graph of a program. */
export function viewOf(program: Program<never, unknown>): ModelView {
  const graph = fromBinary(ModelProtoSchema, program.model).graph!;
  const constants = new Map<string, Spec>(
    graph.initializer.map(({ name, dataType, dims }) => [
      name,
      { dtype: dtypeOfOnnx(dataType), shape: dims.map(Number) },
    ]),
  );
  const specs = new Map<string, Spec>([...constants, ...Object.entries(program.values)]);
  for (const { name, dtype, shape } of [...program.inputs, ...program.outputs]) {
    specs.set(name, { dtype, shape });
  }
  const trips = new Map(graph.initializer.map(({ name, rawData, dims }) => [
    name,
    () => dims.length === 0 ? Number(new DataView(rawData.slice().buffer).getBigInt64(0, true)) : 1,
  ]));
  const view = (g: GraphProto): GraphView => {
    for (const { name, type } of [...g.input, ...g.output]) {
      if (type?.value.case !== "tensorType" || specs.has(name)) continue;
      const { elemType, shape } = type.value.value;
      specs.set(name, {
        dtype: dtypeOfOnnx(elemType),
        shape: (shape?.dim ?? []).map((d) => Number(d.value.value)),
      });
    }
    return {
      inputs: g.input.map((i) => i.name),
      outputs: g.output.map((o) => o.name),
      nodes: g.node.map(node),
    };
  };
  const node = (n: NodeProto): ViewNode => {
    const parts = n.name.split("/").slice(0, -1);
    const graph = (name: string) => n.attribute.find((a) => a.name === name)?.g;
    const body = graph("body"), yes = graph("then_branch"), no = graph("else_branch");
    return {
      op: n.opType,
      operator: parts.at(-1) ?? n.opType,
      scope: parts.slice(0, -1),
      madeAt: n.docString,
      inputs: n.input,
      outputs: n.output,
      ...(body ? { loop: { body: view(body), steps: trips.get(n.input[0])?.() ?? null } } : {}),
      ...(yes && no ? { branches: [view(yes), view(no)] as const } : {}),
    };
  };
  return { ...view(graph), constants, specs };
}
