// What is wrong with what an optimiser was given, on its way to the function that the user called.

import { TensorError, type TensorErrorCode } from "../tensor/mod.ts";

/** Thrown by checks; see {@link told}. */
export class Refusal extends Error {
  constructor(readonly code: TensorErrorCode, message: string) {
    super(message);
  }
}

/**
 * `f` whose refusals are TensorErrors made here: messages list the functions between the user's line and
 * the error, and those that merely check would fill the list.
 */
export function told<A extends unknown[], R>(f: (...args: A) => R): (...args: A) => R {
  return (...args) => {
    try {
      return f(...args);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      throw new TensorError(error.code, error.message, { cause: error });
    }
  };
}
