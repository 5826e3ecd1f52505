// Joining and cutting more parts than one WebGPU shader can bind.

import assert from "node:assert/strict";
import {
  compile,
  concat,
  grad,
  load,
  mul,
  ndarray,
  split,
  sum,
  type Tensor,
} from "../../../methods/tensor/mod.ts";

const sizes = Array.from({ length: 70 }, (_, i) => 1 + i % 3);
const total = sizes.reduce((a, b) => a + b, 0);
const x = ndarray(Float32Array.from({ length: total }, (_, i) => i), [total]);

Deno.test("split() and concat() of 70 parts keep order, sizes and gradients", async () => {
  const weighted = (v: Tensor) =>
    sum(concat(split(v, sizes).map((part, i) => mul(part, i)).reverse()));
  const f = (v: Tensor) => ({
    back: concat(split(v, sizes)),
    reversed: concat(split(v, sizes).reverse()),
    gradient: grad(weighted)(v),
  });
  const program = compile(f, [x]);
  const run = await load(program, { provider: "cpu" });
  const { back, reversed, gradient } = await run.run(x);
  await run.dispose();
  assert.deepEqual([...back.data], [...x.data]);
  const starts = sizes.map((_, i) => sizes.slice(0, i).reduce((a, b) => a + b, 0));
  const expected = sizes.map((size, i) => Array.from({ length: size }, (_, k) => starts[i] + k))
    .reverse().flat();
  assert.deepEqual([...reversed.data], expected);
  assert.deepEqual([...gradient.data], sizes.flatMap((size, i) => Array(size).fill(i)));
});

Deno.test("programs that are loaded at once on wasm all run", async () => {
  const programs = [1, 2, 3].map((k) => compile((v: Tensor) => mul(v, k), [x]));
  const runs = await Promise.all(programs.map((p) => load(p, { provider: "wasm" })));
  for (const [i, run] of runs.entries()) {
    assert.equal(Number((await run.run(x)).data[2]), 2 * (i + 1));
    await run.dispose();
  }
});
