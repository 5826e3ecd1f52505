// Matrix products. Products with a matrix become one Gemm over flattened rows; the rest are batched MatMuls.
import { describe, TensorError } from "../types.ts";
import { sizeOf } from "../ndarray.ts";
import {
  apply1,
  asTensor,
  constant,
  isFloat,
  type Node,
  type Primitive,
  type Tensor,
  type TensorLike,
} from "../node.ts";
import { broadcastShapes, sameDType } from "../shape.ts";
import { spread } from "./batching.ts";
import { add } from "./elementwise.ts";
import { broadcastTo, reshape, sumTo, swapLast, swappedSource } from "./structure.ts";

/** Which factors are transposed before the product. */
export interface ProductAttributes {
  readonly a: boolean;
  readonly b: boolean;
}

function innerSize<A extends ProductAttributes>(node: Node<A>): number {
  const { shape } = node.inputs[0];
  return shape[shape.length - (node.attributes.a ? 2 : 1)];
}

/** Operations of a product of matrices. */
export function productFlops<A extends ProductAttributes>(node: Node<A>): number {
  return 2 * sizeOf(node.outputs[0].shape) * innerSize(node);
}

/** Moves transpositions of the factors into the attributes. */
function foldTransposes(
  primitive: Primitive<ProductAttributes>,
  [a, b, ...bias]: readonly Tensor[],
  flags: ProductAttributes,
): readonly Tensor[] | null {
  const x = swappedSource(a), y = swappedSource(b);
  if (!x && !y) return null;
  const folded = { a: flags.a !== (x !== null), b: flags.b !== (y !== null) };
  return [apply1(primitive, [x ?? a, y ?? b, ...bias], folded)];
}

/** Zeros where the sum of a product has no terms: kernels differ there. */
function emptyProduct(
  { infer }: Primitive<ProductAttributes>,
  inputs: readonly Tensor[],
  flags: ProductAttributes,
): readonly Tensor[] | null {
  if (inputs.length > 2 || sizeOf(inputs[0].shape) > 0) return null;
  const [{ dtype, shape }] = infer(inputs, flags);
  return [broadcastTo(constant(0, dtype), shape)];
}

/** Cotangents of C = op(A) op(B), without transposing any result. */
function productVjp(
  product: (a: Tensor, b: Tensor, ta: boolean, tb: boolean) => Tensor,
  [a, b]: readonly Tensor[],
  flags: ProductAttributes,
  g: Tensor,
): [Tensor, Tensor] {
  return [
    flags.a ? product(b, g, flags.b, true) : product(g, b, false, !flags.b),
    flags.b ? product(g, a, true, flags.a) : product(a, g, !flags.a, false),
  ];
}

/** [m, k] × [k, n] (+ bias [n]) → [m, n]. */
export const gemmPrimitive: Primitive<ProductAttributes> = {
  name: "gemm",
  infer: ([x, y], { a, b }) => [
    { dtype: x.dtype, shape: [x.shape[a ? 1 : 0], y.shape[b ? 0 : 1]] },
  ],
  simplify: (inputs, flags) =>
    emptyProduct(gemmPrimitive, inputs, flags) ?? foldTransposes(gemmPrimitive, inputs, flags),
  emit: (writer, inputs, { attributes: { a, b } }) =>
    writer.node("Gemm", inputs, {
      ...(a ? { transA: { int: 1 } } : {}),
      ...(b ? { transB: { int: 1 } } : {}),
    }),
  vjp: (node, [g]) =>
    g
      ? productVjp(
        (x, y, a, b) => apply1(gemmPrimitive, [x, y], { a, b }),
        node.inputs,
        node.attributes,
        g,
      )
      : [null, null],
  batch: (inputs, batched, flags, size) => [batchGemm(inputs, batched, flags, size)],
  flops: productFlops,
};

