/** Arguments that a run frees. */

import assert from "node:assert/strict";
import { add, compile, load, type NdArray, type Tensor } from "../../../methods/tensor/mod.ts";

type Pair = { a: Tensor; b: Tensor };
const spec = { dtype: "float32", shape: [4] } as const;
const array = (...values: number[]): NdArray => ({
  ...spec,
  data: Float32Array.from(values),
});

for (const provider of ["cpu", "wasm"] as const) {
  Deno.test(`donated arguments are freed after a run on ${provider}, others are kept`, async () => {
    const program = compile(
      ({ a, b }: Pair, x: Tensor) => ({ a: add(a, x), b: add(b, a) }),
      [{ a: spec, b: spec }, spec],
    );
    const executable = await load(program, { provider, donate: [0] });
    const whole = new Float32Array([9, 9, 9, 9, 5, 6, 7, 8]);
    const state = { a: array(1, 2, 3, 4), b: { ...spec, data: whole.subarray(4) } };
    const x = array(1, 1, 1, 1);
    const next = await executable.run(state, x);
    assert.deepEqual([...next.a.data], [2, 3, 4, 5]);
    assert.deepEqual([...next.b.data], [6, 8, 10, 12]);
    assert.equal(state.a.data.length, 0);
    assert.deepEqual([...whole], [9, 9, 9, 9, 5, 6, 7, 8], "a part of a buffer is left alone");
    assert.equal(x.data.length, 4);
    await assert.rejects(
      executable.run(state, x),
      /argument 0\.a holds 0 elements; its shape says 4/,
    );
    assert.deepEqual([...(await executable.run(next, x)).a.data], [3, 4, 5, 6]);
    await executable.dispose();
  });
}

Deno.test("nothing is freed when a run fails", async () => {
  const program = compile((x: Tensor) => add(x, 1), [spec]);
  const executable = await load(program, { provider: "cpu", donate: [0], finite: true });
  const x = array(1, Infinity, 3, 4);
  await assert.rejects(executable.run(x), /not finite/);
  assert.equal(x.data.length, 4);
  await executable.dispose();
});
