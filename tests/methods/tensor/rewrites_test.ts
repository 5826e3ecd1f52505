// Cheaper expressions give what the plain ones give: convolution weights, pooling behind a rectifier, losses.
import assert from "node:assert/strict";
import * as t from "../../../methods/tensor/mod.ts";
import { distance, evaluate, values } from "./harness.ts";

const adapter = await navigator.gpu?.requestAdapter().catch(() => null);
const providers: t.Provider[] = ["cpu", "wasm", ...(adapter ? ["webgpu" as const] : [])];

interface ConvCase {
  readonly x: readonly number[];
  readonly w: readonly number[];
  readonly options: t.Conv2dOptions;
}

/** One for each way in which the gradient of the weights is written. */
const convolutions: Record<string, ConvCase> = {
  "a product for each tap": { x: [2, 8, 6, 5], w: [4, 8, 3, 3], options: { padding: 1 } },
  "strides": { x: [2, 8, 7, 6], w: [4, 8, 3, 3], options: { padding: 1, stride: 2 } },
  "unequal strides that leave columns over": {
    x: [2, 8, 9, 8],
    w: [4, 8, 2, 3],
    options: { stride: [3, 2], padding: [[1, 0], 2] },
  },
  "dilation": { x: [2, 8, 7, 7], w: [4, 8, 3, 3], options: { dilation: 2, padding: 1 } },
  "dilation and strides": { x: [2, 8, 9, 9], w: [4, 8, 3, 3], options: { dilation: 2, stride: 2 } },
  "groups": { x: [2, 16, 5, 5], w: [6, 8, 3, 3], options: { groups: 2, padding: 1 } },
  "one product": { x: [2, 3, 6, 6], w: [4, 3, 3, 3], options: { padding: 1, stride: 2 } },
  "a convolution": { x: [2, 3, 9, 9], w: [4, 3, 7, 7], options: { padding: 3 } },
  "depthwise": { x: [2, 6, 5, 5], w: [6, 1, 3, 3], options: { groups: 6 } },
  "pointwise": { x: [2, 8, 4, 4], w: [4, 8, 1, 1], options: { stride: 2 } },
};

const dot = (a: t.Tensor, b: t.Tensor) => t.sum(t.mul(a, b));

for (const provider of providers) {
  Deno.test({
    name: `gradients of convolution weights are adjoint to the convolution on ${provider}`,
    sanitizeResources: false,
    sanitizeOps: false,
    fn: async (test) => {
      // Shaders take seconds to build where WebGPU is emulated.
      const chosen = Object.entries(convolutions).slice(0, provider === "webgpu" ? 2 : undefined);
      for (const [name, { x, w, options }] of chosen) {
        await test.step(name, async () => {
          // ⟨∂⟨g, x∗w⟩/∂w, d⟩ = ⟨g, x∗d⟩ for every d; the right side is a plain forward pass.
          const probe = (x: t.Tensor, w: t.Tensor, d: t.Tensor) => {
            const g = t.sin(t.conv2d(x, w, options));
            const fixed = t.stopGradient(g);
            const gradient = t.grad((w: t.Tensor) => dot(fixed, t.conv2d(x, w, options)))(w);
            const along = t.conv2d(x, d, options);
            return { left: dot(gradient, d), right: dot(fixed, along), gradient };
          };
          const args = [values(x, 1), values(w, 2), values(w, 3)].map((a) =>
            t.fromNumbers(t.toNumbers(a), a.shape, "float32")
          ) as [t.NdArray, t.NdArray, t.NdArray];
          const { left, right, gradient } = await evaluate(probe, args, provider);
          assert.ok(distance(t.toNumbers(left), t.toNumbers(right)) < 1e-4, `${left.data}`);
          const exact = await evaluate(
            (x: t.Tensor, w: t.Tensor) => {
              const fixed = t.stopGradient(t.sin(t.conv2d(x, w, options)));
              return t.grad((w: t.Tensor) => dot(fixed, t.conv2d(x, w, options)))(w);
            },
            args.slice(0, 2).map((a) => t.fromNumbers(t.toNumbers(a), a.shape, "float64")) as [
              t.NdArray,
              t.NdArray,
            ],
          );
          assert.ok(distance(t.toNumbers(gradient), t.toNumbers(exact)) < 1e-4);
        });
      }
    },
  });

  Deno.test({
    name:
      `a maximum pool behind a rectifier passes derivatives to the first largest on ${provider}`,
    sanitizeResources: false,
    sanitizeOps: false,
    fn: async () => {
      const x = t.fromNumbers([
        ...[1, 2, -1, -2],
        ...[2, 0, -3, -4],
        ...[0, 0, 5, 5],
        ...[0, -1, 5, 5],
      ], [1, 1, 4, 4]);
      const { pooled, gradient } = await evaluate(
        (x: t.Tensor) => {
          const f = (x: t.Tensor) => t.maxPool(t.relu(x), 2);
          const weights = t.constant(t.fromNumbers([3, 5, 7, 11], [1, 1, 2, 2]));
          return { pooled: f(x), gradient: t.grad((x: t.Tensor) => dot(weights, f(x)))(x) };
        },
        [x],
        provider,
      );
      assert.deepEqual(t.toNumbers(pooled), [2, 0, 0, 5]);
      const expected = [0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 11, 0, 0, 0, 0, 0];
      assert.deepEqual(t.toNumbers(gradient).map((v) => v + 0), expected);
    },
  });

  Deno.test({
    name: `crossEntropy() and logSoftmax() do not overflow on ${provider}`,
    sanitizeResources: false,
    sanitizeOps: false,
    fn: async () => {
      const x = t.fromNumbers([1000, 999, -1000, 0.5, 0.25, -80], [2, 3]);
      const labels = t.fromNumbers([1, 0], [2], "int32");
      const { loss, gradient, logs } = await evaluate(
        (x: t.Tensor, y: t.Tensor) => {
          const [loss, gradient] = t.valueAndGrad((x: t.Tensor) => t.crossEntropy(x, y))(x);
          return { loss, gradient, logs: t.logSoftmax(x) };
        },
        [x, labels],
        provider,
      );
      const rows = [[1000, 999, -1000], [0.5, 0.25, -80]];
      const logsOf = (row: number[]) => {
        const top = Math.max(...row);
        const total = Math.log(row.reduce((sum, v) => sum + Math.exp(v - top), 0));
        return row.map((v) => v - top - total);
      };
      const expected = rows.map(logsOf);
      assert.ok(distance(t.toNumbers(logs), expected.flat()) < 1e-6);
      assert.ok(
        distance(t.toNumbers(loss), [-(expected[0][1] + expected[1][0]) / 2]) < 1e-6,
      );
      const slopes = expected.flatMap((row, i) =>
        row.map((v, j) => (Math.exp(v) - Number(j === (i === 0 ? 1 : 0))) / 2)
      );
      assert.ok(distance(t.toNumbers(gradient), slopes) < 1e-6);
    },
  });
}
