// The traced graph: pure nodes, hash-consed within a trace, never evaluated while tracing.
import { describe, type DType, type NdArray, type Spec, TensorError } from "./types.ts";
import { callSite } from "./call_site.ts";
import { asElement, isNdArray, sizeOf, storage } from "./ndarray.ts";
import { madeAt, remember } from "./origin.ts";
import { kindOf } from "./tree.ts";
import type { GraphWriter } from "./onnx/graph_writer.ts";

/** Static attributes of an operator; part of a node's identity. */
export type Attributes = object;

/** A graph that a node holds (the body of a loop, a branch); its leaves stand for what it is given. */
export interface Body {
  readonly leaves: readonly Tensor[];
  readonly outputs: readonly Tensor[];
}

/** One operator: how shapes follow, how it differentiates, how it is written as ONNX. */
export interface Primitive<A extends Attributes = Attributes> {
  readonly name: string;
  /** Output types and shapes; throws a TensorError when the inputs do not fit. */
  readonly infer: (inputs: readonly Tensor[], attributes: A) => readonly Spec[];
  /** Appends ONNX nodes and returns the names of the outputs. */
  readonly emit: (writer: GraphWriter, inputs: readonly string[], node: Node<A>) => string[];
  /** Cotangents of the inputs from those of the outputs (null: none); absent: not differentiable. */
  readonly vjp?: (
    node: Node<A>,
    cotangents: readonly (Tensor | null)[],
  ) => readonly (Tensor | null)[];
  /**
   * Tangents of the outputs from those of the inputs (null: none), for `jvp`. Only operators that hold graphs
   * need it: elsewhere the transpose of `vjp` serves.
   */
  readonly jvp?: (
    node: Node<A>,
    tangents: readonly (Tensor | null)[],
  ) => readonly (Tensor | null)[];
  /** The graphs that a node holds; default none. */
  readonly bodies?: (attributes: A) => readonly Body[];
  /** Applies the operator with other bodies, which may use other outer tensors. Needed with `bodies`. */
  readonly withBodies?: (
    inputs: readonly Tensor[],
    attributes: A,
    bodies: readonly Body[],
  ) => readonly Tensor[];
  /**
   * The operator over a batch, for `vmap`: inputs with `batched[i]` have a leading axis of `size`, the others
   * do not; every output gets one. Elementwise primitives need no rule.
   */
  readonly batch?: (
    inputs: readonly Tensor[],
    batched: readonly boolean[],
    attributes: A,
    size: number,
  ) => readonly Tensor[];
  /** A simpler equal expression, or null. Applied whenever a node is made. */
  readonly simplify?: (inputs: readonly Tensor[], attributes: A) => readonly Tensor[] | null;
  /** An equal expression in other primitives where ONNX Runtime lacks a kernel, or null. */
  readonly lower?: (inputs: readonly Tensor[], attributes: A) => readonly Tensor[] | null;
  /** Floating point operations of one evaluation; default 0. */
  readonly flops?: (node: Node<A>) => number;
  /** Whether each output element depends on the input elements at its place alone. */
  readonly elementwise?: boolean;
  /** The attributes are `axes` and `keepDims` of a reduction. */
  readonly reduction?: boolean;
  /** Identity of the attributes; default their JSON; null: every node is distinct. */
  readonly key?: (attributes: A) => string | null;
}

/** One application of a primitive. */
export class Node<A extends Attributes = Attributes> {
  readonly outputs: readonly Tensor[];
  constructor(
    readonly id: number,
    readonly primitive: Primitive<A>,
    readonly inputs: readonly Tensor[],
    readonly attributes: A,
    specs: readonly Spec[],
  ) {
    this.outputs = specs.map((s, i) => new Tensor(this as unknown as Node, i, s.dtype, s.shape));
  }
}

/** A symbolic array: one output of a node. Shape and dtype are known; values exist only at run time. */
export class Tensor implements Spec {
  /** @internal */
  constructor(
    readonly node: Node,
    readonly index: number,
    readonly dtype: DType,
    readonly shape: readonly number[],
  ) {}

  /**
   * JavaScript asks for a primitive value in `-x`, `x * 2` and `x > 0`, which it cannot overload: refused, since the
   * answer would be NaN or false. In a text a tensor is its type and shape.
   * @throws TensorError `argument`
   */
  [Symbol.toPrimitive](hint: string): string {
    if (hint === "string") return describe(this);
    throw new TensorError(
      "argument",
      `an operator or function of JavaScript is applied to the tensor ${
        describe(this)
      }, whose values ` +
        "are known at run time only; use neg(), add(), mul(), greater(), …",
    );
  }

  /** What `console.log` shows: not the whole graph. @internal */
  [Symbol.for("Deno.customInspect")](): string {
    return `Tensor { ${describe(this)}, made by ${this.node.primitive.name} }`;
  }
}

