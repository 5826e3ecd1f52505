// Options that an operator does not know are refused: a misspelt one would change nothing, in silence.
import { TensorError } from "../types.ts";
import { kindOf } from "../tree.ts";

/** @throws TensorError `argument` unless `options` is a record whose keys are all among `known` */
export function requireOptions(op: string, options: object, known: readonly string[]): void {
  const list = known.join(", ");
  if (typeof options !== "object" || options === null) {
    throw new TensorError(
      "argument",
      `${op}: options are a record of ${list}; got ${kindOf(options)}`,
    );
  }
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    throw new TensorError("argument", `${op}: no option "${unknown}"; there are ${list}`);
  }
}
