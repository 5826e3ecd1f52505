// Elementwise arithmetic with broadcasting, and its derivatives.
import { describe, type DType, TensorError } from "../types.ts";
import { sizeOf } from "../ndarray.ts";
import {
  apply1,
  asTensor,
  constant,
  constantArray,
  isFloat,
  madeBy,
  type Node,
  type Primitive,
  scalarValue,
  type Tensor,
  type TensorLike,
} from "../node.ts";
import type { GraphWriter, OnnxAttributes } from "../onnx/graph_writer.ts";
import { broadcastOf, broadcastShapes, requireNumbers, sameDType, sameShape } from "../shape.ts";
import { broadcastSource, broadcastTo, sumTo } from "./structure.ts";
import { log, neg, rsqrt, sign, sqrt, square } from "./unary.ts";
import { equal, greaterEqual, logicalAnd, where } from "./logic.ts";

/** Attributes of operators that have none. */
export type None = Record<never, never>;
export const none: None = {};

/** Pairs of operands: a number takes the dtype of the other operand. */
export function promote(a: TensorLike, b: TensorLike): [Tensor, Tensor] {
  if (typeof a === "number") {
    const y = asTensor(b);
    return [asTensor(a, y.dtype), y];
  }
  const x = asTensor(a);
  return [x, asTensor(b, x.dtype)];
}

// A declaration, so that logic.ts, which this file needs in turn, can define operators first.
export function elements(node: { outputs: readonly Tensor[] }): number {
  return sizeOf(node.outputs[0].shape);
}

interface BinaryRules {
  readonly fold?: (a: number, b: number) => number;
  readonly identity?: (a: Tensor, b: Tensor, shape: readonly number[]) => Tensor | null;
  readonly vjp?: (g: Tensor, a: Tensor, b: Tensor, y: Tensor) => readonly [Tensor, Tensor];
  readonly result?: DType;
  /** Throws a TensorError where operands of one dtype that broadcast still do not fit. */
  readonly check?: (a: Tensor, b: Tensor) => void;
  readonly attributes?: OnnxAttributes;
}

/** Defines a broadcasting operator of two operands. */
export function binary(name: string, onnx: string, rules: BinaryRules): Primitive<None> {
  const primitive: Primitive<None> = {
    name,
    elementwise: true,
    infer: ([a, b]) => {
      sameDType(name, a, b);
      if (rules.result === undefined) requireNumbers(name, a.shape.length < b.shape.length ? b : a);
      rules.check?.(a, b);
      return [{ dtype: rules.result ?? a.dtype, shape: broadcastOf(name, a, b) }];
    },
    simplify: ([a, b]) => simplifyBinary(primitive, rules, a, b),
    emit: (writer, inputs, node) => {
      if (onnx !== "Mul" && onnx !== "Div") return writer.node(onnx, inputs, rules.attributes);
      if (isSingleScale(node)) return emitSingleScale(writer, onnx, inputs, node);
      return writer.node(onnx, inputs.map((x, i) => exactScale(writer, x, node, i)));
    },
    flops: elements,
  };
  const { vjp } = rules;
  if (vjp === undefined) return primitive;
  return Object.assign(primitive, {
    vjp: ((node, [g]) => {
      if (!g) return [null, null];
      const [a, b] = node.inputs;
      const [ga, gb] = vjp(g, a, b, node.outputs[0]);
      return [sumTo(ga, a.shape), sumTo(gb, b.shape)];
    }) satisfies Primitive<None>["vjp"],
  });
}

/** Whether one element in float64, of two axes or more, is scaled by a constant: {@linkcode exactScale} has no vector. */
function isSingleScale({ inputs, outputs: [{ dtype, shape }] }: Node<None>): boolean {
  return dtype === "float64" && shape.length >= 2 && sizeOf(shape) === 1 &&
    inputs.some((x) => constantArray(x) !== null);
}