/** What operators accept: numbers take the dtype of the other operand, else float32. */
export type TensorLike = Tensor | NdArray | number;

/** Nodes by what makes them equal; a branch sees those of the graph around it, not the reverse. */
interface Consed {
  readonly nodes: Map<string, Node>;
  readonly around: Consed | null;
}

let nextId = 1;
let consed: Consed | null = null;
let lowering = false;

/** Runs `f` with common subexpressions shared, and primitives lowered where they can be if asked. */
export function traced<R>(f: () => R, { lower = false } = {}): R {
  const outer = { consed, lowering };
  consed = { nodes: new Map(), around: null };
  lowering = lower;
  try {
    return f();
  } finally {
    ({ consed, lowering } = outer);
  }
}

/**
 * Runs `f` so that the code around it never shares the nodes made within, which have ids from `since` on: they
 * can be moved into a branch.
 */
export function isolated<R>(f: () => R): { readonly result: R; readonly since: number } {
  const outer = consed;
  const since = nextId;
  consed = { nodes: new Map(), around: outer };
  try {
    return { result: f(), since };
  } finally {
    consed = outer;
  }
}

function lookUp(key: string): Node | undefined {
  for (let level = consed; level !== null; level = level.around) {
    const known = level.nodes.get(key);
    if (known !== undefined) return known;
  }
  return undefined;
}

/** Applies a primitive: simplified if it can be, shared if it exists already. */
export function apply<A extends Attributes>(
  primitive: Primitive<A>,
  inputs: readonly Tensor[],
  attributes: A,
): readonly Tensor[] {
  const simpler = primitive.simplify?.(inputs, attributes);
  if (simpler) return simpler;
  const lowered = lowering ? primitive.lower?.(inputs, attributes) : null;
  if (lowered) return lowered;
  const own = primitive.key === undefined ? JSON.stringify(attributes) : primitive.key(attributes);
  if (consed === null || own === null) {
    const specs = primitive.infer(inputs, attributes);
    return emptyOutputs(primitive, specs) ?? create(primitive, inputs, attributes, specs).outputs;
  }
  let key = primitive.name;
  for (const input of inputs) key += `,${input.node.id}:${input.index}`;
  key += own;
  const known = lookUp(key);
  if (known !== undefined) return known.outputs;
  const specs = primitive.infer(inputs, attributes);
  const empty = emptyOutputs(primitive, specs);
  if (empty) return empty;
  const node = create(primitive, inputs, attributes, specs);
  consed.nodes.set(key, node as unknown as Node);
  return node.outputs;
}

/**
 * Outputs without elements as constants, or null. Nothing is computed for them, no derivative comes from
 * them, and kernels that mishandle empty tensors (ONNX Runtime has several) never see one.
 */
function emptyOutputs(
  primitive: { readonly name: string },
  specs: readonly Spec[],
): readonly Tensor[] | null {
  const given = primitive.name === "leaf" || primitive.name === "constant";
  if (given || !specs.every((s) => sizeOf(s.shape) === 0)) return null;
  return specs.map(({ dtype, shape }) => constant({ dtype, shape, data: storage(dtype, 0) }));
}

function create<A extends Attributes>(
  primitive: Primitive<A>,
  inputs: readonly Tensor[],
  attributes: A,
  specs: readonly Spec[],
): Node<A> {
  const node = new Node(nextId++, primitive, inputs, attributes, specs);
  remember(node);
  return node;
}

/** Applies a primitive of one output. */
export function apply1<A extends Attributes>(
  primitive: Primitive<A>,
  inputs: readonly Tensor[],
  attributes: A,
): Tensor {
  return apply(primitive, inputs, attributes)[0];
}

const arrayIds = new WeakMap<object, number>();
let nextArray = 1;

/** Elements up to which a constant keeps the values that its array has when it is used, as a copy. */
const COPIED = 2 ** 16;

/** The last copy made of each host array's data: as long as these do not change, there is one. */
const copies = new WeakMap<object, NdArray["data"]>();

function copyOf(data: NdArray["data"]): NdArray["data"] {
  const known = copies.get(data);
  if (known !== undefined && sameBytes(known, data)) return known;
  const copy = data.slice() as NdArray["data"];
  copies.set(data, copy);
  return copy;
}

function sameBytes(a: NdArray["data"], b: NdArray["data"]): boolean {
  if (a.byteLength !== b.byteLength) return false;
  const words = [a, b].every((d) => d.byteOffset % 4 === 0) && a.byteLength % 4 === 0;
  const [x, y] = [a, b].map(({ buffer, byteOffset, byteLength }) =>
    words
      ? new Int32Array(buffer as ArrayBuffer, byteOffset, byteLength / 4)
      : new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength)
  );
  for (let i = 0; i < x.length; i++) if (x[i] !== y[i]) return false;
  return true;
}

