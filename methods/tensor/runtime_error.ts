// What ONNX Runtime says of a failed run, in the program's own terms. Loaded only when a run fails.
import { fromBinary } from "@bufbuild/protobuf";
import { type Provider, TensorError } from "./types.ts";
import type { Program } from "./compile.ts";
import { type GraphProto, ModelProtoSchema, type NodeProto } from "./onnx/onnx_pb.ts";

/** All nodes of a graph, those of loop bodies and branches too. */
function nodesOf(graph: GraphProto | undefined): NodeProto[] {
  return (graph?.node ?? []).flatMap((node) => [
    node,
    ...node.attribute.flatMap(({ g }) => nodesOf(g)),
  ]);
}

/** The end of the brackets that open at `start`. */
function closing(text: string, start: number): number {
  let depth = 0;
  for (let i = start; i < text.length; i++) {
    if ("([".includes(text[i])) depth++;
    else if (")]".includes(text[i]) && --depth === 0) return i + 1;
  }
  return text.length;
}

/** `gather_elements.cc:150 void onnxruntime::f(int) [with T = long int] What is wrong` → `What is wrong`. */
function withoutSource(text: string): string {
  const place = /^\S+\.(?:cc|h|hpp|cpp|cu|cuh):\d+\s+/.exec(text);
  if (!place) return text;
  const rest = text.slice(place[0].length);
  const open = rest.indexOf("(");
  // A signature names its namespace; else the function is one word.
  if (open < 0 || !rest.slice(0, open).includes("::")) return rest.replace(/^\S+\s+/, "");
  let end = closing(rest, open);
  while (end < rest.length && rest[end] !== " ") {
    const next = rest.indexOf("(", end);
    end = next < 0 ? rest.length : closing(rest, next);
  }
  const after = rest.slice(end).replace(/^\s+const\b/, "").trimStart();
  return after.startsWith("[") ? after.slice(closing(after, 0)).trimStart() : after;
}

/** The nodes that may have failed, and the text about it. */
interface Failure {
  readonly nodes: readonly NodeProto[];
  readonly said: string;
}

/**
 * Finds the failed node by its name, which most texts have. Kernels that throw leave it out on wasm: there the
 * source file says which kind of node it was.
 */
function failureOf(text: string, nodes: readonly NodeProto[]): Failure {
  // A loop reports its body's failure inside its own: the last one named is the cause.
  const named = [...text.matchAll(/running \S+ node\. Name:'([^']*)' Status Message: /g)].at(-1);
  const rest = named
    ? text.slice(named.index + named[0].length)
    : text.replace(/^.*?ERROR_CODE: \d+, ERROR_MESSAGE: /s, "");
  const [line] = rest.trim().split("\n");
  const said = withoutSource(line.trim());
  if (named) {
    // The CPU's layouts of a convolution are named after it, with a number (providers/blocked.ts).
    const node = nodes.find(({ name }) => name === named[1] || named[1].startsWith(`${name}.`));
    return { nodes: [node ?? { name: named[1] } as NodeProto], said };
  }
  const [, file] = /(\w+)\.cc:\d+ /.exec(line) ?? [];
  const kind = file?.replaceAll("_", "").toLowerCase();
  return { nodes: nodes.filter(({ opType }) => opType.toLowerCase() === kind), said };
}

/** `scope/take` of the node `scope/take/Gather_3`. */
function operatorOf({ name }: NodeProto): string {
  const operator = name.split("/").slice(0, -1).join("/") || name;
  return operator.replace(/(^|\/)mod$/, "$1remainder or floorDivide");
}

const losses = ["crossEntropy", "negativeLogLikelihood"];

/** Sizes by the names of values, as far as they are known. */
type Shapes = ReadonlyMap<string, readonly number[]>;

function shapesOf(program: Program<never, unknown>, graph: GraphProto | undefined): Shapes {
  return new Map<string, readonly number[]>([
    ...Object.entries(program.values).map(([name, { shape }]) => [name, shape] as const),
    ...program.inputs.map(({ name, shape }) => [name, shape] as const),
    ...(graph?.initializer ?? []).map(({ name, dims }) => [name, dims.map(Number)] as const),
  ]);
}

/** What a text means: of labels and indices out of range, and of division by 0. */
function meaning({ nodes, said }: Failure, shapes: Shapes): string {
  if (/^Integer (division|modulo) by zero/.test(said)) return "an integer is divided by 0";
  const outside =
    /out of data bounds, idx=(-?\d+) must be within the inclusive range \[(-?\d+),(-?\d+)\]/
      .exec(said);
  if (!outside && !/Out of range value in index|Index out of range/.test(said)) return said;
  const sizes = new Set(nodes.map((node) => sizeAlong(node, shapes)));
  const [size] = sizes.size === 1 ? sizes : [null];
  if (nodes.every((node) => losses.includes(operatorOf(node).split("/").at(-1)!))) {
    return size === null ? "a label is out of range" : `a label is outside 0 … ${size - 1}`;
  }
  if (outside) return `index ${outside[1]} is outside ${outside[2]} … ${outside[3]}`;
  return size === null ? "an index is out of range" : `an index is outside ${-size} … ${size - 1}`;
}

/** Elements along the axis that a node indexes, or null if its operand's shape is not known. */
function sizeAlong({ input, attribute }: NodeProto, shapes: Shapes): number | null {
  const axis = attribute?.find(({ name }) => name === "axis");
  return shapes.get(input?.[0])?.[Number(axis?.i ?? 0)] ?? null;
}

/** `a`, `a or b`, or "" if there are none or too many to name. */
function either(texts: readonly string[]): string {
  const distinct = [...new Set(texts)].filter((text) => text !== "");
  return distinct.length > 3 ? "" : distinct.join(" or ");
}

/** The error for a failed run: which operator, what is wrong, and the line if recorded. */
export function runtimeError(
  program: Program<never, unknown>,
  provider: Provider,
  error: unknown,
): TensorError {
  const text = error instanceof Error ? error.message : String(error);
  const { graph } = fromBinary(ModelProtoSchema, program.model);
  const failure = failureOf(text, nodesOf(graph));
  const operator = either(failure.nodes.map(operatorOf));
  const what = meaning(failure, shapesOf(program, graph));
  const made = either(failure.nodes.map(({ docString }) => docString ?? ""));
  return new TensorError(
    "runtime",
    operator === ""
      ? `${program.name}: ${provider}: ${what}`
      : `${operator}: ${what}; in ${program.name} on ${provider}`,
    { cause: error, madeAt: made === "" ? null : made },
  );
}