/** The product or quotient of one element as one of vectors, which is not taken for a scaled matrix. */
function emitSingleScale(
  writer: GraphWriter,
  onnx: string,
  inputs: readonly string[],
  { outputs: [{ shape }] }: Node<None>,
): string[] {
  const flat = inputs.map((x) => writer.node("Reshape", [x, writer.int64s([1])])[0]);
  const [y] = writer.node(onnx, flat);
  return writer.node("Reshape", [y, writer.int64s(shape)]);
}

/**
 * ONNX Runtime moves a scalar factor of a matrix product into an attribute of 32 bits, which spoils float64: there
 * factors are vectors.
 */
function exactScale(writer: GraphWriter, name: string, { inputs }: Node<None>, i: number): string {
  const array = constantArray(inputs[i]);
  const { shape } = inputs[1 - i];
  const axis = shape.findLastIndex((d) => d > 1);
  if (array?.dtype !== "float64" || array.data.length !== 1 || shape.length < 2 || axis < 0) {
    return name;
  }
  const size = shape[axis];
  const data = new Float64Array(size).fill(Number(array.data[0]));
  const own = [size, ...shape.slice(axis + 1)];
  const leading = new Array<number>(Math.max(0, array.shape.length - own.length)).fill(1);
  return writer.initializer({ dtype: "float64", shape: [...leading, ...own], data });
}

function simplifyBinary(
  primitive: Primitive<None>,
  { fold, identity }: BinaryRules,
  a: Tensor,
  b: Tensor,
): readonly Tensor[] | null {
  const shape = broadcastShapes(a.shape, b.shape);
  if (shape === null || a.dtype !== b.dtype) return null;
  const x = scalarValue(a), y = scalarValue(b);
  if (fold && x !== null && y !== null && isFloat(a.dtype)) {
    return [broadcastTo(constant(fold(x, y), a.dtype), shape)];
  }
  const simpler = identity?.(a, b, shape);
  if (simpler) return [simpler];
  const sa = broadcastSource(a), sb = broadcastSource(b);
  const joint = sa || sb ? broadcastShapes((sa ?? a).shape, (sb ?? b).shape) : null;
  if (joint) return [broadcastTo(apply1(primitive, [sa ?? a, sb ?? b], none), shape)];
  return null;
}

const keeps = (x: Tensor, shape: readonly number[]) => sameShape(x.shape, shape) ? x : null;

/** x·c₁·c₂ with scalar constants as x·(c₁c₂): one pass instead of two. */
function mergeScale(a: Tensor, b: Tensor): Tensor | null {
  const c = scalarValue(b);
  if (c === null || b.shape.length > 0 || !madeBy(a, mulPrimitive)) return null;
  const [x, inner] = a.node.inputs;
  const d = scalarValue(inner);
  if (d === null || inner.shape.length > 0) return null;
  return isNormal(c * d, a.dtype) ? mul(x, constant(c * d, a.dtype)) : null;
}

/** The WebGPU kernel does not compile where operands broadcast along the last axis: they are spread first. */
function emitPow(
  writer: GraphWriter,
  inputs: readonly string[],
  { inputs: operands, outputs: [{ shape }] }: Node<None>,
): string[] {
  const wide = inputs.map((name, i) => {
    const own = operands[i].shape, last = own[own.length - 1];
    const narrow = sizeOf(own) > 1 && last !== shape[shape.length - 1];
    return narrow ? writer.node("Expand", [name, writer.int64s(shape)])[0] : name;
  });
  return writer.node("Pow", wide);
}

