// A training loop as one traced function: steps of AdamW scanned over batches.

import { scan, type Tensor, valueAndGrad } from "../tensor/mod.ts";
import type { AdamW, AdamWState } from "./adamw.ts";
import { clipFactor, globalNorm } from "./clip.ts";
import type { Layout } from "./layout.ts";

/** What a training loop is made of. */
export interface TrainingOptions<P, B, A> {
  /** Where parameters lie in the optimiser's vector. */
  layout: Layout;
  /** The scalar to minimise, and what else to report of each step. */
  loss: (params: P, batch: B) => readonly [Tensor, A];
  optimizer: AdamW;
  /** Largest global norm of a gradient; none means no clipping. */
  clip?: number;
}

/** Inputs of one run; every leaf has a leading axis of steps. */
export interface TrainingBatches<B> {
  batch: B;
  /** Learning rates [steps]; see `learningRates`. */
  lr: Tensor;
  /** 0/1 of each of the optimiser's segments [steps, segments]. */
  updateMask?: Tensor;
}

/** What each step reports, with a leading axis of steps. */
export interface TrainingTrace<A> {
  loss: Tensor;
  /** Global norm of the gradient before clipping. */
  gradientNorm: Tensor;
  aux: A;
}

/**
 * A function (state, batches) → [state, trace] for `compile`: as many steps as the batches hold.
 *
 * @example
 * const train = trainSteps({ layout, optimizer, clip: 1, loss: (p: Params, b: Batch) => … });
 * const program = compile(train, [stateSpec, batchSpec]);
 */
export function trainSteps<P, B, A>(
  { layout, loss, optimizer, clip }: TrainingOptions<P, B, A>,
): (state: AdamWState, batches: TrainingBatches<B>) => [AdamWState, TrainingTrace<A>] {
  const step = (state: AdamWState, { batch, lr, updateMask }: TrainingBatches<B>) => {
    const objective = (flat: Tensor) => loss(layout.unpackTraced<P>(flat), batch);
    const [[value, aux], gradient] = valueAndGrad(objective, { hasAux: true })(state.params);
    const gradientScale = clip === undefined ? undefined : clipFactor(gradient, clip);
    const next = optimizer.step(state, gradient, { lr, updateMask, gradientScale });
    return [next, { loss: value, gradientNorm: globalNorm(gradient), aux }] as const;
  };
  return (state, batches) => scan(step, state, batches);
}
