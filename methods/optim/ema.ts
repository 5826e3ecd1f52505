// Exponential moving averages of weights, which are what is evaluated or taken as a teacher.

import {
  add,
  asTensor,
  cast,
  div,
  minimum,
  mul,
  sub,
  Tensor,
  TensorError,
  treeMap,
} from "../tensor/mod.ts";
import { sameSpec } from "../tensor/ndarray.ts";
import { describe } from "../tensor/types.ts";

/**
 * decay · average + (1 − decay) · params, leaf by leaf. Start with the parameters themselves.
 *
 * @throws TensorError `shape` or `tree` where the two differ
 * @param decay in [0, 1): a number, or a scalar tensor such as {@link emaDecay} gives.
 *
 * @example
 * ```ts
 * import { compile, type Tensor, zeros } from "../tensor/mod.ts";
 * import { emaUpdate } from "./mod.ts";
 *
 * type Params = { w: Tensor };
 * const program = compile(
 *   (average: Params, params: Params) => emaUpdate(average, params, 0.999),
 *   [{ w: zeros([3]) }, { w: zeros([3]) }],
 * );
 * ```
 */
export function emaUpdate<P>(average: P, params: P, decay: Tensor | number): P {
  return treeMap<P>(
    (leaf, path, now) => {
      const old = asTensor(leaf), next = asTensor(now, old.dtype);
      if (!sameSpec(old, next)) {
        throw new TensorError(
          "shape",
          `emaUpdate: the average of "${path}" is ${describe(old)}, the parameter ${
            describe(next)
          }`,
        );
      }
      const kept = decay instanceof Tensor ? cast(decay, old.dtype) : decay;
      return add(mul(old, kept), mul(next, typeof kept === "number" ? 1 - kept : sub(1, kept)));
    },
    average,
    params,
  );
}

/**
 * min(decay, (1 + step)/(10 + step)): a decay that lets young averages follow their parameters.
 *
 * @param step updates made before this one, float scalar.
 */
export function emaDecay(decay: number, step: Tensor): Tensor {
  return minimum(div(add(step, 1), add(step, 10)), decay);
}