function constantKey({ array }: { array: NdArray }): string {
  if (array.data.length <= 16) {
    return `${array.dtype}[${array.shape}]${
      Array.from(array.data as ArrayLike<number | bigint>, (v) => Object.is(v, -0) ? "-0" : `${v}`)
    }`;
  }
  let id = arrayIds.get(array.data);
  if (id === undefined) arrayIds.set(array.data, id = nextArray++);
  return `@${id}[${array.shape}]`;
}

/** A value known while tracing. */
export const constantPrimitive: Primitive<{ readonly array: NdArray }> = {
  name: "constant",
  infer: (_, { array }) => [{ dtype: array.dtype, shape: array.shape }],
  key: constantKey,
  emit: (writer, _, node) => [writer.initializer(node.attributes.array)],
  vjp: () => [],
};

/** A value given from outside: an argument of a program, or carry and slices of a scan body. */
export const leafPrimitive: Primitive<Spec & { readonly path: string }> = {
  name: "leaf",
  infer: (_, { dtype, shape }) => [{ dtype, shape }],
  key: () => null,
  emit: (_, __, node) => {
    throw strayLeaf(node.outputs[0]);
  },
  vjp: () => [],
};

/** The error for a leaf that `user` needs, or the result is, outside the function that it belongs to. */
export function strayLeaf(leaf: Tensor, user?: Node): TensorError {
  const { path } = leaf.node.attributes as { path: string };
  return new TensorError(
    "argument",
    `${
      user?.primitive.name ?? "compile"
    }: tensor "${path}" is used outside the function it belongs to; ` +
      "pass it as an argument or return it from there",
    { madeAt: user && madeAt(user) },
  );
}

/** A fresh symbolic input. */
export function leaf(spec: Spec, path: string): Tensor {
  return apply1(leafPrimitive, [], { dtype: spec.dtype, shape: [...spec.shape], path });
}

/** The error for what an operator cannot take. */
function notATensor(value: unknown): TensorError {
  const hint = Array.isArray(value)
    ? "; make one with fromNested()"
    : value === undefined
    ? "; is an argument missing or a name misspelt?"
    : "";
  return new TensorError(
    "argument",
    `${callSite()?.operator ?? "constant"}: expected a tensor, a host array or a number, got ${
      kindOf(value)
    }${hint}`,
  );
}

/**
 * A constant tensor from a host array, or from a number (scalar, float32 unless said otherwise). An array of more
 * than 65,536 elements is not copied: it must not change before the program is compiled.
 * @throws TensorError `dtype` for a number that the dtype cannot hold, e.g. 0.5 as int32
 */
export function constant(value: NdArray | number, dtype: DType = "float32"): Tensor {
  if (typeof value === "number") {
    const array = { dtype, shape: [], data: storage(dtype, 1) };
    array.data[0] = asElement(value, dtype, () => callSite()?.operator ?? "constant") as never;
    return apply1(constantPrimitive, [], { array });
  }
  if (!isNdArray(value)) throw notATensor(value);
  const copied = value.data.length <= COPIED;
  const array = copied ? { ...value, data: copyOf(value.data) } : value;
  return apply1(constantPrimitive, [], { array });
}

/** The value of a scalar constant, or null. */
export function scalarValue(x: Tensor): number | null {
  const array = constantArray(x);
  return array !== null && array.data.length === 1 ? Number(array.data[0]) : null;
}

/** The value of a constant tensor, or null. */
export function constantArray(x: Tensor): NdArray | null {
  return (x.node.primitive as unknown) === constantPrimitive
    ? (x.node.attributes as { array: NdArray }).array
    : null;
}

/** Whether a tensor was made by this primitive. */
export function madeBy<A extends Attributes>(x: Tensor, primitive: Primitive<A>): boolean {
  return (x.node.primitive as unknown) === primitive;
}

/** The attributes of a node known to be of this primitive. */
export function attributesOf<A extends Attributes>(x: Tensor, _: Primitive<A>): A {
  return x.node.attributes as A;
}

/** Whether a value can stand for a tensor. */
export function isTensorLike(x: unknown): x is TensorLike {
  return x instanceof Tensor || typeof x === "number" || isNdArray(x);
}

/** Any accepted value as a tensor; numbers take `dtype`. */
export function asTensor(x: TensorLike, dtype: DType = "float32"): Tensor {
  return x instanceof Tensor ? x : typeof x === "number" ? constant(x, dtype) : constant(x);
}

/** Whether derivatives flow through this dtype. */
export function isFloat(dtype: DType): boolean {
  return dtype === "float32" || dtype === "float64" || dtype === "float16";
}
