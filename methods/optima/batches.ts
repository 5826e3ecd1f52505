/** Mini-batches for a contrastive loss: items in random order, never two of one concept together. */

import type { Stream } from "../tensor/random.ts";

/** The items to draw from. */
export interface BatchSource {
  /** Item indices, e.g. `dataset.splits.train`. */
  readonly items: Int32Array;
  /** Concept of every item of the data set, by item index. */
  readonly concept: Int32Array;
  /** Captions of every item of the data set, by item index. */
  readonly captionCount: Int32Array;
}

/** Batches one after the other. */
export interface Batches {
  readonly size: number;
  readonly steps: number;
  /** Item indices, `[steps, size]` row-major. */
  readonly items: Int32Array;
  /** Which caption of each item, `[steps, size]`. */
  readonly captions: Int32Array;
}

/**
 * Draws batches without replacement, epoch after epoch. An item whose concept is already in the
 * batch waits for the next one; items that still wait when an epoch ends are left out of it (this
 * concerns only concepts with more items than the epoch has batches).
 *
 * @param source What to draw from.
 * @param options.size Items in a batch; at most the number of concepts.
 * @param options.steps Number of batches.
 * @param options.random Order of the items and choice of captions. The first batches do not depend
 * on `steps`.
 * @throws Error when there are fewer concepts than `size`.
 */
export function sampleBatches(
  source: BatchSource,
  options: { size: number; steps: number; random: Stream },
): Batches {
  const { items, concept, captionCount } = source;
  const { size, steps, random } = options;
  const concepts = new Set(Array.from(items, (item) => concept[item])).size;
  if (concepts < size) {
    throw new Error(
      `sampleBatches: a batch of ${size} needs as many concepts, the items have ${concepts}; ` +
        "use a smaller batch or more concepts",
    );
  }
  const order = random.child("order");
  const choice = random.child("captions");
  const result = new Int32Array(steps * size);
  let fresh: number[] = [];
  let waiting: number[] = [];
  for (let step = 0; step < steps; step++) {
    const taken = new Set<number>();
    let filled = 0;
    const offer = (item: number): boolean => {
      if (filled === size || taken.has(concept[item])) return false;
      taken.add(concept[item]);
      result[step * size + filled++] = item;
      return true;
    };
    waiting = waiting.filter((item) => !offer(item));
    while (filled < size) {
      if (fresh.length === 0) {
        fresh = Array.from(order.permutation(items.length), (i) => items[i]).reverse();
        waiting = [];
      }
      const item = fresh.pop()!;
      if (!offer(item)) waiting.push(item);
    }
  }
  const captions = result.map((item) => choice.nextInteger(0, captionCount[item]));
  return { size, steps, items: result, captions };
}
