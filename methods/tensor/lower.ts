// Writes an optimised graph as an ONNX model: scopes, names, initializers, loops, operation counts.
import { create, toBinary } from "@bufbuild/protobuf";
import type { DType, NdArray, Spec } from "./types.ts";
import { ndarray } from "./ndarray.ts";
import {
  type Body,
  constantPrimitive,
  leafPrimitive,
  type Node,
  strayLeaf,
  type Tensor,
} from "./node.ts";
import { attributeProto, onnxType, valueInfo } from "./onnx/protos.ts";
import type { GraphWriter, OnnxAttributes } from "./onnx/graph_writer.ts";
import { madeAt, originOf } from "./origin.ts";
import { reachable } from "./rewrite.ts";
import { type CondAttributes, condPrimitive } from "./cond_primitive.ts";
import { type ScanAttributes, scanPrimitive } from "./scan_primitive.ts";
import { type WhileAttributes, whilePrimitive } from "./while_primitive.ts";
import {
  type AttributeProto,
  AttributeProto_AttributeType as Kind,
  AttributeProtoSchema,
  type GraphProto,
  GraphProtoSchema,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  type ValueInfoProto,
} from "./onnx/onnx_pb.ts";

/** Operator set and format version of the models: the oldest with Gelu and every form used here. */
const opset = 21n;
const irVersion = 10n;

/** A graph being written: the main one, or the body of a loop inside another. */
interface Scope {
  readonly depth: number;
  readonly trips: number;
  readonly nodes: NodeProto[];
}

/** What lowering yields. */
export interface Lowered {
  readonly model: Uint8Array;
  /** ONNX nodes in all graphs. */
  readonly nodes: number;
  /** Floating point operations of one run, loops times their trips. */
  readonly flops: number;
  /** Types and shapes of intermediate values by name, in loop bodies too. */
  readonly values: Readonly<Record<string, Spec>>;
  /** Element types that occur anywhere in the graph. */
  readonly dtypes: readonly DType[];
}

/** One named input or output. */
export interface Port {
  readonly name: string;
  readonly tensor: Tensor;
}

const flag: Spec = { dtype: "bool", shape: [] };

/** `scope/take/Gather_3`: a node's name says its operator here, so that errors at run time do. */
function label(node: Node | null, output: string): { name: string; docString?: string } {
  if (node === null) return { name: output };
  const { scope } = originOf(node);
  const name = `${scope === "" ? "" : `${scope}/`}${node.primitive.name}/${output}`;
  const place = madeAt(node);
  return place === null ? { name } : { name, docString: place };
}

/** Small constants are shared by content. */
const sharedElements = 64;

class Writer implements GraphWriter {
  readonly initializers: TensorProto[] = [];
  readonly names = new Map<Node, readonly string[]>();
  readonly #scopes = new Map<Node, Scope>();
  readonly #shared = new Map<string, string>();
  readonly #byData = new Map<object, string>();
  readonly root: Scope = { depth: 0, trips: 1, nodes: [] };
  #scope: Scope = this.root;
  #counter = 0;
  /** The node being written; what is pushed is named after it. */
  #current: Node | null = null;
  readonly dtypes = new Set<DType>();
  flops = 0;
  count = 0;

  fresh(stem: string): string {
    return `${stem}_${++this.#counter}`;
  }

  bind(node: Node, names: readonly string[], scope: Scope): void {
    this.names.set(node, names);
    this.#scopes.set(node, scope);
  }

  nameOf(t: Tensor, user?: Node): string {
    const names = this.names.get(t.node);
    if (names === undefined) throw strayLeaf(t, user);
    return names[t.index];
  }

  node(op: string, inputs: readonly string[], attributes: OnnxAttributes = {}, outputs = 1) {
    const names = Array.from({ length: outputs }, () => this.fresh(op));
    const attribute = Object.entries(attributes).map(([k, v]) => attributeProto(k, v));
    this.#push({ opType: op, input: [...inputs], output: names, attribute });
    return names;
  }

