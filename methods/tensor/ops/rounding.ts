// Rounding, remainders, reciprocals, and tests for NaN and infinity.
import { describe, TensorError } from "../types.ts";
import {
  apply1,
  asTensor,
  constant,
  isFloat,
  type Primitive,
  type Tensor,
  type TensorLike,
} from "../node.ts";
import { add, binary, div, mul, promote, quotient, sub } from "./elementwise.ts";
import { broadcastTo } from "./structure.ts";
import { abs, floor, neg, unary } from "./unary.ts";
import { equal, less, logicalAnd, logicalXor, notEqual, where } from "./logic.ts";

const none = {};

const ceilPrimitive = /* @__PURE__ */ unary("ceil", "Ceil", { fold: Math.ceil });
const roundPrimitive = /* @__PURE__ */ unary("round", "Round", {});

/** Smallest integer not below x; no derivative. */
export function ceil(x: TensorLike): Tensor {
  return apply1(ceilPrimitive, [asTensor(x)], none);
}

/** Nearest integer, halves to the even one; no derivative. */
export function round(x: TensorLike): Tensor {
  return apply1(roundPrimitive, [asTensor(x)], none);
}

/** The integer next to x towards 0; no derivative. */
export function trunc(x: TensorLike): Tensor {
  const input = asTensor(x);
  return where(less(input, 0), ceil(input), floor(input));
}

// ONNX has the sign of the dividend for floats and that of the divisor for integers.
const fmodPrimitive = /* @__PURE__ */ binary("fmod", "Mod", {
  attributes: { fmod: { int: 1 } },
  vjp: (g, a, b) => [g, neg(mul(g, trunc(div(a, b))))],
});
const modPrimitive = /* @__PURE__ */ binary("mod", "Mod", { attributes: { fmod: { int: 0 } } });

/**
 * a − b·trunc(a/b), exact, with the sign of a, as C's `fmod`. The derivative with respect to b is
 * −trunc(a/b).
 */
export function fmod(a: TensorLike, b: TensorLike): Tensor {
  return apply1(fmodPrimitive, promote(a, b), none);
}

/**
 * a − b·floor(a/b), exact, with the sign of b, as `remainder` of NumPy, JAX and PyTorch. The
 * derivative with respect to b is −floor(a/b). Integers must not be divided by 0.
 */
export function remainder(a: TensorLike, b: TensorLike): Tensor {
  const [x, y] = promote(a, b);
  if (!isFloat(x.dtype)) return apply1(modPrimitive, [x, y], none);
  const rest = fmod(x, y);
  const opposite = logicalXor(less(rest, 0), less(y, 0));
  return where(logicalAnd(notEqual(rest, 0), opposite), add(rest, y), rest);
}

/** floor(a/b), for floats and integers; no derivative. Integers must not be divided by 0. */
export function floorDivide(a: TensorLike, b: TensorLike): Tensor {
  const [x, y] = promote(a, b);
  return isFloat(x.dtype) ? floor(quotient(x, y)) : div(sub(x, remainder(x, y)), y);
}

/** 1 / x. */
export function reciprocal(x: TensorLike): Tensor {
  return div(1, x);
}

const isNaNPrimitive: Primitive = {
  name: "isNaN",
  elementwise: true,
  infer: ([x]) => {
    if (isFloat(x.dtype)) return [{ dtype: "bool", shape: x.shape }];
    throw new TensorError(
      "dtype",
      `isNaN: expected a float tensor, got ${describe(x)}; convert it with cast()`,
    );
  },
  emit: (writer, inputs) => writer.node("IsNaN", inputs),
};

/** Whether x is not a number → bool. */
export function isNaN(x: TensorLike): Tensor {
  return apply1(isNaNPrimitive, [asTensor(x)], none);
}

/** Whether x is ∞ or −∞ → bool. */
export function isInf(x: TensorLike): Tensor {
  const input = asTensor(x);
  return isFloat(input.dtype) ? equal(abs(input), Infinity) : constantBool(false, input);
}

/** One answer for all elements of x. */
function constantBool(value: boolean, x: Tensor): Tensor {
  return broadcastTo(constant(Number(value), "bool"), x.shape);
}

/** Whether x is neither infinite nor NaN → bool. */
export function isFinite(x: TensorLike): Tensor {
  const input = asTensor(x);
  return isFloat(input.dtype) ? less(abs(input), Infinity) : constantBool(true, input);
}
