// Functions of one tensor, element by element, and their derivatives.
import { describe, TensorError } from "../types.ts";
import {
  apply1,
  asTensor,
  constant,
  isFloat,
  madeBy,
  type Primitive,
  scalarValue,
  type Tensor,
  type TensorLike,
} from "../node.ts";
import { requireNumbers } from "../shape.ts";
import { broadcastSource, broadcastTo } from "./structure.ts";
import { div, elements, mul, type None, none } from "./elementwise.ts";

interface UnaryRules {
  readonly fold?: (x: number) => number;
  readonly vjp?: (g: Tensor, x: Tensor, y: Tensor) => Tensor;
  readonly lower?: (x: Tensor) => Tensor | null;
}

/** Defines an operator of one float operand. */
export function unary(name: string, onnx: string, rules: UnaryRules): Primitive<None> {
  const { vjp, lower, fold } = rules;
  const primitive: Primitive<None> = {
    name,
    elementwise: true,
    infer: ([x]) => {
      if (!isFloat(x.dtype) && !["neg", "abs", "sign"].includes(name)) {
        throw new TensorError(
          "dtype",
          `${name}: expected a float tensor, got ${describe(x)}; convert it with cast()`,
        );
      }
      requireNumbers(name, x);
      return [x];
    },
    simplify: ([x]) => {
      const value = fold && isFloat(x.dtype) ? scalarValue(x) : null;
      if (fold && value !== null) return [broadcastTo(constant(fold(value), x.dtype), x.shape)];
      const source = broadcastSource(x);
      return source ? [broadcastTo(apply1(primitive, [source], none), x.shape)] : null;
    },
    emit: (writer, inputs) => writer.node(onnx, inputs),
    vjp: (node, [g]) => [g && (vjp ? vjp(g, node.inputs[0], node.outputs[0]) : null)],
    lower: ([x]) => {
      const lowered = lower?.(x);
      return lowered ? [lowered] : null;
    },
    flops: elements,
  };
  return primitive;
}

const negPrimitive = /* @__PURE__ */ unary("neg", "Neg", { fold: (x) => -x, vjp: (g) => neg(g) });
const expPrimitive = /* @__PURE__ */ unary("exp", "Exp", {
  fold: Math.exp,
  vjp: (g, _, y) => mul(g, y),
});
const logPrimitive = /* @__PURE__ */ unary("log", "Log", {
  fold: Math.log,
  vjp: (g, x) => div(g, x),
});
const sqrtPrimitive = /* @__PURE__ */ unary("sqrt", "Sqrt", {
  fold: Math.sqrt,
  vjp: (g, _, y) => div(mul(g, 0.5), y),
});
const absPrimitive = /* @__PURE__ */ unary("abs", "Abs", {
  fold: Math.abs,
  vjp: (g, x) => mul(g, sign(x)),
});
const signPrimitive = /* @__PURE__ */ unary("sign", "Sign", { fold: Math.sign });
const floorPrimitive = /* @__PURE__ */ unary("floor", "Floor", { fold: Math.floor });
const sinPrimitive = /* @__PURE__ */ unary("sin", "Sin", {
  fold: Math.sin,
  vjp: (g, x) => mul(g, cos(x)),
});
const cosPrimitive = /* @__PURE__ */ unary("cos", "Cos", {
  fold: Math.cos,
  vjp: (g, x) => neg(mul(g, sin(x))),
});

/** −x. */
export function neg(x: TensorLike): Tensor {
  const input = asTensor(x);
  return madeBy(input, negPrimitive) ? input.node.inputs[0] : apply1(negPrimitive, [input], none);
}

/** eˣ. */
export function exp(x: TensorLike): Tensor {
  return apply1(expPrimitive, [asTensor(x)], none);
}

/** Natural logarithm. */
export function log(x: TensorLike): Tensor {
  return apply1(logPrimitive, [asTensor(x)], none);
}

/** √x. */
export function sqrt(x: TensorLike): Tensor {
  return apply1(sqrtPrimitive, [asTensor(x)], none);
}

/** 1/√x. */
export function rsqrt(x: TensorLike): Tensor {
  return div(1, sqrt(x));
}

/** x². */
export function square(x: TensorLike): Tensor {
  return mul(x, x);
}

/** |x|; derivative 0 at 0. */
export function abs(x: TensorLike): Tensor {
  return apply1(absPrimitive, [asTensor(x)], none);
}

/** −1, 0 or 1; no derivative. */
export function sign(x: TensorLike): Tensor {
  return apply1(signPrimitive, [asTensor(x)], none);
}

/** Largest integer not above x; no derivative. */
export function floor(x: TensorLike): Tensor {
  return apply1(floorPrimitive, [asTensor(x)], none);
}

/** Sine of radians. */
export function sin(x: TensorLike): Tensor {
  return apply1(sinPrimitive, [asTensor(x)], none);
}

/** Cosine of radians. */
export function cos(x: TensorLike): Tensor {
  return apply1(cosPrimitive, [asTensor(x)], none);
}
