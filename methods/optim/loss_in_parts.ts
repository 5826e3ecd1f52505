// The loss of a large batch in the memory of a small one.

import {
  add,
  asTensor,
  checkpoint,
  constant,
  mul,
  reshape,
  scan,
  type Tensor,
  treeLeaves,
  treeMap,
} from "../tensor/mod.ts";

/**
 * A loss that is a mean over the items of a batch, computed part by part; the derivative computes each part
 * once more, so that memory holds the activations of one part only and a step takes about a third longer.
 * Unlike `accumulateGradients` it is a function to differentiate like any other.
 *
 * @param loss of a batch, each leaf with a leading axis of items.
 * @param items of a part; they divide the batch.
 */
export function lossInParts<B>(loss: (batch: B) => Tensor, items: number): (batch: B) => Tensor {
  return (batch) => {
    const [count] = asTensor(treeLeaves(batch)[0].leaf).shape, parts = count / items;
    if (!Number.isInteger(parts)) {
      throw new RangeError(`a batch of ${count} cannot be cut into parts of ${items}`);
    }
    if (parts === 1) return loss(batch);
    const cut = treeMap<B>((leaf) => {
      const x = asTensor(leaf);
      return reshape(x, [parts, items, ...x.shape.slice(1)]);
    }, batch);
    const one = checkpoint(loss);
    const [total] = scan(
      (sum: Tensor, part: B) => {
        const value = one(part);
        return [add(sum, value), value] as const;
      },
      constant(0),
      cut,
    );
    return mul(total, 1 / parts);
  };
}