const addPrimitive: Primitive<None> = /* @__PURE__ */ binary("add", "Add", {
  fold: (a, b) => a + b,
  identity: (a, b, shape) => {
    if (scalarValue(b) === 0 && keeps(a, shape)) return a;
    if (scalarValue(a) === 0 && keeps(b, shape)) return b;
    return a === b && isFloat(a.dtype) ? mul(a, 2) : null;
  },
  vjp: (g) => [g, g],
});
const subPrimitive: Primitive<None> = /* @__PURE__ */ binary("sub", "Sub", {
  fold: (a, b) => a - b,
  identity: (a, b, shape) => scalarValue(b) === 0 ? keeps(a, shape) : null,
  vjp: (g) => [g, neg(g)],
});
const mulPrimitive: Primitive<None> = /* @__PURE__ */ binary("mul", "Mul", {
  fold: (a, b) => a * b,
  identity: (a, b, shape) => {
    if (scalarValue(b) === 1 && keeps(a, shape)) return a;
    if (scalarValue(a) === 1 && keeps(b, shape)) return b;
    // Constants to the right, so that equal products meet.
    if (scalarValue(a) !== null && scalarValue(b) === null) return mul(b, a);
    return isFloat(a.dtype) ? mergeScale(a, b) : null;
  },
  vjp: (g, a, b) => [mul(g, b), mul(g, a)],
});
const divPrimitive: Primitive<None> = /* @__PURE__ */ binary("div", "Div", {
  fold: (a, b) => a / b,
  check: (a, b) => {
    if (!isFloat(a.dtype) && scalarValue(b) === 0) {
      throw new TensorError("argument", `div: ${describe(a)} is divided by the integer 0`);
    }
  },
  identity: (a, b, shape) => scalarValue(b) === 1 ? keeps(a, shape) : null,
  vjp: (g, _, b, y) => {
    const ga = div(g, b);
    return [ga, neg(mul(ga, y))];
  },
});
const powPrimitive: Primitive<None> = /* @__PURE__ */ Object.assign(
  /* @__PURE__ */ binary("pow", "Pow", {
    fold: (a, b) => a ** b,
    // a⁰ does not depend on a, nor 0ᵇ on b > 0, where the formulas have 0·∞.
    vjp: (g, a, b, y) => [
      where(equal(b, 0), 0, mul(g, mul(b, pow(a, sub(b, 1))))),
      where(logicalAnd(equal(a, 0), greaterEqual(b, 0)), 0, mul(g, mul(y, log(a)))),
    ],
  }),
  { emit: emitPow },
);
// A tie gives half of the gradient to each side.
const maximumPrimitive: Primitive<None> = /* @__PURE__ */ binary("maximum", "Max", {
  fold: Math.max,
  vjp: (g, a, b) => {
    const ga = mul(g, step(sub(a, b)));
    return [ga, sub(g, ga)];
  },
});
const minimumPrimitive: Primitive<None> = /* @__PURE__ */ binary("minimum", "Min", {
  fold: Math.min,
  vjp: (g, a, b) => {
    const ga = mul(g, step(sub(b, a)));
    return [ga, sub(g, ga)];
  },
});

function applyBinary(p: Primitive<None>, a: TensorLike, b: TensorLike): Tensor {
  return apply1(p, promote(a, b), none);
}

/** a + b. */
export function add(a: TensorLike, b: TensorLike): Tensor {
  return applyBinary(addPrimitive, a, b);
}

/** Whether a tensor is a sum of two. */
export function isAdd(x: Tensor): boolean {
  return madeBy(x, addPrimitive);
}

/** The signs of the two terms of a sum or a difference, or null. */
export function termsOf(x: Tensor): readonly [number, number] | null {
  return isAdd(x) ? [1, 1] : madeBy(x, subPrimitive) ? [1, -1] : null;
}

/** A tensor and the scalar constant by which it is multiplied, or null. */
export function scaledSource(y: Tensor): { x: Tensor; factor: number } | null {
  if (!madeBy(y, mulPrimitive)) return null;
  const [a, b] = y.node.inputs;
  for (const [x, scale] of [[a, b], [b, a]]) {
    const factor = scalarValue(scale);
    if (factor !== null && Number.isFinite(factor) && sameShape(x.shape, y.shape)) {
      return { x, factor };
    }
  }
  return null;
}

/** The factors of a product [x, 1/b] and the b, or null. */
export function scaledByReciprocal(y: Tensor): { x: Tensor; inverse: Tensor; b: Tensor } | null {
  if (!madeBy(y, mulPrimitive)) return null;
  const [p, q] = y.node.inputs;
  for (const [x, inverse] of [[p, q], [q, p]]) {
    if (!madeBy(inverse, divPrimitive)) continue;
    const [one, b] = inverse.node.inputs;
    if (scalarValue(one) === 1 && one.shape.length === 0) return { x, inverse, b };
  }
  return null;
}

