/** Keys: one digest over everything that can change the output of a node. */

import { digestOf } from "../canonical.ts";
import type { Digest, KeyComponents } from "../types.ts";

/** Raise when the meaning of a component changes, so that old records are not reused. */
const keyVersion = 1;

/**
 * The key of a node.
 *
 * `code.files` does not enter: the digest of the bundle covers every byte of them, and a file that
 * moves without changing the program leaves results valid.
 */
export function keyOf(components: KeyComponents): Digest {
  return digestOf([
    "stage-key",
    keyVersion,
    components.code.digest,
    components.code.packages,
    components.params ?? null,
    components.inputs,
    components.environment,
    components.outputs,
    ...(components.reads === undefined ? [] : [components.reads]),
  ]);
}
