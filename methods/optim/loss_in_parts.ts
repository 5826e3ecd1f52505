// The loss of a large batch in the memory of a small one.

import {
  add,
  asTensor,
  checkpoint,
  constant,
  type DType,
  mul,
  reshape,
  scan,
  type Tensor,
  TensorError,
  treeLeaves,
  treeMap,
} from "../tensor/mod.ts";

import { describe } from "../tensor/types.ts";

/**
 * A loss that is a mean over the items of a batch, computed part by part; the derivative computes each part
 * once more, so that memory holds the activations of one part only and a step takes about a third longer.
 * Unlike `accumulateGradients` it is a function to differentiate like any other.
 *
 * @param loss of a batch, each leaf with a leading axis of items; a scalar of any float dtype.
 * @param items of a part, a whole number; they divide the batch.
 * @throws TensorError `shape` where they do not, where leaves have other numbers of items, or where the
 *   loss is no scalar.
 */
export function lossInParts<B>(loss: (batch: B) => Tensor, items: number): (batch: B) => Tensor {
  const fail = (message: string): never => {
    throw new TensorError("shape", `lossInParts: ${message}`);
  };
  return (batch) => {
    const leaves = treeLeaves(batch).map(({ path, leaf }) => ({ path, x: asTensor(leaf) }));
    const count = leaves[0]?.x.shape[0], parts = count / items;
    for (const { path, x } of leaves) {
      if (x.shape.length > 0 && x.shape[0] === count) continue;
      const at = path === "" ? "the batch" : `"${path}"`;
      fail(`${at} is ${describe(x)}; its first axis must be the batch's items`);
    }
    if (!Number.isInteger(parts) || parts < 1) {
      fail(`a batch of ${count ?? 0} cannot be cut into parts of ${items}`);
    }
    if (parts === 1) return loss(batch);
    const cut = treeMap<B>((leaf) => {
      const x = asTensor(leaf);
      return reshape(x, [parts, items, ...x.shape.slice(1)]);
    }, batch);
    const one = checkpoint(loss);
    let found: DType = "float32";
    const total = (dtype: DType) =>
      scan(
        (sum: Tensor, part: B) => {
          const value = one(part);
          if (value.shape.length > 0) fail(`the loss is ${describe(value)}, and must be a scalar`);
          found = value.dtype;
          return [found === dtype ? add(sum, value) : sum, value] as const;
        },
        constant(0, dtype),
        cut,
      )[0];
    // The loss says its dtype only when it is traced; a loop with another is traced again, unused.
    const first = total(found);
    return mul(found === "float32" ? first : total(found), 1 / parts);
  };
}
