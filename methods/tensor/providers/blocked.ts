// Convolutions on the CPU in ONNX Runtime's blocked layout (NCHWc), where it would not choose it itself.
//
// In blocks of as many channels as a vector register holds, [n, c/b, h, w, b], a convolution takes a half to three
// quarters of the time. ONNX Runtime lays kernels out so when it loads a model, hence only constant ones; here it is
// done by operators of the model, since a training loop changes its kernels at each step.
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { Spec } from "../types.ts";
import { sizeOf } from "../ndarray.ts";
import { attributeProto } from "../onnx/protos.ts";
import type { OnnxAttributes } from "../onnx/graph_writer.ts";
import {
  type GraphProto,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  TensorProto_DataType as OnnxType,
  TensorProtoSchema,
} from "../onnx/onnx_pb.ts";

/** ONNX Runtime's own operators on blocked arrays. */
export const DOMAIN = "com.microsoft.nchwc";

/** Types and shapes of a model's values by name. */
type Specs = Readonly<Record<string, Spec>>;

/** In one graph: the names of blocked forms of its values and of those around it, by `image` or `kernel` and name. */
type Blocked = Map<string, string>;

/** Whether a program convolves: results are named after their operator, so that its model need not be read. */
export function convolves(specs: Specs): boolean {
  return Object.keys(specs).some((name) => name.startsWith("Conv_"));
}

/**
 * The model with its float32 convolutions of images in blocked layout, in loop bodies too: those whose kernels are no
 * constants and whose channels come in whole blocks (for an image also: less than one). The same bytes if there are none.
 * @param block channels in a block
 */
export function blockConvolutions(model: Uint8Array, block: number, specs: Specs): Uint8Array {
  const parsed = fromBinary(ModelProtoSchema, model);
  const rewriter = new Rewriter(parsed.graph!, block, specs);
  if (rewriter.count === 0) return model;
  parsed.opsetImport.push(create(OperatorSetIdProtoSchema, { domain: DOMAIN, version: 1n }));
  return toBinary(ModelProtoSchema, parsed);
}

class Rewriter {
  readonly #constants: ReadonlySet<string>;
  /** Convolutions that were rewritten. */
  count = 0;

  constructor(
    private readonly root: GraphProto,
    private readonly block: number,
    private readonly specs: Specs,
  ) {
    this.#constants = new Set(root.initializer.map((c) => c.name));
    this.#graph(root, new Map());
  }

  #graph(graph: GraphProto, blocked: Blocked): void {
    graph.node = graph.node.flatMap((node) => {
      for (const { g } of node.attribute) if (g) this.#graph(g, new Map(blocked));
      return node.opType === "Conv" && this.#fits(node) ? this.#convolution(node, blocked) : [node];
    });
  }

  #fits(node: NodeProto): boolean {
    const { specs, block } = this;
    const [image, kernel, bias] = node.input;
    const x = specs[image], w = specs[kernel];
    if (bias !== undefined || this.#constants.has(kernel) || x?.dtype !== "float32" || !w) {
      return false;
    }
    const [out, inside, ...size] = w.shape, [n, channels] = x.shape;
    const groups = channels / inside;
    if (size.length !== 2 || n === 0 || out % block !== 0) return false;
    const ints = (name: string) => node.attribute.find((a) => a.name === name)!.ints.map(Number);
    const reach = ints("dilations").map((d, i) => d * (size[i] - 1));
    // Kernels that see nothing but padding are left to the general convolution.
    if (ints("pads").some((p, i) => p < 0 || p > reach[i % 2])) return false;
    if (groups === 1) return channels < block || channels % block === 0;
    const depthwise = inside === 1 && out === groups;
    return depthwise || (inside % block === 0 && (out / groups) % block === 0);
  }

  #convolution(node: NodeProto, blocked: Blocked): NodeProto[] {
    const { block, specs } = this, id = ++this.count;
    const [image, kernel] = node.input, [result] = node.output;
    const [out, inside, ...size] = specs[kernel].shape;
    const nodes: NodeProto[] = [];
    const add = (
      opType: string,
      input: string[],
      attributes: OnnxAttributes = {},
      output = `${opType}_blocked_${id}_${nodes.length}`,
    ) => {
      const domain = opType.startsWith("Reorder") ? DOMAIN : "";
      const attribute = Object.entries(attributes).map(([k, v]) => attributeProto(k, v));
      const name = `${node.name}.${nodes.length}`;
      nodes.push(
        create(NodeProtoSchema, {
          ...node,
          name,
          opType,
          domain,
          input,
          output: [output],
          attribute,
        }),
      );
      return output;
    };
    /** A value that several convolutions need in one place is laid out once. */
    const once = (place: "image" | "kernel", value: string, make: () => string) => {
      const key = `${place} ${value}`;
      const made = blocked.get(key) ?? make();
      blocked.set(key, made);
      return made;
    };
    // An image of less than a block of channels stays as it is, and so does that axis of its kernel.
    const images = specs[image].shape[1] < block
      ? image
      : once("image", image, () => add("ReorderInput", [image]));
    const kernels = once("kernel", kernel, () => {
      const places = sizeOf(size);
      const reshape = (x: string, ...sizes: number[]) => add("Reshape", [x, this.#shape(sizes)]);
      const transpose = (x: string, perm: number[]) =>
        add("Transpose", [x], { perm: { ints: perm } });
      // [o/b, b, i·hw] → [o/b, i·hw, b], then [o/b·i/b, b, hw, b] → [o/b·i/b, hw, b, b]: half the time of one transpose.
      let turned = transpose(reshape(kernel, out / block, block, inside * places), [0, 2, 1]);
      if (inside >= block) {
        const blocks = out / block * inside / block;
        turned = transpose(reshape(turned, blocks, block, places, block), [0, 2, 1, 3]);
      }
      return reshape(turned, out, inside, ...size);
    });
    const convolved = `Conv_blocked_${id}`;
    nodes.push(
      create(NodeProtoSchema, {
        ...node,
        domain: DOMAIN,
        input: [images, kernels],
        output: [convolved],
      }),
    );
    add("ReorderOutput", [convolved], { channels: { int: out } }, result);
    return nodes;
  }

  /** A shape as a constant of the outermost graph. */
  #shape(sizes: readonly number[]): string {
    const name = `shape_blocked_${sizes.join("_")}`;
    const { initializer } = this.root;
    if (!initializer.some((c) => c.name === name)) {
      const rawData = new Uint8Array(BigInt64Array.from(sizes, BigInt).buffer);
      const dims = [BigInt(sizes.length)];
      initializer.push(
        create(TensorProtoSchema, { name, dims, dataType: OnnxType.INT64, rawData }),
      );
    }
    return name;
  }
}
