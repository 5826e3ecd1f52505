// Gradients of large batches, piece by piece.

import {
  add,
  asTensor,
  broadcastTo,
  constant,
  type DType,
  mul,
  scan,
  type Tensor,
  TensorError,
  treeLeaves,
  treeMap,
  valueAndGrad,
} from "../tensor/mod.ts";

/**
 * A function that returns the mean over micro-batches of a loss and of its gradient, computed one
 * after another by `scan`, so that memory holds the activations of one micro-batch only. Where the
 * loss is a mean over items and all micro-batches have as many, it equals the loss of the whole batch.
 *
 * @param loss (params, batch) → [scalar, aux].
 * @returns (params, batches) → [mean loss, mean gradients, aux of each]; every leaf of `batches` has
 *   a leading axis of micro-batches.
 * @throws TensorError `argument` for a tree of parameters or of batches without leaves.
 *
 * @example
 * ```ts
 * import { compile, matmul, mean, square, sub, type Tensor, zeros } from "../tensor/mod.ts";
 * import { accumulateGradients } from "./mod.ts";
 *
 * type Batch = { x: Tensor; y: Tensor };
 * const loss = (w: Tensor, { x, y }: Batch) => {
 *   const error = sub(matmul(x, w), y);
 *   return [mean(square(error)), { worst: error }] as const;
 * };
 * // A batch of 64 as 4 micro-batches of 16.
 * const batches = { x: zeros([4, 16, 8]), y: zeros([4, 16]) };
 * const program = compile(accumulateGradients(loss), [zeros([8]), batches]);
 * console.log(program.outputs.map(({ shape }) => shape)); // [[], [8], [4, 16]]
 * ```
 */
export function accumulateGradients<P, B, A>(
  loss: (params: P, batch: B) => readonly [Tensor, A],
): (params: P, batches: B) => [Tensor, P, A] {
  return (params, batches) => {
    for (const [what, tree] of [["parameters", params], ["batches", batches]] as const) {
      if (treeLeaves(tree).length > 0) continue;
      throw new TensorError("argument", `accumulateGradients: the ${what} hold no tensor`);
    }
    const empty = (leaf: unknown) => {
      const { dtype, shape } = asTensor(leaf as Tensor);
      return broadcastTo(constant(0, dtype), shape);
    };
    const start = {
      value: constant(0, lossType(loss, params, batches)),
      gradients: treeMap<P>(empty, params),
    };
    const [total, aux] = scan(
      (carry: { value: Tensor; gradients: P }, batch: B) => {
        const [[value, aux], gradients] = valueAndGrad(loss, { hasAux: true })(params, batch);
        const plus = treeMap<P>((a, _, b) => add(a, b), carry.gradients, gradients);
        return [{ value: add(carry.value, value), gradients: plus }, aux] as const;
      },
      start,
      batches,
    );
    const share = 1 / asTensor(treeLeaves(batches)[0].leaf).shape[0];
    return [mul(total.value, share), treeMap<P>((g) => mul(g, share), total.gradients), aux];
  };
}

/** The dtype of the loss of one micro-batch: float32 where all floats are, else found by tracing it once more. */
function lossType<P, B>(
  loss: (params: P, batch: B) => readonly [Tensor, unknown],
  params: P,
  batches: B,
): DType {
  const floats = [...treeLeaves(params), ...treeLeaves(batches)]
    .map(({ leaf }) => asTensor(leaf).dtype)
    .filter((dtype) => dtype.startsWith("float"));
  if (floats.every((dtype) => dtype === "float32")) return "float32";
  const first = treeMap<B>((leaf) => {
    const { dtype, shape } = asTensor(leaf as Tensor);
    return broadcastTo(constant(0, dtype), shape.slice(1));
  }, batches);
  return loss(params, first)[0].dtype;
}
