// What layers check of what they are given: sizes on the host, shapes of sequences, names of choices.

import { shown } from "../tensor/tree.ts";
import { describe, type Spec, TensorError } from "../tensor/types.ts";

/**
 * Requires whole numbers.
 *
 * @param owner the function that was called, for messages
 * @throws TensorError `argument` naming the size that is missing or wrong.
 */
export function requireSizes(
  owner: string,
  sizes: Readonly<Record<string, unknown>>,
  least = 1,
): void {
  for (const [name, value] of Object.entries(sizes)) {
    if (Number.isSafeInteger(value) && (value as number) >= least) continue;
    throw new TensorError(
      "argument",
      `${owner}: ${name} is ${shown(value)}; it must be a whole number of at least ${least}`,
    );
  }
}

/** @throws TensorError `argument` unless the value is a list of whole numbers of at least 1. */
export function requireList(owner: string, name: string, value: unknown): void {
  if (!Array.isArray(value)) {
    throw new TensorError("argument", `${owner}: ${name} is ${shown(value)}; it must be a list`);
  }
  requireSizes(owner, Object.fromEntries(value.map((one, i) => [`${name}[${i}]`, one])));
}

/** @throws TensorError `argument` unless `heads` divides `width`. */
export function requireHeads(owner: string, { width, heads }: { width: number; heads: number }) {
  requireSizes(owner, { width, heads });
  if (width % heads === 0) return;
  throw new TensorError(
    "argument",
    `${owner}: width ${width} is not a multiple of heads ${heads}`,
  );
}

/** @throws TensorError `shape` unless x is [batch, n, width]. */
export function requireSequence(owner: string, what: string, x: Spec): void {
  if (x.shape.length === 3) return;
  const mend = x.shape.length === 2 ? `add a batch axis: expandDims(${what}, 0)` : "reshape it";
  throw new TensorError(
    "shape",
    `${owner}: ${what} is ${describe(x)}; sequences are [batch, n, width]; ${mend}`,
  );
}

/** @throws TensorError `shape` unless ids are [batch, n]. */
export function requireIds(owner: string, ids: Spec): void {
  if (ids.shape.length === 2) return;
  const mend = ids.shape.length === 1 ? "; add a batch axis: expandDims(ids, 0)" : "";
  throw new TensorError("shape", `${owner}: ids are ${describe(ids)}, not [batch, n]${mend}`);
}

/** @throws TensorError `argument` unless the options are an object. */
export function requireOptions(owner: string, options: unknown, example: string): void {
  if (typeof options === "object" && options !== null) return;
  throw new TensorError(
    "argument",
    `${owner}: the options are ${shown(options)}; give them as ${example}`,
  );
}

/** @throws TensorError `argument` for a rate, or anything else, in the place of a tree of masks. */
export function requireMasks(owner: string, dropout: unknown): void {
  if (dropout === undefined || (typeof dropout === "object" && dropout !== null)) return;
  throw new TensorError(
    "argument",
    `${owner}: dropout is ${shown(dropout)}; it takes masks that dropoutMasks() draws on the host`,
  );
}

/** @throws TensorError `argument` unless the value is one of those known. */
export function requireOneOf(
  owner: string,
  what: string,
  value: unknown,
  known: readonly string[],
): void {
  if (known.includes(value as string)) return;
  throw new TensorError(
    "argument",
    `${owner}: ${what} is ${shown(value)}; known are ${known.join(", ")}`,
  );
}

/** @throws TensorError `shape` for sequences longer than the table of positions. */
export function requirePositions(owner: string, length: number, positions: number): void {
  if (length <= positions) return;
  throw new TensorError(
    "shape",
    `${owner}: sequences of ${length} tokens; the model has ${positions} positions: cut the ` +
      "sequences, or make a model with more",
  );
}
