// What a program costs: operation counts against PyTorch's, memory against hand-made sums.
import assert from "node:assert/strict";
import * as t from "../../../methods/tensor/mod.ts";
import reference from "../../reference/flops.json" with { type: "json" };

const f32 = (...shape: number[]): t.Spec => ({ dtype: "float32", shape });
type Layer = { w: t.Tensor; b: t.Tensor };
type Mlp = { up: Layer; down: Layer };
const linear = (p: Layer, x: t.Tensor) => t.add(t.matmul(x, p.w), p.b);
const mlp = (p: Mlp, x: t.Tensor) => linear(p.down, t.relu(linear(p.up, x)));
const mlpSpec = { up: { w: f32(784, 512), b: f32(512) }, down: { w: f32(512, 10), b: f32(10) } };
const batch = 64, hidden = batch * 512, scores = batch * 10;

Deno.test("a perceptron's summary is what one counts by hand, its products what PyTorch counts", () => {
  const s = t.summary(t.compile(mlp, [mlpSpec, f32(batch, 784)]));
  // The products, and one operation an element of relu; biases are added inside Gemm.
  assert.equal(s.flops, reference.mlpForward + hidden);
  assert.deepEqual(s.arguments, [
    {
      argument: 0,
      arrays: 4,
      elements: reference.mlpParameters,
      bytes: 4 * reference.mlpParameters,
    },
    { argument: 1, arrays: 1, elements: batch * 784, bytes: 4 * batch * 784 },
  ]);
  assert.deepEqual(s.outputs, [{ name: "out", ...f32(batch, 10) }]);
  const count = (name: string) => s.operators.find((o) => o.operator === name);
  assert.deepEqual(count("Gemm"), { operator: "Gemm", nodes: 2, executions: 2 });
  assert.deepEqual(count("Relu"), { operator: "Relu", nodes: 1, executions: 1 });
  assert.deepEqual(s.bytes, {
    inputs: 4 * (reference.mlpParameters + batch * 784),
    outputs: 4 * scores,
    constants: 0,
    // Relu writes over its input; the second product needs that and its own result.
    peak: 4 * (hidden + scores),
  });
});

Deno.test("a training step's products are what PyTorch counts for backward too", () => {
  const program = t.compile(
    (p: Mlp, x: t.Tensor) => t.grad((p: Mlp) => t.sum(t.square(mlp(p, x))))(p),
    [mlpSpec, f32(batch, 784)],
  );
  const elementwise = program.flops - reference.mlpTraining;
  // relu, its mask (sign and product), 2·y, and the sums over the batch for two biases.
  assert.equal(elementwise, 3 * hidden + scores + hidden + scores);
});

type Conv = { first: t.Tensor; b1: t.Tensor; second: t.Tensor; b2: t.Tensor; head: Layer };
const convNet = (p: Conv, x: t.Tensor) => {
  const bias = (b: t.Tensor) => t.reshape(b, [-1, 1, 1]);
  const h = t.relu(t.add(t.conv2d(x, p.first, { padding: 1 }), bias(p.b1)));
  const g = t.relu(t.add(t.conv2d(h, p.second, { stride: 2 }), bias(p.b2)));
  return linear(p.head, t.reshape(g, [x.shape[0], -1]));
};

Deno.test("a convolutional net's summary is what one counts by hand", () => {
  const s = t.summary(t.compile(convNet, [
    {
      ...{ first: f32(8, 3, 3, 3), b1: f32(8), second: f32(16, 8, 3, 3), b2: f32(16) },
      head: { w: f32(16 * 7 * 7, 10), b: f32(10) },
    },
    f32(2, 3, 16, 16),
  ]));
  const first = 2 * 8 * 16 * 16, second = 2 * 16 * 7 * 7;
  // 2·K²·Cin operations an output element, then bias and relu.
  const products = 2 * (9 * 3 * first + 9 * 8 * second + 2 * 784 * 10);
  assert.equal(products, reference.convForward);
  assert.equal(s.flops, products + 2 * (first + second));
  assert.equal(s.arguments[0].elements, reference.convParameters);
  // The second convolution needs the first one's result and its own; reshaped biases cost nothing.
  assert.equal(s.bytes.peak, 4 * (first + second));
});

Deno.test("a loop counts its nodes once, its executions every step, its memory once and stacked", () => {
  const steps = 50, n = 1000;
  const program = t.compile((x: t.Tensor, xs: t.Tensor) =>
    t.scan(
      (c: t.Tensor, x: t.Tensor) => {
        const next = t.matmul(t.exp(c), x);
        return [next, t.sum(next, 1)] as const;
      },
      x,
      xs,
    ), [f32(n, 4), f32(steps, 4, 4)]);
  const s = t.summary(program);
  const of = (name: string) => s.operators.find((o) => o.operator === name);
  assert.deepEqual(of("Gemm"), { operator: "Gemm", nodes: 1, executions: steps });
  assert.deepEqual(of("Loop"), { operator: "Loop", nodes: 1, executions: 1 });
  assert.equal(s.flops, steps * (n * 4 + 2 * n * 4 * 4 + n * 4));
  const carry = 4 * n * 4, slice = 4 * 4 * 4, stacked = 4 * steps * n;
  // Either inside (old carry, slice, exp, product, what is stacked) or at the end (carry, stacked twice).
  assert.equal(s.bytes.peak, Math.max(carry + slice + 2 * carry + stacked, carry + 2 * stacked));
});

Deno.test("constants count by their bytes", () => {
  const table = t.fromNumbers(Array.from({ length: 300 }, (_, i) => i), [100, 3], "float64");
  const s = t.summary(
    t.compile((i: t.Tensor) => t.take(t.constant(table), i), [{ dtype: "int32", shape: [7] }]),
  );
  assert.equal(s.bytes.constants, 8 * 300);
  assert.equal(s.bytes.outputs, 8 * 21);
});

Deno.test("a summary survives saving, and reads as aligned tables", () => {
  const program = t.compile(mlp, [mlpSpec, f32(batch, 784)], { name: "perceptron" });
  const s = t.summary(program);
  assert.deepEqual(t.summary(t.decodeProgram(t.encodeProgram(program))), s);
  const lines = t.summaryText(s).split("\n");
  assert.equal(lines[0], "perceptron: 52.1 MFLOP a run");
  assert.ok(lines.includes("argument  arrays  elements      bytes"), lines.join("\n"));
  assert.ok(lines.includes("0              4   407,050  1,628,200"));
  assert.ok(lines.includes("in.0.up.w    float32[784, 512]   401,408"));
  assert.ok(lines.includes("peak of intermediate values (estimate)    133,632  134 kB"));
});
