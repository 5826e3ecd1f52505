// What a refusal must look like, for tests of mistakes.
import assert from "node:assert/strict";
import { TensorError, type TensorErrorCode } from "../../../methods/tensor/mod.ts";

/** Asserts a TensorError of this code and text that names a line of a test. */
export function refuses(f: () => unknown, code: TensorErrorCode, text: RegExp): void {
  assert.throws(f, (error) => {
    assert.ok(error instanceof TensorError, `${error}`);
    assert.equal(error.code, code, error.message);
    assert.match(error.problem, text);
    assert.match(error.where ?? "", /_test\.ts:\d+:\d+$/);
    return true;
  });
}
