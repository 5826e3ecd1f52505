// Rectifiers and their smooth relatives: softplus, logSigmoid, elu, leakyRelu, selu, mish, hardtanh.
import { describe, TensorError } from "../types.ts";
import { sizeOf } from "../ndarray.ts";
import {
  apply1,
  asTensor,
  isFloat,
  type Primitive,
  type Tensor,
  type TensorLike,
} from "../node.ts";
import { add, maximum, mul } from "./elementwise.ts";
import { abs, exp, neg, unary } from "./unary.ts";
import { greater, greaterEqual, lessEqual, where } from "./logic.ts";
import { sigmoid, tanh } from "./activation.ts";
import { expm1, log1p } from "./trigonometry.ts";

const softplusPrimitive = /* @__PURE__ */ unary("softplus", "Softplus", {
  lower: (x) => x.dtype === "float64" ? add(maximum(x, 0), log1p(exp(neg(abs(x))))) : null,
  vjp: (g, x) => mul(g, sigmoid(x)),
});

/** log(1 + eˣ), without overflow and exact in both tails. */
export function softplus(x: TensorLike): Tensor {
  return apply1(softplusPrimitive, [asTensor(x)], {});
}

/** log sigmoid(x) = −softplus(−x), without overflow and exact in both tails. */
export function logSigmoid(x: TensorLike): Tensor {
  return neg(softplus(neg(x)));
}

interface SlopeAttribute {
  readonly alpha: number;
}

/** A rectifier whose side x ≤ 0 has a parameter. */
function rectifier(
  name: string,
  onnx: string,
  negative: (x: Tensor, alpha: number) => Tensor,
  gradient: (g: Tensor, x: Tensor, y: Tensor, alpha: number) => Tensor,
): Primitive<SlopeAttribute> {
  return {
    name,
    elementwise: true,
    infer: ([x]) => {
      if (isFloat(x.dtype)) return [x];
      throw new TensorError(
        "dtype",
        `${name}: expected a float tensor, got ${describe(x)}; convert it with cast()`,
      );
    },
    lower: ([x], { alpha }) =>
      x.dtype === "float64" ? [where(greater(x, 0), x, negative(x, alpha))] : null,
    emit: (writer, inputs, { attributes: { alpha } }) =>
      writer.node(onnx, inputs, { alpha: { float: alpha } }),
    vjp: (node, [g]) => {
      const [x] = node.inputs, [y] = node.outputs;
      return [g && gradient(g, x, y, node.attributes.alpha)];
    },
    flops: (node) => 2 * sizeOf(node.outputs[0].shape),
  };
}

const eluPrimitive = /* @__PURE__ */ rectifier(
  "elu",
  "Elu",
  (x, alpha) => mul(expm1(x), alpha),
  // α eˣ, the slope, is y + α.
  (g, x, y, alpha) => where(greater(x, 0), g, mul(g, add(y, alpha))),
);
const leakyPrimitive = /* @__PURE__ */ rectifier(
  "leakyRelu",
  "LeakyRelu",
  (x, alpha) => mul(x, alpha),
  (g, x, _, alpha) => where(greater(x, 0), g, mul(g, alpha)),
);

/** x for x > 0, else α(eˣ − 1). Clevert et al., arXiv:1511.07289. */
export function elu(x: TensorLike, alpha = 1): Tensor {
  return apply1(eluPrimitive, [asTensor(x)], { alpha });
}

/** x for x > 0, else `slope`·x; derivative `slope` at 0. */
export function leakyRelu(x: TensorLike, slope = 0.01): Tensor {
  return apply1(leakyPrimitive, [asTensor(x)], { alpha: slope });
}

/** Scaled exponential linear unit λ·elu(x, α). Klambauer et al., arXiv:1706.02515, equation 2. */
export function selu(x: TensorLike): Tensor {
  return mul(elu(x, 1.6732632423543772), 1.0507009873554805);
}

/** x · tanh(softplus(x)). Misra, arXiv:1908.08681. */
export function mish(x: TensorLike): Tensor {
  const input = asTensor(x);
  return mul(input, tanh(softplus(input)));
}

/** x limited to [low, high]; derivative 0 at the limits and beyond. */
export function hardtanh(x: TensorLike, low = -1, high = 1): Tensor {
  if (!(low < high)) {
    throw new TensorError("argument", `hardtanh: low ${low} must be below high ${high}`);
  }
  const input = asTensor(x);
  return where(lessEqual(input, low), low, where(greaterEqual(input, high), high, input));
}
