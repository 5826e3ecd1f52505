// AdamW step by step against torch.optim.AdamW (tests/reference/layers.py), masks and clipping too.

import assert from "node:assert/strict";
import { adamw, type AdamWState, clipFactor } from "../../../methods/optim/mod.ts";
import {
  compile,
  constant,
  load,
  mul,
  type NdArray,
  ndarray,
  type Tensor,
} from "../../../methods/tensor/mod.ts";
import { stream } from "../../../methods/tensor/random.ts";
import reference from "../../reference/layers.json" with { type: "json" };
import { relativeError } from "../nn/reference.ts";

const N = 12;
const normal = (name: string, std = 1) => stream(5, "layers", name).normal([N], { std });
const spread = (mask: number[]) => [0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 2].map((i) => mask[i]);

/** Runs one step after another; returns the parameters after each. */
async function run(
  segments: readonly number[],
  masks: number[][],
): Promise<{ params: number[][]; states: AdamWState<NdArray>[] }> {
  const decayMask = ndarray(Float32Array.from(spread([1, 1, 0])));
  const optimizer = adamw({
    beta1: 0.8,
    beta2: 0.95,
    eps: 1e-6,
    weightDecay: 0.1,
    decayMask,
    segments,
  });
  const step = (
    state: AdamWState,
    gradient: Tensor,
    lr: Tensor,
    updateMask: Tensor,
    keep: Tensor,
  ) => {
    // torch clips over the parameters that have a gradient.
    const gradientScale = clipFactor(mul(gradient, keep), 2);
    return optimizer.step(state, gradient, { lr, updateMask, gradientScale });
  };
  let state = optimizer.init(normal("adamw"));
  const states = [state];
  const scalar = (value: number) => ndarray(Float32Array.of(value), []);
  const vector = (values: number[]) => ndarray(Float32Array.from(values));
  const specs = [state, normal("adamw"), scalar(0), vector(masks[0]), normal("adamw")] as const;
  const executable = await load(compile(step, specs), {
    provider: "cpu",
    threads: 1,
  });
  for (const [i, { lr, mask }] of reference.adamw.entries()) {
    const gradient = normal(`gradient ${i}`, i % 4 === 0 ? 3 : 0.3);
    const keep = vector(spread(mask));
    state = await executable.run(state, gradient, scalar(lr), vector(masks[i]), keep);
    states.push(state);
  }
  await executable.dispose();
  return { params: states.slice(1).map(({ params }) => [...params.data] as number[]), states };
}

const masks = reference.adamw.map(({ mask }) => mask);

Deno.test("adamw() with segments follows torch.optim.AdamW through masks and clipping", async () => {
  const { params, states } = await run([5, 3, 4], masks);
  reference.adamw.forEach((expected, i) => {
    const error = relativeError(params[i], expected.params);
    assert.ok(error < 2e-6, `after step ${i} parameters differ by ${error}`);
  });
  assert.deepEqual([...states.at(-1)!.t.data], [12, 7, 12]);
});

Deno.test("adamw() with a mask for each entry does the same", async () => {
  const { params } = await run(new Array(N).fill(1), masks.map(spread));
  const error = relativeError(params.at(-1)!, reference.adamw.at(-1)!.params);
  assert.ok(error < 2e-6, `parameters differ by ${error}`);
});

Deno.test("a masked segment keeps parameters, moments and step count to the bit", async () => {
  const { states } = await run([5, 3, 4], masks);
  const part = (x: NdArray) => [...x.data].slice(5, 8);
  for (const name of ["params", "m", "v"] as const) {
    assert.deepEqual(part(states[7][name]), part(states[5][name]));
    assert.notDeepEqual(part(states[8][name]), part(states[7][name]));
  }
  assert.equal(states[7].t.data[1], states[5].t.data[1]);
});

Deno.test("segments that do not fit are refused", () => {
  const optimizer = adamw({ segments: [5, 3] });
  const state = {
    params: normal("a"),
    m: normal("a"),
    v: normal("a"),
    t: ndarray(new Float32Array(2)),
  };
  assert.throws(
    () =>
      compile(
        (s: AdamWState) => optimizer.step(s, constant(normal("a")), { lr: 0.1 }),
        [state],
      ),
    /segments \[5, 3\] do not add up to 12/,
  );
});
