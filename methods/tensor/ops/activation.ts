// Nonlinear functions of networks: tanh, erf, sigmoid, relu, gelu.
import { TensorError } from "../types.ts";
import { sizeOf } from "../ndarray.ts";
import {
  apply1,
  asTensor,
  madeBy,
  type Primitive,
  scalarValue,
  type Tensor,
  type TensorLike,
} from "../node.ts";
import { add, div, mul, sub } from "./elementwise.ts";
import { abs, exp, neg, sign, square, unary } from "./unary.ts";
import { greater, where } from "./logic.ts";

const none = {};

const tanhPrimitive = /* @__PURE__ */ unary("tanh", "Tanh", {
  fold: Math.tanh,
  vjp: (g, _, y) => mul(g, sub(1, square(y))),
});
const sigmoidPrimitive = /* @__PURE__ */ unary("sigmoid", "Sigmoid", {
  // ONNX Runtime would fuse x·Sigmoid(x) to a kernel that it has for float32 only.
  lower: (x) => x.dtype === "float64" ? div(1, add(exp(neg(x)), 1)) : null,
  vjp: (g, _, y) => mul(g, mul(y, sub(1, y))),
});
const reluPrimitive = /* @__PURE__ */ unary("relu", "Relu", {
  vjp: (g, _, y) => mul(g, apply1(positivePrimitive, [y], none)),
});
/**
 * 1 where x > 0, else 0, in one quick pass: min(1, x·10³⁸) leaves only numbers below 10⁻³⁸ between.
 * For the results of relu alone, which are never negative.
 */
const positivePrimitive: Primitive = {
  name: "positive",
  elementwise: true,
  infer: ([x]) => [x],
  lower: ([x]) => x.dtype === "float64" ? [sign(x)] : null,
  emit: (writer, inputs) =>
    writer.node("HardSigmoid", inputs, { alpha: { float: 1e38 }, beta: { float: 0 } }),
  vjp: () => [null],
  flops: (node) => sizeOf(node.outputs[0].shape),
};
const erfPrimitive = /* @__PURE__ */ unary("erf", "Erf", {
  lower: (x) => x.dtype === "float64" ? erfDouble(x) : null,
  vjp: (g, x) => mul(g, mul(exp(neg(square(x))), 2 / Math.sqrt(Math.PI))),
});
const geluPrimitive = /* @__PURE__ */ unary("gelu", "Gelu", {
  lower: (x) => x.dtype === "float64" ? mul(x, normalCdf(x)) : null,
  vjp: (g, x) => mul(g, geluSlope(x)),
});

/** ½ + ½x for |x| ≤ 1 in one pass: HardSigmoid never clips there. */
const halfPrimitive: Primitive = {
  name: "half",
  elementwise: true,
  infer: ([x]) => [x],
  lower: ([x]) => x.dtype === "float64" ? [add(mul(x, 0.5), 0.5)] : null,
  emit: (writer, inputs) =>
    writer.node("HardSigmoid", inputs, { alpha: { float: 0.5 }, beta: { float: 0.5 } }),
  vjp: (_, [g]) => [g && mul(g, 0.5)],
  flops: (node) => 2 * sizeOf(node.outputs[0].shape),
};

/** Φ(x), the standard normal distribution function. */
export function normalCdf(x: Tensor): Tensor {
  return apply1(halfPrimitive, [erf(mul(x, Math.SQRT1_2))], none);
}

/** Φ(x) + x φ(x), the derivative of x Φ(x). */
function geluSlope(x: Tensor): Tensor {
  const v = mul(x, Math.SQRT1_2);
  // v e^(−v²)/√π, the constant moved into the exponent to save a pass.
  const density = mul(v, exp(sub(-0.5 * Math.log(Math.PI), square(v))));
  return add(normalCdf(x), density);
}

/** The x of max(x, 0) if the tensor is that, or null. */
export function reluSource(y: Tensor): Tensor | null {
  return madeBy(y, reluPrimitive) ? y.node.inputs[0] : null;
}

/** The x of x·Φ(x) if the tensor is a GELU, or null. */
export function geluSource(y: Tensor): Tensor | null {
  return madeBy(y, geluPrimitive) ? y.node.inputs[0] : null;
}

/** The x of Φ(x) if the tensor is that, or null. */
export function normalCdfSource(y: Tensor): Tensor | null {
  if (!madeBy(y, halfPrimitive) || !madeBy(y.node.inputs[0], erfPrimitive)) return null;
  const scaled = y.node.inputs[0].node.inputs[0];
  const [x, factor] = scaled.node.inputs;
  return scalarValue(factor) === Math.fround(Math.SQRT1_2) ? x : null;
}