/** a − b. */
export function sub(a: TensorLike, b: TensorLike): Tensor {
  return applyBinary(subPrimitive, a, b);
}

/** a · b, elementwise. */
export function mul(a: TensorLike, b: TensorLike): Tensor {
  return applyBinary(mulPrimitive, a, b);
}

/** a / b; division of floats by a constant number becomes a product with its reciprocal where that is exact enough. */
export function div(a: TensorLike, b: TensorLike): Tensor {
  const [x, y] = promote(a, b);
  const c = y.shape.length === 0 && isFloat(y.dtype) ? scalarValue(y) : null;
  return c !== null && isNormal(1 / c, x.dtype)
    ? mul(x, constant(1 / c, x.dtype))
    : apply1(divPrimitive, [x, y], none);
}

/** a / b rounded once, also by a constant. */
export function quotient(a: TensorLike, b: TensorLike): Tensor {
  return applyBinary(divPrimitive, a, b);
}

/** Smallest normal and largest number of each float dtype. */
const NORMAL: Partial<Record<DType, readonly [number, number]>> = {
  float16: [2 ** -14, 65504],
  float32: [2 ** -126, 3.4028234663852886e38],
  float64: [2 ** -1022, Number.MAX_VALUE],
};

/** Whether a constant keeps its precision in a dtype: it neither overflows nor underflows. */
function isNormal(c: number, dtype: DType): boolean {
  const [least, most] = NORMAL[dtype] ?? [1, 0];
  return Math.abs(c) >= least && Math.abs(c) <= most;
}

/** aᵇ; small constant exponents become products and roots. */
export function pow(a: TensorLike, b: TensorLike): Tensor {
  const [x, y] = promote(a, b);
  sameDType("pow", x, y);
  switch (y.shape.length === 0 ? scalarValue(y) : null) {
    case 0:
      return broadcastTo(constant(1, x.dtype), x.shape);
    case 1:
      return x;
    case 2:
      return square(x);
    case 3:
      return mul(square(x), x);
    case 0.5:
      return sqrt(x);
    case -0.5:
      return rsqrt(x);
    case -1:
      return div(1, x);
  }
  const exponent = y.shape.length === 0 && x.dtype === y.dtype ? scalarValue(y) : null;
  if (exponent !== null) return apply1(powConstant, [x], { exponent });
  return apply1(powPrimitive, [x, y], none);
}

const powConstant: Primitive<{ readonly exponent: number }> = {
  name: "powConstant",
  elementwise: true,
  infer: ([x]) => [x],
  emit: (writer, [x], node) => {
    const exponent = constant(node.attributes.exponent, node.inputs[0].dtype);
    const { array } = exponent.node.attributes as {
      array: Parameters<typeof writer.initializer>[0];
    };
    return writer.node("Pow", [x, writer.initializer(array)]);
  },
  vjp: (node, [g]) => {
    const { exponent } = node.attributes;
    return [g && mul(g, mul(pow(node.inputs[0], exponent - 1), exponent))];
  },
  flops: elements,
};

/** Elementwise maximum. */
export function maximum(a: TensorLike, b: TensorLike): Tensor {
  return applyBinary(maximumPrimitive, a, b);
}

/** Elementwise minimum. */
export function minimum(a: TensorLike, b: TensorLike): Tensor {
  return applyBinary(minimumPrimitive, a, b);
}

/** x limited to [low, high]; an infinite bound is none. */
export function clip(x: TensorLike, low: number, high: number): Tensor {
  const above = low === -Infinity ? asTensor(x) : maximum(x, low);
  return high === Infinity ? above : minimum(above, high);
}

/** 0, ½ or 1 for negative, zero and positive x; a constant to differentiation. */
function step(x: Tensor): Tensor {
  return mul(add(sign(x), 1), 0.5);
}