  #push(init: { opType: string; input: string[]; output: string[]; attribute?: AttributeProto[] }) {
    this.count++;
    this.#scope.nodes.push(
      create(NodeProtoSchema, { ...label(this.#current, init.output[0]), ...init }),
    );
  }

  initializer(array: NdArray): string {
    const { data, shape, dtype } = array;
    const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const key = data.length <= sharedElements ? `${dtype}[${shape}]${rawData}` : null;
    const known = key === null ? this.#byData.get(array) : this.#shared.get(key);
    if (known !== undefined) return known;
    const name = this.fresh("c");
    const dims = shape.map(BigInt);
    this.initializers.push(
      create(TensorProtoSchema, { name, dims, dataType: onnxType[dtype], rawData }),
    );
    if (key === null) this.#byData.set(array, name);
    else this.#shared.set(key, name);
    return name;
  }

  int64s(values: readonly number[]): string {
    return this.initializer(ndarray(BigInt64Array.from(values, BigInt)));
  }

  /** The innermost graph among those that define the inputs. */
  #scopeFor(inputs: readonly Tensor[]): Scope {
    let scope = this.root;
    for (const t of inputs) {
      const s = this.#scopes.get(t.node);
      if (s !== undefined && s.depth > scope.depth) scope = s;
    }
    return scope;
  }

  /** Writes every node that `outputs` need and that has no name yet. */
  write(outputs: readonly Tensor[]): void {
    for (const node of reachable(outputs, new Set(this.names.keys()))) {
      for (const { dtype } of node.outputs) this.dtypes.add(dtype);
      if (this.names.has(node)) continue;
      // A leaf without a name belongs to another function: its user is the one to blame.
      if (node.primitive === leafPrimitive as unknown) continue;
      const inputs = node.inputs.map((t) => this.nameOf(t, node));
      const scope = this.#scopeFor(node.inputs);
      this.#scope = scope;
      this.bind(node, this.#emit(node, inputs, scope), scope);
      this.#current = null;
    }
  }

  #emit(node: Node, inputs: readonly string[], scope: Scope): string[] {
    const { primitive, attributes } = node;
    if (primitive === scanPrimitive as unknown) {
      return this.#scan(node, attributes as ScanAttributes, inputs, scope);
    }
    if (primitive === whilePrimitive as unknown) {
      return this.#while(node, attributes as WhileAttributes, inputs, scope);
    }
    if (primitive === condPrimitive as unknown) {
      return this.#branches(node, attributes as CondAttributes, inputs, scope);
    }
    this.flops += scope.trips * (primitive.flops?.(node) ?? 0);
    this.#current = node;
    return primitive.emit(this, inputs, node);
  }

