/** Splits items by concept, stratified by group, so that no picture of a test concept is ever trained on. */

import type { Stream } from "../tensor/random.ts";

/** Parts of the data set, in the order of their ids. */
export const SPLITS = ["train", "validation", "test"] as const;
/** Name of a part. */
export type Split = typeof SPLITS[number];

/** What the split needs to know of a concept. */
export interface ConceptSize {
  /** Stratum. */
  readonly group: string;
  /** Emoji that belong to the concept. */
  readonly emoji: number;
}

/** Shares and limits of a split. */
export interface SplitOptions {
  /** Share of the concepts, in [0, 1). */
  readonly validation: number;
  /** Share of the concepts, in [0, 1). */
  readonly test: number;
  /** A concept of more emoji than this is always trained on, lest it dominate a held-out part. */
  readonly largestHeldOut: number;
  /** Random order of the concepts; one child stream for each group. */
  readonly random: Stream;
}

/**
 * Assigns each concept to one part. Within each group the parts get their shares to within one
 * concept, and over all groups to within one as well (remainders carry over).
 *
 * @param concepts Concepts by id.
 * @returns Part of each concept.
 */
export function splitConcepts(concepts: readonly ConceptSize[], options: SplitOptions): Split[] {
  const { validation, test, largestHeldOut, random } = options;
  if (validation < 0 || test < 0 || validation + test >= 1) {
    throw new Error(`splitConcepts: shares ${validation} and ${test} leave nothing to train on`);
  }
  const parts = new Array<Split>(concepts.length).fill("train");
  const groups = [...new Set(concepts.map((concept) => concept.group))].sort();
  let seen = 0;
  let tested = 0;
  let validated = 0;
  for (const group of groups) {
    const members = concepts.map((_, id) => id).filter((id) => concepts[id].group === group);
    const eligible = members.filter((id) => concepts[id].emoji <= largestHeldOut);
    seen += members.length;
    const testCount = Math.min(eligible.length, Math.round(seen * test) - tested);
    const validationCount = Math.min(
      eligible.length - testCount,
      Math.round(seen * validation) - validated,
    );
    const order = random.child(group).permutation(eligible.length);
    for (let i = 0; i < testCount; i++) parts[eligible[order[i]]] = "test";
    for (let i = 0; i < validationCount; i++) {
      parts[eligible[order[testCount + i]]] = "validation";
    }
    tested += testCount;
    validated += validationCount;
  }
  return parts;
}
