// Trigonometric and hyperbolic functions, their inverses, and exp and log near 0.
import { apply1, asTensor, type Tensor, type TensorLike } from "../node.ts";
import { broadcastOf, sameDType } from "../shape.ts";
import { add, div, mul, promote, sub } from "./elementwise.ts";
import { abs, cos, exp, log, neg, rsqrt, sign, sin, sqrt, square, unary } from "./unary.ts";
import { equal, greater, less, logicalAnd, where } from "./logic.ts";
import { isInf } from "./rounding.ts";
import { tanh } from "./activation.ts";

const none = {};

/** ONNX Runtime has these in single and half precision only; float64 is composed. */
const double = (f: (x: Tensor) => Tensor) => (x: Tensor) => x.dtype === "float64" ? f(x) : null;

/** (1 − x)(1 + x), exact to rounding near ±1. */
const oneMinusSquare = (x: Tensor) => mul(sub(1, x), add(x, 1));

const tanPrimitive = /* @__PURE__ */ unary("tan", "Tan", {
  fold: Math.tan,
  lower: double((x) => div(sin(x), cos(x))),
  vjp: (g, _, y) => mul(g, add(square(y), 1)),
});
const asinPrimitive = /* @__PURE__ */ unary("asin", "Asin", {
  fold: Math.asin,
  lower: double((x) => arctangent(div(x, sqrt(oneMinusSquare(x))))),
  vjp: (g, x) => mul(g, rsqrt(oneMinusSquare(x))),
});
const acosPrimitive = /* @__PURE__ */ unary("acos", "Acos", {
  fold: Math.acos,
  lower: double((x) => mul(arctangent(sqrt(div(sub(1, x), add(x, 1)))), 2)),
  vjp: (g, x) => neg(mul(g, rsqrt(oneMinusSquare(x)))),
});
const atanPrimitive = /* @__PURE__ */ unary("atan", "Atan", {
  fold: Math.atan,
  lower: double(arctangent),
  vjp: (g, x) => div(g, add(square(x), 1)),
});
const sinhPrimitive = /* @__PURE__ */ unary("sinh", "Sinh", {
  fold: Math.sinh,
  lower: double((x) => {
    const a = abs(x), e = expm1(a), half = exp(mul(a, 0.5));
    // ½(e + e/(e+1)) with e = expm1|x|; from 20 on, where e⁻ˣ is lost to rounding, ½eˣ.
    const near = mul(add(e, div(e, add(e, 1))), 0.5);
    return mul(sign(x), where(greater(a, 20), mul(mul(half, 0.5), half), near));
  }),
  vjp: (g, x) => mul(g, cosh(x)),
});
const coshPrimitive = /* @__PURE__ */ unary("cosh", "Cosh", {
  fold: Math.cosh,
  lower: double((x) => {
    const half = exp(mul(abs(x), 0.5));
    return add(mul(mul(half, 0.5), half), div(0.5, square(half)));
  }),
  vjp: (g, x) => mul(g, sinh(x)),
});
const asinhPrimitive = /* @__PURE__ */ unary("asinh", "Asinh", {
  fold: Math.asinh,
  lower: double((x) => {
    const a = abs(x), s = square(a);
    const near = log1p(add(a, div(s, add(sqrt(add(s, 1)), 1))));
    return mul(sign(x), where(greater(a, 1e9), add(log(a), Math.LN2), near));
  }),
  vjp: (g, x) => mul(g, rsqrt(add(square(x), 1))),
});
const acoshPrimitive = /* @__PURE__ */ unary("acosh", "Acosh", {
  fold: Math.acosh,
  lower: double((x) => {
    const t = sub(x, 1);
    const near = log1p(add(t, sqrt(mul(t, add(t, 2)))));
    // Far below 1 the two terms cancel to 0.
    const right = where(greater(x, 1e9), add(log(x), Math.LN2), near);
    return where(less(x, 1), NaN, right);
  }),
  vjp: (g, x) => mul(g, rsqrt(mul(sub(x, 1), add(x, 1)))),
});
const atanhPrimitive = /* @__PURE__ */ unary("atanh", "Atanh", {
  fold: Math.atanh,
  lower: double((x) => {
    const a = abs(x);
    return mul(sign(x), mul(log1p(div(mul(a, 2), sub(1, a))), 0.5));
  }),
  vjp: (g, x) => div(g, oneMinusSquare(x)),
});
const log1pPrimitive = /* @__PURE__ */ unary("log1p", "", {
  fold: Math.log1p,
  // W. Kahan: the error of 1 + x cancels in log(u)·x/(u − 1).
  lower: (x) => {
    const u = add(x, 1);
    const near = mul(log(u), div(x, sub(u, 1)));
    return where(equal(u, 1), x, where(equal(u, Infinity), u, near));
  },
  vjp: (g, x) => div(g, add(x, 1)),
});
const expm1Primitive = /* @__PURE__ */ unary("expm1", "", {
  fold: Math.expm1,
  lower: (x) => mul(tanh(mul(x, 0.5)), add(exp(x), 1)),
  vjp: (g, x) => mul(g, exp(x)),
});

