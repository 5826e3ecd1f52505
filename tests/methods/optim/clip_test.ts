// Clipping by the global norm: below, above, and at zero.

import assert from "node:assert/strict";
import { clipByGlobalNorm, globalNorm } from "../../../methods/optim/mod.ts";
import { compile, load, ndarray, type Tensor } from "../../../methods/tensor/mod.ts";

const clip = (x: Tensor) => ({ clipped: clipByGlobalNorm(x, 2), norm: globalNorm(x) });
const executable = async () =>
  await load(compile(clip, [{ dtype: "float32", shape: [2] }]), { provider: "cpu", threads: 1 });

Deno.test("clipByGlobalNorm() scales what is longer than the limit, and nothing else", async () => {
  const program = await executable();
  const of = async (...values: number[]) => {
    const { clipped, norm } = await program.run(ndarray(Float32Array.from(values)));
    return { clipped: [...clipped.data].map(Number), norm: Number(norm.data[0]) };
  };
  const long = await of(3, -4);
  assert.equal(long.norm, 5);
  assert.ok(Math.abs(long.clipped[0] - 1.2) < 1e-6 && Math.abs(long.clipped[1] + 1.6) < 1e-6);
  assert.deepEqual(await of(1, -1.5), { clipped: [1, -1.5], norm: Math.fround(Math.sqrt(3.25)) });
  assert.deepEqual(await of(0, 0), { clipped: [0, 0], norm: 0 });
  await program.dispose();
});
