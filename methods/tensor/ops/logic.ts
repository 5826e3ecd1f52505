// Comparison, selection, conversion, and the end of differentiation.
import type { DType } from "../types.ts";
import { sizeOf } from "../ndarray.ts";
import {
  apply1,
  asTensor,
  constant,
  constantArray,
  isFloat,
  type Primitive,
  type Tensor,
  type TensorLike,
} from "../node.ts";
import { fromNumbers, requireSpec, toNumbers } from "../ndarray.ts";
import { broadcastOf, requireDType, sameDType } from "../shape.ts";
import { broadcastSource, broadcastTo, sumTo } from "./structure.ts";
import { binary, promote } from "./elementwise.ts";

const none = {};

const equalPrimitive = /* @__PURE__ */ binary("equal", "Equal", { result: "bool" });
const lessPrimitive = /* @__PURE__ */ binary("less", "Less", { result: "bool" });
const lessEqualPrimitive = /* @__PURE__ */ binary("lessEqual", "LessOrEqual", { result: "bool" });
const andPrimitive = /* @__PURE__ */ binary("logicalAnd", "And", { result: "bool" });
const orPrimitive = /* @__PURE__ */ binary("logicalOr", "Or", { result: "bool" });
const xorPrimitive = /* @__PURE__ */ binary("logicalXor", "Xor", { result: "bool" });
const notPrimitive: Primitive = {
  name: "logicalNot",
  elementwise: true,
  infer: ([x]) => {
    requireDType("logicalNot", x, "bool");
    return [x];
  },
  emit: (writer, inputs) => writer.node("Not", inputs),
};

/** Operands of a comparison: beside int64, as argmax gives it, int32 is widened. */
function comparable(a: TensorLike, b: TensorLike): readonly Tensor[] {
  const pair = promote(a, b);
  const dtypes = pair.map((x) => x.dtype);
  const mixed = dtypes.includes("int64") && dtypes.includes("int32");
  return mixed ? pair.map((x) => cast(x, "int64")) : pair;
}

/** a = b → bool; int32 and int64 may be compared. */
export function equal(a: TensorLike, b: TensorLike): Tensor {
  return apply1(equalPrimitive, comparable(a, b), none);
}

/** a ≠ b → bool; NaN differs from itself. */
export function notEqual(a: TensorLike, b: TensorLike): Tensor {
  return logicalNot(equal(a, b));
}

/** a < b → bool. */
export function less(a: TensorLike, b: TensorLike): Tensor {
  return apply1(lessPrimitive, comparable(a, b), none);
}

/** a ≤ b → bool. */
export function lessEqual(a: TensorLike, b: TensorLike): Tensor {
  return apply1(lessEqualPrimitive, comparable(a, b), none);
}

/** a > b → bool. */
export function greater(a: TensorLike, b: TensorLike): Tensor {
  return less(b, a);
}

/** a ≥ b → bool. */
export function greaterEqual(a: TensorLike, b: TensorLike): Tensor {
  return lessEqual(b, a);
}

/** a ∧ b of bools. */
export function logicalAnd(a: TensorLike, b: TensorLike): Tensor {
  const pair = promote(a, b);
  pair.forEach((x) => requireDType("logicalAnd", x, "bool"));
  return apply1(andPrimitive, pair, none);
}

/** a ∨ b of bools. */
export function logicalOr(a: TensorLike, b: TensorLike): Tensor {
  const pair = promote(a, b);
  pair.forEach((x) => requireDType("logicalOr", x, "bool"));
  return apply1(orPrimitive, pair, none);
}

/** Exactly one of two bools. */
export function logicalXor(a: TensorLike, b: TensorLike): Tensor {
  const pair = promote(a, b);
  pair.forEach((x) => requireDType("logicalXor", x, "bool"));
  return apply1(xorPrimitive, pair, none);
}

/** ¬x of a bool. */
export function logicalNot(x: TensorLike): Tensor {
  return apply1(notPrimitive, [asTensor(x)], none);
}

const wherePrimitive: Primitive = {
  name: "where",
  elementwise: true,
  infer: ([c, a, b]) => {
    requireDType("where", c, "bool");
    sameDType("where", a, b);
    return [{ dtype: a.dtype, shape: broadcastOf("where", c, a, b) }];
  },
  simplify: (inputs) => {
    const sources = inputs.map((x) => broadcastSource(x));
    if (sources.every((s) => s === null)) return null;
    const shape = broadcastOf("where", ...inputs);
    for (let i = 0; i < inputs.length; i++) {
      const source = sources[i];
      if (source === null) continue;
      const others = inputs.map((x, j) => j === i ? source : x);
      if (broadcastOf("where", ...others).join() === shape.join()) {
        return [apply1(wherePrimitive, others, none)];
      }
    }
    return null;
  },
  // ONNX Runtime selects among numbers only.
  lower: ([c, a, b]) =>
    a.dtype === "bool" ? [logicalOr(logicalAnd(c, a), logicalAnd(logicalNot(c), b))] : null,
  emit: (writer, inputs) => writer.node("Where", inputs),
  vjp: (node, [g]) => {
    if (!g) return [null, null, null];
    const [c, a, b] = node.inputs;
    return [null, sumTo(where(c, g, 0), a.shape), sumTo(where(c, 0, g), b.shape)];
  },
  flops: (node) => sizeOf(node.outputs[0].shape),
};

/** a where the bool condition holds, else b; all three broadcast. */
export function where(condition: TensorLike, a: TensorLike, b: TensorLike): Tensor {
  return apply1(wherePrimitive, [asTensor(condition), ...promote(a, b)], none);
}

const onnxType: Record<DType, number> = {
  float32: 1,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
};

const castPrimitive: Primitive<{ readonly to: DType }> = {
  name: "cast",
  elementwise: true,
  infer: ([x], { to }) => [{ dtype: to, shape: x.shape }],
  simplify: ([x], { to }) => {
    if (x.dtype === to) return [x];
    const array = constantArray(x);
    if (array !== null && array.data.length <= 16 && to !== "bool" && isFloat(to)) {
      return [constant(fromNumbers(toNumbers(array), array.shape, to))];
    }
    const source = broadcastSource(x);
    return source ? [broadcastTo(cast(source, to), x.shape)] : null;
  },
  emit: (writer, inputs, node) =>
    writer.node("Cast", inputs, { to: { int: onnxType[node.attributes.to] } }),
  vjp: (node, [g]) => {
    const [x] = node.inputs;
    return [g && isFloat(x.dtype) && isFloat(g.dtype) ? cast(g, x.dtype) : null];
  },
};

/**
 * Converts to another dtype; derivatives flow between floats.
 * @throws TensorError `dtype` for a name that is none
 */
export function cast(x: TensorLike, dtype: DType): Tensor {
  requireSpec("cast", { dtype, shape: [] });
  return apply1(castPrimitive, [asTensor(x)], { to: dtype });
}

const stopPrimitive: Primitive = {
  name: "stopGradient",
  elementwise: true,
  infer: ([x]) => [x],
  lower: ([x]) => [x],
  emit: (_, inputs) => [...inputs],
  vjp: () => [null],
};

/** x, as a constant to differentiation. */
export function stopGradient(x: TensorLike): Tensor {
  return apply1(stopPrimitive, [asTensor(x)], none);
}

/** A distinct name for x, so that derivatives can be taken with respect to it alone. */
export const aliasPrimitive: Primitive = {
  name: "alias",
  elementwise: true,
  infer: ([x]) => [x],
  key: () => null,
  lower: ([x]) => [x],
  emit: (_, inputs) => [...inputs],
  vjp: (_, [g]) => [g],
};