/**
 * atan from +, ×, ÷, √: reciprocal above 1, then atan x = 2 atan(x / (1 + √(1 + x²))) thrice, then
 * the Taylor series for |x| ≤ tan(π/32).
 */
function arctangent(x: Tensor): Tensor {
  const large = greater(abs(x), 1);
  let r = where(large, div(1, x), x);
  for (let i = 0; i < 3; i++) r = div(r, add(sqrt(add(square(r), 1)), 1));
  const s = square(r);
  let series = mul(s, 1 / 21);
  for (let k = 19; k >= 3; k -= 2) series = mul(s, sub(1 / k, series));
  const y = mul(mul(r, 8), sub(1, series));
  return where(large, sub(mul(sign(x), Math.PI / 2), y), y);
}

/** Tangent of radians. */
export function tan(x: TensorLike): Tensor {
  return apply1(tanPrimitive, [asTensor(x)], none);
}

/** Inverse sine on [−1, 1], in radians; NaN outside. */
export function asin(x: TensorLike): Tensor {
  return apply1(asinPrimitive, [asTensor(x)], none);
}

/** Inverse cosine on [−1, 1], in radians; NaN outside. */
export function acos(x: TensorLike): Tensor {
  return apply1(acosPrimitive, [asTensor(x)], none);
}

/** Inverse tangent, in (−π/2, π/2). */
export function atan(x: TensorLike): Tensor {
  return apply1(atanPrimitive, [asTensor(x)], none);
}

/**
 * Angle of the point (x, y) in [−π, π]; 0 and without derivative at the origin, whatever the signs of
 * zeros.
 */
export function atan2(y: TensorLike, x: TensorLike): Tensor {
  const [dy, dx] = promote(y, x);
  sameDType("atan2", dy, dx);
  broadcastOf("atan2", dy, dx);
  // Between two infinities the angle is that of their signs.
  const far = logicalAnd(isInf(dy), isInf(dx));
  const a = where(far, sign(dy), dy), b = where(far, sign(dx), dx);
  const steep = greater(abs(a), abs(b));
  const origin = logicalAnd(equal(a, 0), equal(b, 0));
  // The smaller coordinate over the larger: neither branch divides by 0 away from the origin.
  const flat = atan(div(where(steep, 0, a), where(steep, 1, where(origin, 1, b))));
  const upright = atan(div(where(steep, b, 0), where(steep, a, 1)));
  const half = where(less(a, 0), -Math.PI, constantLike(a, Math.PI));
  const left = where(less(b, 0), half, 0);
  return where(steep, sub(mul(half, 0.5), upright), add(flat, left));
}

const constantLike = (x: Tensor, value: number) => asTensor(value, x.dtype);

/** Hyperbolic sine. */
export function sinh(x: TensorLike): Tensor {
  return apply1(sinhPrimitive, [asTensor(x)], none);
}

/** Hyperbolic cosine. */
export function cosh(x: TensorLike): Tensor {
  return apply1(coshPrimitive, [asTensor(x)], none);
}

/** Inverse hyperbolic sine. */
export function asinh(x: TensorLike): Tensor {
  return apply1(asinhPrimitive, [asTensor(x)], none);
}

/** Inverse hyperbolic cosine on [1, ∞); NaN below. */
export function acosh(x: TensorLike): Tensor {
  return apply1(acoshPrimitive, [asTensor(x)], none);
}

/** Inverse hyperbolic tangent on [−1, 1]; NaN outside. */
export function atanh(x: TensorLike): Tensor {
  return apply1(atanhPrimitive, [asTensor(x)], none);
}

/** log(1 + x), exact to rounding for tiny x. */
export function log1p(x: TensorLike): Tensor {
  return apply1(log1pPrimitive, [asTensor(x)], none);
}

/** eˣ − 1, exact to rounding for tiny x. */
export function expm1(x: TensorLike): Tensor {
  return apply1(expm1Primitive, [asTensor(x)], none);
}
