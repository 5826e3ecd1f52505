// Initial weights: orthogonal ones against numpy's QR, the others against torch's bounds and spread.

import assert from "node:assert/strict";
import { fansOf, glorot, he, orthogonal } from "../../../methods/nn/mod.ts";
import type { NdArray } from "../../../methods/tensor/mod.ts";
import { stream } from "../../../methods/tensor/random.ts";
import reference from "../../reference/networks.json" with { type: "json" };
import { numbersOf, relativeError } from "./reference.ts";

const expected = reference.initializers;
const linear = [400, 600], convolution = [80, 30, 3, 3];
const largest = (x: NdArray) =>
  (x.data as Float32Array).reduce((a, b) => Math.max(a, Math.abs(b)), 0);
const spread = ({ data }: NdArray) =>
  Math.sqrt((data as Float32Array).reduce((sum, x) => sum + x * x, 0) / data.length);
const near = (actual: number, wanted: number, tolerance: number) =>
  assert.ok(Math.abs(actual / wanted - 1) < tolerance, `${actual} is not ${wanted}`);

Deno.test("orthogonal() is the Q of numpy.linalg.qr, with a positive diagonal of R", () => {
  for (const [name, line] of Object.entries(expected.orthogonal)) {
    const shape = name.split("x").map(Number);
    const { data } = orthogonal(stream(5, "networks", "orthogonal", name), shape);
    assert.ok(relativeError(data as Float32Array, numbersOf(line)) < 1e-6, name);
  }
});

Deno.test("orthogonal() of a large matrix keeps lengths, times the gain", () => {
  const { data } = orthogonal(stream(1, "q"), [200, 150], 2);
  const column = (j: number) => Array.from({ length: 200 }, (_, i) => Number(data[i * 150 + j]));
  for (const [a, b] of [[0, 0], [149, 149], [0, 149], [70, 71]]) {
    const [x, y] = [column(a), column(b)];
    const product = x.reduce((sum, v, i) => sum + v * y[i], 0);
    assert.ok(Math.abs(product - (a === b ? 4 : 0)) < 1e-5, `columns ${a} and ${b}: ${product}`);
  }
});

Deno.test("glorot() and he() have the bounds and spreads of torch.nn.init", () => {
  // torch keeps linear weights as [out, in], so that its fans are in the other order of axes.
  assert.deepEqual(fansOf(linear), { in: expected.linearFans[0], out: expected.linearFans[1] });
  const [fanIn, fanOut] = expected.convFans;
  assert.deepEqual(fansOf(convolution), { in: fanIn, out: fanOut });
  const s = (name: string) => stream(3, name);
  near(largest(glorot(s("a"), linear)), expected.glorotLinear, 1e-4);
  near(largest(glorot(s("b"), convolution, { gain: 2 })), expected.glorotConv, 1e-3);
  near(largest(he(s("c"), linear)), expected.heLinear, 1e-4);
  near(largest(he(s("d"), convolution)), expected.heConv, 1e-3);
  near(spread(he(s("e"), linear, { distribution: "normal" })), expected.heNormal, 0.01);
  near(spread(glorot(s("f"), linear, { distribution: "normal" })), expected.glorotNormal, 0.01);
  near(spread(he(s("g"), [10, 1000], { fans: { in: 50, out: 1 }, gain: 1 })), 50 ** -0.5, 0.03);
  assert.throws(() => glorot(s("h"), [5]), /shape \[5\] has no fans/);
  assert.throws(() => orthogonal(s("h"), [5]), /\[5\] cannot be orthogonal/);
});
