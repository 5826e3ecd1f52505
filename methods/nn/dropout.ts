// Dropout by masks that are drawn on the host from named streams and given to programs as inputs.

import { isNdArray, mul, type NdArray, Tensor, TensorError } from "../tensor/mod.ts";
import type { Stream } from "../tensor/random.ts";
import { describe } from "../tensor/types.ts";
import { shown } from "../tensor/tree.ts";
import { requireOptions, requireSizes } from "./checks.ts";

/** The same tree with a mask for each shape. */
export type MasksOf<S> = S extends readonly number[] ? NdArray
  : S extends readonly unknown[] | object ? { [K in keyof S]: MasksOf<S[K]> }
  : S;

/** For which steps masks are made, and how much they drop. */
export interface DropoutOptions {
  /** Probability of dropping, in [0, 1). */
  rate: number;
  /** Number of the first step. @default 0 */
  first?: number;
  /** Steps in a row. */
  steps: number;
}

/**
 * `x` times an inverted-dropout mask that broadcasts to its shape; `x` itself without a mask.
 *
 * @param mask one step of what {@link dropoutMasks} gives; no rate, since programs draw nothing.
 * @throws TensorError `argument` for anything but a tensor; `shape` for one that does not broadcast to x.
 */
export function dropout(x: Tensor, mask?: Tensor): Tensor {
  if (mask === undefined) return x;
  if (!(mask instanceof Tensor) && !isNdArray(mask)) {
    throw new TensorError(
      "argument",
      `dropout: the mask is ${
        shown(mask)
      }; draw masks on the host by dropoutMasks(stream, shapes, ` +
        "{ rate, steps }) and give them to the program",
    );
  }
  const dropped = mul(x, mask);
  if (dropped.shape.length === x.shape.length && dropped.shape.every((n, i) => n === x.shape[i])) {
    return dropped;
  }
  throw new TensorError(
    "shape",
    `dropout: the mask ${describe(mask)} does not broadcast to ${describe(x)}`,
  );
}

/**
 * Inverted-dropout masks of `steps` steps: for each shape of a tree an array with a leading axis of
 * steps, as `scan` wants. Each mask comes from the stream's child named by its step and its place in
 * the tree, so that a run may be cut into programs of any length.
 *
 * @param shapes a tree whose leaves are shapes: lists of numbers.
 * @throws TensorError `argument` naming what is no shape, and a rate or number of steps that is none.
 *
 * @example
 * ```ts
 * import { dropoutMasks } from "./dropout.ts";
 * import { stream } from "../tensor/random.ts";
 *
 * const shapes = { hidden: [32, 128], layers: [{ out: [32, 10] }] };
 * const masks = dropoutMasks(stream(7, "dropout"), shapes, { rate: 0.1, first: 100, steps: 20 });
 * console.log(masks.layers[0].out.shape); // [20, 32, 10]
 * ```
 */
export function dropoutMasks<S>(
  stream: Stream,
  shapes: S,
  options: DropoutOptions,
): MasksOf<S> {
  requireOptions("dropoutMasks", options, "{ rate, steps }");
  const { rate, first = 0, steps } = options;
  requireSizes("dropoutMasks", { steps });
  requireSizes("dropoutMasks", { first }, 0);
  if (!(rate >= 0 && rate < 1)) {
    throw new TensorError("argument", `dropoutMasks: rate is ${shown(rate)}; it must be in [0, 1)`);
  }
  const visit = (node: unknown, path: readonly (string | number)[]): unknown => {
    if (!Array.isArray(node)) {
      if (typeof node !== "object" || node === null) {
        const at = path.length === 0 ? "the shape" : `the shape at "${path.join(".")}"`;
        throw new TensorError(
          "argument",
          `dropoutMasks: ${at} is ${shown(node)}; shapes are lists of numbers such as [32, 128]`,
        );
      }
      const entries = Object.entries(node as Record<string, unknown>);
      return Object.fromEntries(entries.map(([key, value]) => [key, visit(value, [...path, key])]));
    }
    if (!node.every((length) => typeof length === "number")) {
      return node.map((item, i) => visit(item, [...path, i]));
    }
    requireSizes(
      "dropoutMasks",
      Object.fromEntries(
        node.entries().map(([i, n]) => [
          `axis ${i} of the shape at "${path.join(".")}"`,
          n,
        ]),
      ),
      0,
    );
    const size = node.reduce((product, length) => product * length, 1);
    const data = new Float32Array(steps * size);
    for (let i = 0; i < steps; i++) {
      const mask = stream.child(first + i, ...path).dropoutMask(rate, node);
      data.set(mask.data as Float32Array, i * size);
    }
    return { dtype: "float32", shape: [steps, ...node], data } satisfies NdArray;
  };
  return visit(shapes, []) as MasksOf<S>;
}
