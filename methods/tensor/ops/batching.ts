// What the batching rules of operators share: spreading a value over the batch, moving axes.
import type { Tensor } from "../node.ts";
import { broadcastTo, transpose } from "./structure.ts";

/** x as a batch [size, …]; one that is the same for the whole batch is repeated. */
export function spread(x: Tensor, batched: boolean, size: number): Tensor {
  return batched ? x : broadcastTo(x, [size, ...x.shape]);
}

/** All operands as batches [size, …]. */
export function spreadAll(
  inputs: readonly Tensor[],
  batched: readonly boolean[],
  size: number,
): Tensor[] {
  return inputs.map((x, i) => spread(x, batched[i], size));
}

/** Moves one axis to another place; the others keep their order. */
export function moveAxis(x: Tensor, from: number, to: number): Tensor {
  const order = x.shape.map((_, i) => i).filter((i) => i !== from);
  order.splice(to, 0, from);
  return transpose(x, order);
}