  #inner(scope: Scope, trips = 1): Scope {
    return { depth: scope.depth + 1, trips: scope.trips * trips, nodes: [] };
  }

  /** An ONNX node whose attributes are graphs, with the outputs of `node`. */
  #control(
    op: string,
    input: string[],
    graphs: Readonly<Record<string, GraphProto>>,
    node: Node,
    scope: Scope,
  ): string[] {
    const attribute = Object.entries(graphs)
      .map(([name, g]) => create(AttributeProtoSchema, { name, type: Kind.GRAPH, g }));
    const output = node.outputs.map(() => this.fresh(op));
    this.#scope = scope;
    this.#current = node;
    this.#push({ opType: op, input, output, attribute });
    return output;
  }

  #scan(
    node: Node,
    { steps, carries, leaves, outputs, xAxes }: ScanAttributes,
    inputs: readonly string[],
    scope: Scope,
  ): string[] {
    const body = this.#inner(scope, steps);
    const [step, go] = [this.fresh("step"), this.fresh("go")];
    const carried = this.#carry(leaves.slice(0, carries), body);
    leaves.slice(carries).forEach((t, i) => {
      this.#scope = body;
      this.bind(
        t.node,
        this.node("Gather", [inputs[carries + i], step], { axis: { int: xAxes?.[i] ?? 0 } }),
        body,
      );
    });
    this.write(outputs);
    this.#scope = body;
    const [going] = this.node("Identity", [go]);
    const ports = [valueInfo(going, flag), ...this.outputs(outputs, body)];
    const trips = this.initializer(ndarray(BigInt64Array.of(BigInt(steps)), []));
    const graph = this.#loopBody(step, go, carried, body, ports);
    return this.#control(
      "Loop",
      [trips, "", ...inputs.slice(0, carries)],
      { body: graph },
      node,
      scope,
    );
  }

  #while(
    node: Node,
    { carries, body }: WhileAttributes,
    inputs: readonly string[],
    scope: Scope,
  ): string[] {
    const inner = this.#inner(scope);
    const carried = this.#carry(body.leaves.slice(0, carries), inner);
    body.leaves.slice(carries)
      .forEach((t, i) => this.bind(t.node, [inputs[1 + carries + i]], inner));
    this.write(body.outputs);
    const ports = this.outputs(body.outputs, inner);
    const graph = this.#loopBody(this.fresh("step"), this.fresh("go"), carried, inner, ports);
    const input = ["", ...inputs.slice(0, 1 + carries)];
    return this.#control("Loop", input, { body: graph }, node, scope);
  }

  #carry(leaves: readonly Tensor[], body: Scope): ValueInfoProto[] {
    return leaves.map((t) => {
      const name = this.fresh("carry");
      this.bind(t.node, [name], body);
      return valueInfo(name, t);
    });
  }

  #loopBody(
    step: string,
    go: string,
    carried: readonly ValueInfoProto[],
    body: Scope,
    output: ValueInfoProto[],
  ): GraphProto {
    const input = [valueInfo(step, { dtype: "int64", shape: [] }), valueInfo(go, flag), ...carried];
    return this.#graph("body", body, input, output);
  }

  #graph(
    stem: string,
    scope: Scope,
    input: ValueInfoProto[],
    output: ValueInfoProto[],
  ): GraphProto {
    const name = this.fresh(stem);
    return create(GraphProtoSchema, { name, node: scope.nodes, input, output });
  }

  /** Branches see the operands by their outer names; of their costs the larger counts. */
  #branches(
    node: Node,
    { onTrue, onFalse }: CondAttributes,
    inputs: readonly string[],
    scope: Scope,
  ): string[] {
    const before = this.flops;
    let most = 0;
    const graph = ({ leaves, outputs }: Body, stem: string) => {
      this.flops = 0;
      const inner = this.#inner(scope);
      leaves.forEach((t, i) => this.bind(t.node, [inputs[1 + i]], inner));
      this.write(outputs);
      const ports = this.outputs(outputs, inner);
      most = Math.max(most, this.flops);
      return this.#graph(stem, inner, [], ports);
    };
    const graphs = { then_branch: graph(onTrue, "then"), else_branch: graph(onFalse, "else") };
    this.flops = before + most;
    return this.#control("If", inputs.slice(0, 1), graphs, node, scope);
  }

  /** Types and shapes of all values but constants. */
  values(): Record<string, Spec> {
    const values: Record<string, Spec> = {};
    for (const [node, names] of this.names) {
      if (node.primitive === constantPrimitive as unknown) continue;
      names.forEach((name, i) => {
        const { dtype, shape } = node.outputs[i];
        values[name] = { dtype, shape };
      });
    }
    return values;
  }

  /** Outputs of a graph: distinct names, each made by a node of that graph. */
  outputs(tensors: readonly Tensor[], scope: Scope, named?: readonly string[]): ValueInfoProto[] {
    const made = new Set(scope.nodes.flatMap((n) => n.output));
    const taken = new Set<string>();
    return tensors.map((t, i) => {
      let name = this.nameOf(t);
      if (named !== undefined || !made.has(name) || taken.has(name)) {
        const output = named?.[i] ?? this.fresh("Identity");
        this.#scope = scope;
        this.#push({ opType: "Identity", input: [name], output: [output] });
        name = output;
      }
      taken.add(name);
      return valueInfo(name, t);
    });
  }
}

/** Writes the model whose inputs are leaves and whose outputs depend on them. */
export function lowerToOnnx(
  name: string,
  inputs: readonly Port[],
  outputs: readonly Port[],
): Lowered {
  const writer = new Writer();
  for (const { name, tensor } of inputs) writer.bind(tensor.node, [name], writer.root);
  const results = outputs.map((o) => o.tensor);
  writer.write(results);
  const ports = writer.outputs(results, writer.root, outputs.map((o) => o.name));
  const graph: GraphProto = create(GraphProtoSchema, {
    name,
    node: writer.root.nodes,
    initializer: writer.initializers,
    input: inputs.map((p) => valueInfo(p.name, p.tensor)),
    output: ports,
  });
  const model = create(ModelProtoSchema, {
    irVersion,
    opsetImport: [create(OperatorSetIdProtoSchema, { domain: "", version: opset })],
    producerName: "tensor",
    graph,
  });
  return {
    model: toBinary(ModelProtoSchema, model),
    nodes: writer.count,
    flops: writer.flops,
    values: writer.values(),
    dtypes: [...writer.dtypes].sort(),
  };
}
