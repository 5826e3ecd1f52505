// c·y + s·A·B as one Gemm: the step of gradient descent without passes of its own over the weights.
import { apply1, madeBy, type Node, type Primitive, type Tensor } from "./node.ts";
import { sizeOf } from "./ndarray.ts";
import { sameShape } from "./shape.ts";
import { scaledSource, termsOf } from "./ops/elementwise.ts";
import { gemmPrimitive, type ProductAttributes, productFlops } from "./ops/linear.ts";

interface UpdateAttributes extends ProductAttributes {
  /** s, the factor of the product. */
  readonly alpha: number;
  /** c, the factor of what is added. */
  readonly beta: number;
}

/** [m, k] × [k, n], scaled, plus [m, n], scaled → [m, n]. Made after differentiation only. */
const updatePrimitive: Primitive<UpdateAttributes> = {
  name: "gemmUpdate",
  infer: ([, , y]) => [y],
  emit: (writer, inputs, { attributes: { a, b, alpha, beta } }) =>
    writer.node("Gemm", inputs, {
      ...(a ? { transA: { int: 1 } } : {}),
      ...(b ? { transB: { int: 1 } } : {}),
      ...(alpha === 1 ? {} : { alpha: { float: alpha } }),
      ...(beta === 1 ? {} : { beta: { float: beta } }),
    }),
  // As many as apart: what is counted must not depend on what is joined.
  flops: (node) => {
    const { alpha, beta } = node.attributes;
    const passes = [alpha, beta].filter((factor) => Math.abs(factor) !== 1).length;
    return productFlops(node) + (1 + passes) * sizeOf(node.outputs[0].shape);
  },
};

/** A tensor with a constant factor, and whether nobody else uses what lies between. */
interface Term {
  readonly x: Tensor;
  readonly factor: number;
  readonly isSingle: boolean;
}

/**
 * Sums and differences of a float32 product and a tensor of its shape, when the product has no other use.
 *
 * @param uses How often each node of the graph is used.
 */
export function fuseUpdate(uses: ReadonlyMap<Node, number>) {
  const term = (old: Tensor, now: Tensor, sign: number): Term => {
    const scaled = scaledSource(old), scaledNow = scaledSource(now);
    const isSingle = uses.get(old.node) === 1;
    if (scaled === null || scaledNow === null || !isSingle) {
      return { x: now, factor: sign, isSingle };
    }
    return {
      x: scaledNow.x,
      factor: sign * scaledNow.factor,
      isSingle: uses.get(scaled.x.node) === 1,
    };
  };
  return (node: Node, inputs: readonly Tensor[]): readonly Tensor[] | null => {
    const signs = termsOf(node.outputs[0]);
    if (signs === null || node.outputs[0].dtype !== "float32") return null;
    const terms = [0, 1].map((i) => term(node.inputs[i], inputs[i], signs[i]));
    for (const [product, other] of [terms, [terms[1], terms[0]]]) {
      const isProduct = product.isSingle && madeBy(product.x, gemmPrimitive) &&
        product.x.node.inputs.length === 2;
      if (!isProduct || !sameShape(product.x.shape, other.x.shape)) continue;
      return [apply1(updatePrimitive, [...product.x.node.inputs, other.x], {
        ...product.x.node.attributes as ProductAttributes,
        alpha: product.factor,
        beta: other.factor,
      })];
    }
    return null;
  };
}