/** [..., m, k] × [..., k, n] → [..., m, n] with broadcast leading axes. */
const batchedPrimitive: Primitive<ProductAttributes> = {
  name: "matmul",
  infer: ([x, y], { a, b }) => {
    const batch = broadcastShapes(x.shape.slice(0, -2), y.shape.slice(0, -2));
    if (batch === null) throw mismatch(x, y);
    const m = x.shape[x.shape.length - (a ? 1 : 2)];
    const n = y.shape[y.shape.length - (b ? 2 : 1)];
    return [{ dtype: x.dtype, shape: [...batch, m, n] }];
  },
  simplify: (inputs, flags) =>
    emptyProduct(batchedPrimitive, inputs, flags) ??
      foldTransposes(batchedPrimitive, inputs, flags),
  emit: (writer, [x, y], { inputs, attributes: { a, b } }) => {
    // ONNX Runtime fuses these transposes into the product.
    const swap = (name: string, t: Tensor) =>
      writer.node("Transpose", [name], {
        perm: {
          ints: t.shape.map((_, i) => i < t.shape.length - 2 ? i : 2 * t.shape.length - 3 - i),
        },
      })[0];
    return writer.node("MatMul", [a ? swap(x, inputs[0]) : x, b ? swap(y, inputs[1]) : y]);
  },
  vjp: (node, [g]) => {
    if (!g) return [null, null];
    const product = (x: Tensor, y: Tensor, a: boolean, b: boolean) =>
      apply1(batchedPrimitive, [x, y], { a, b });
    const [ga, gb] = productVjp(product, node.inputs, node.attributes, g);
    return [sumTo(ga, node.inputs[0].shape), sumTo(gb, node.inputs[1].shape)];
  },
  batch: ([x, y], [ofX, ofY], flags) => {
    // With equal ranks the batch axes meet; the axes behind them broadcast as before.
    const [m, n] = [x.shape.length - (ofX ? 1 : 0), y.shape.length - (ofY ? 1 : 0)];
    const lead = (t: Tensor, missing: number) =>
      reshape(t, [t.shape[0], ...Array<number>(missing).fill(1), ...t.shape.slice(1)]);
    return [
      product(ofX ? lead(x, Math.max(0, n - m)) : x, ofY ? lead(y, Math.max(0, m - n)) : y, flags),
    ];
  },
  flops: productFlops,
};

/** A batched product; with one matrix for the whole batch one product over the merged rows. */
function product(x: Tensor, y: Tensor, flags: ProductAttributes): Tensor {
  if (flags.a || y.shape.length > 2 || x.shape.length < 3) {
    return apply1(batchedPrimitive, [x, y], flags);
  }
  const rows = reshape(x, [-1, x.shape[x.shape.length - 1]]);
  const out = apply1(gemmPrimitive, [rows, y], flags);
  return reshape(out, [...x.shape.slice(0, -1), out.shape[1]]);
}

function batchGemm(
  [x, y, bias]: readonly Tensor[],
  batched: readonly boolean[],
  flags: ProductAttributes,
  size: number,
): Tensor {
  const out = product(x, y, flags);
  const all = spread(out, batched[0] || batched[1], size);
  if (bias === undefined) return all;
  return add(all, batched[2] ? reshape(bias, [size, 1, -1]) : bias);
}

function mismatch(a: Tensor, b: Tensor): TensorError {
  const pair = `matmul: ${describe(a)} and ${describe(b)} do not fit`;
  if (a.shape.length === 0 || b.shape.length === 0) {
    return new TensorError("shape", `${pair}: a scalar is no matrix; use mul()`);
  }
  const left = a.shape[a.shape.length - 1], right = b.shape[Math.max(0, b.shape.length - 2)];
  return new TensorError(
    "shape",
    left !== right ? `${pair}: ${left} ≠ ${right}` : `${pair}: leading axes do not broadcast`,
  );
}

/**
 * Matrix product [..., m, k] × [..., k, n] → [..., m, n]; leading axes broadcast. A vector on the
 * left is a row, on the right a column, and its axis is dropped from the result.
 */
export function matmul(a: TensorLike, b: TensorLike): Tensor {
  const x = asTensor(a), y = asTensor(b);
  sameDType("matmul", x, y);
  if (!isFloat(x.dtype)) {
    throw new TensorError(
      "dtype",
      `matmul: expected a float tensor, got ${describe(x)}; convert it with cast()`,
    );
  }
  if (x.shape.length === 0 || y.shape.length === 0) throw mismatch(x, y);
  if (x.shape.length === 1) {
    if (x.shape[0] !== y.shape[Math.max(0, y.shape.length - 2)]) throw mismatch(x, y);
    const out = matmul(reshape(x, [1, -1]), y);
    return reshape(
      out,
      y.shape.length === 1 ? [] : [...out.shape.slice(0, -2), out.shape[out.shape.length - 1]],
    );
  }
  if (y.shape.length === 1) {
    if (y.shape[0] !== x.shape[x.shape.length - 1]) throw mismatch(x, y);
    return reshape(matmul(x, reshape(y, [-1, 1])), x.shape.slice(0, -1));
  }
  const k = x.shape[x.shape.length - 1];
  if (k !== y.shape[y.shape.length - 2]) throw mismatch(x, y);
  if (y.shape.length > 2) return apply1(batchedPrimitive, [x, y], { a: false, b: false });
  const rows = reshape(x, [sizeOf(x.shape.slice(0, -1)), k]);
  const out = apply1(gemmPrimitive, [rows, y], { a: false, b: false });
  return reshape(out, [...x.shape.slice(0, -1), y.shape[1]]);
}

/** x with its last two axes exchanged; products absorb it at no cost. */
export function matrixTranspose(x: TensorLike): Tensor {
  return swapLast(asTensor(x));
}