/** Horner's rule, highest coefficient first. */
function polynomial(x: Tensor, coefficients: readonly number[]): Tensor {
  const [first, ...rest] = coefficients;
  if (rest.length === 0) return mul(add(mul(x, 0), 1), first);
  let y = add(mul(x, first), rest[0]);
  for (const c of rest.slice(1)) y = add(mul(y, x), c);
  return y;
}

/**
 * erf for float64, which ONNX Runtime's Erf lacks on the CPU; relative error about 1e-15.
 * W. J. Cody, Rational Chebyshev approximation for the error function, Math. Comp. 23 (1969).
 */
function erfDouble(x: Tensor): Tensor {
  const a = abs(x);
  const small = square(x);
  const near = mul(
    x,
    div(
      polynomial(small, [
        1.85777706184603153e-1,
        3.16112374387056560,
        1.13864154151050156e2,
        3.77485237685302021e2,
        3.20937758913846947e3,
      ]),
      polynomial(small, [
        1,
        2.36012909523441209e1,
        2.44024637934444173e2,
        1.28261652607737228e3,
        2.84423683343917062e3,
      ]),
    ),
  );
  const middle = div(
    polynomial(a, [
      2.15311535474403846e-8,
      5.64188496988670089e-1,
      8.88314979438837594,
      6.61191906371416295e1,
      2.98635138197400131e2,
      8.81952221241769090e2,
      1.71204761263407058e3,
      2.05107837782607147e3,
      1.23033935479799725e3,
    ]),
    polynomial(a, [
      1,
      1.57449261107098347e1,
      1.17693950891312499e2,
      5.37181101862009858e2,
      1.62138957456669019e3,
      3.29079923573345963e3,
      4.36261909014324716e3,
      3.43936767414372164e3,
      1.23033935480374942e3,
    ]),
  );
  const inverse = div(1, square(where(greater(a, 1), a, 1)));
  const tail = mul(
    inverse,
    div(
      polynomial(inverse, [
        1.63153871373020978e-2,
        3.05326634961232344e-1,
        3.60344899949804439e-1,
        1.25781726111229246e-1,
        1.60837851487422766e-2,
        6.58749161529837803e-4,
      ]),
      polynomial(inverse, [
        1,
        2.56852019228982242,
        1.87295284992346725,
        5.27905102951428412e-1,
        6.05183413124413191e-2,
        2.33520497626869185e-3,
      ]),
    ),
  );
  const far = div(sub(1 / Math.sqrt(Math.PI), tail), where(greater(a, 1), a, 1));
  const complement = mul(exp(neg(square(a))), where(greater(a, 4), far, middle));
  return where(greater(a, 0.46875), mul(sign(x), sub(1, complement)), near);
}

/** Hyperbolic tangent. */
export function tanh(x: TensorLike): Tensor {
  return apply1(tanhPrimitive, [asTensor(x)], none);
}

/** 1 / (1 + e⁻ˣ). */
export function sigmoid(x: TensorLike): Tensor {
  return apply1(sigmoidPrimitive, [asTensor(x)], none);
}

/** max(x, 0); derivative 0 at 0. */
export function relu(x: TensorLike): Tensor {
  return apply1(reluPrimitive, [asTensor(x)], none);
}

/** The error function. */
export function erf(x: TensorLike): Tensor {
  return apply1(erfPrimitive, [asTensor(x)], none);
}

/**
 * Gaussian error linear unit: exact x·Φ(x) ("erf"), or its tanh approximation ("tanh").
 * Hendrycks and Gimpel, arXiv:1606.08415.
 */
export function gelu(x: TensorLike, form: "erf" | "tanh" = "erf"): Tensor {
  const input = asTensor(x);
  if (form === "erf") return apply1(geluPrimitive, [input], none);
  if (form !== "tanh") {
    throw new TensorError("argument", `gelu: form must be "erf" or "tanh", got "${form}"`);
  }
  const cubic = mul(input, add(mul(square(input), 0.044715), 1));
  return mul(input, add(mul(tanh(mul(cubic, Math.sqrt(2 / Math.PI))), 0.5), 0.5));
}

/** x · sigmoid(x). */
export function silu(x: TensorLike): Tensor {
  const input = asTensor(x);
  return mul(input, sigmoid(input));
}
