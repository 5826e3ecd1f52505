// Cross-entropy with its options: against PyTorch (tests/reference/cross_entropy.py), in float16, under vmap, and
// what it refuses.
import assert from "node:assert/strict";
import { nextTokenLoss } from "../../../methods/nn/mod.ts";
import * as t from "../../../methods/tensor/mod.ts";
import reference from "../../reference/cross_entropy.json" with { type: "json" };
import { parse } from "./operator_reference.ts";

interface Options extends Omit<t.CrossEntropyOptions, "weights" | "mask"> {
  readonly weights?: readonly number[];
}

interface Case {
  readonly logits: string;
  readonly labels: string;
  readonly options: Options;
  readonly output: string;
  readonly gradients: readonly string[];
  readonly second: string;
}

const cases = Object.entries(reference as Record<string, Case>);

function optionsOf({ weights, ...rest }: Options, dtype: t.DType): t.CrossEntropyOptions {
  return weights
    ? { ...rest, weights: t.fromNumbers([...weights], [weights.length], dtype) }
    : rest;
}

/** The sum of `x`, each element weighed as the script does. */
function weighed(x: t.Tensor, factor: number, shift: number, period: number, middle: number) {
  const weights = Array.from(
    { length: t.sizeOf(x.shape) },
    (_, i) => ((factor * i + shift) % period - middle) / 8,
  );
  return t.sum(t.mul(x, t.fromNumbers(weights, x.shape, x.dtype)));
}

/** The loss, its gradients, and the gradient of the first of them. */
function derivatives(c: Case, dtype: t.DType) {
  const options = optionsOf(c.options, dtype);
  return (x: t.Tensor, y: t.Tensor) => {
    const loss = (x: t.Tensor, y: t.Tensor) =>
      weighed(t.crossEntropy(x, y, options), 37, 11, 19, 9);
    const first = t.grad((x: t.Tensor) => loss(x, y));
    const gradients = c.gradients.length === 1
      ? [first(x)]
      : t.grad(([x, y]: t.Tensor[]) => loss(x, y))([x, y]);
    const second = t.grad((x: t.Tensor) => weighed(first(x), 53, 7, 17, 8))(x);
    return [t.crossEntropy(x, y, options), ...gradients, second];
  };
}

async function disagreements(provider: t.Provider, dtype: t.DType, tolerance: number) {
  const inputs = cases.map(([, c]) => [parse(c.logits, dtype), parse(c.labels, dtype)]);
  const program = t.compile(
    (pairs: t.Tensor[][]) =>
      cases.map(([, c], i) => derivatives(c, dtype)(pairs[i][0], pairs[i][1])),
    [inputs],
  );
  const executable = await t.load(program, { provider });
  const results = await executable.run(inputs);
  await executable.dispose();
  return cases.flatMap(([name, c], i) => {
    const expected = [c.output, ...c.gradients, c.second].map((text) => parse(text, dtype));
    return results[i].flatMap((actual, j) => {
      assert.deepEqual([actual.dtype, actual.shape], [dtype, expected[j].shape], name);
      const [a, e] = [t.toNumbers(actual), t.toNumbers(expected[j])];
      const bad = a.findIndex((v, k) => !(Math.abs(v - e[k]) <= tolerance * (1 + Math.abs(e[k]))));
      return bad < 0 ? [] : [`${name}, ${j}, element ${bad}: ${a[bad]} instead of ${e[bad]}`];
    });
  });
}

for (
  const [provider, dtype, tolerance] of [
    ["cpu", "float64", 1e-10],
    ["cpu", "float32", 2e-6],
    ["wasm", "float64", 1e-10],
    ["wasm", "float32", 2e-6],
  ] as const
) {
  Deno.test(`crossEntropy with options agrees with PyTorch to the second derivative: ${provider}, ${dtype}`, async () => {
    assert.ok(cases.length > 20);
    assert.deepEqual(await disagreements(provider, dtype, tolerance), []);
  });
}

const numbers = (n: number, scale = 3) =>
  Array.from({ length: n }, (_, i) => scale * Math.sin(7 * i * i + i));
const int64 = (...values: number[]) => t.fromNumbers(values, [values.length], "int64");
const x = t.fromNumbers(numbers(12), [4, 3]), y = int64(0, 2, 1, 2);

for (const provider of ["cpu", "wasm"] as const) {
  Deno.test(`crossEntropy in float16 is that of float32, rounded: ${provider}`, async () => {
    const rows = 6, classes = 3000;
    const half = t.fromNumbers(numbers(rows * classes, 8), [rows, classes], "float16");
    const single = t.fromNumbers(t.toNumbers(half), [rows, classes]);
    const labels = int64(...Array.from({ length: rows }, (_, i) => 400 * i));
    const options: t.CrossEntropyOptions[] = [
      {},
      { labelSmoothing: 0.1, ignore: 400 },
      { mask: t.fromNumbers([1, 1, 0, 1, 1, 1], [rows], "bool") },
    ];
    const f = (x: t.Tensor) =>
      options.map((o) => {
        // Scaled as lossScaling() does, else gradients are below what float16 holds.
        const scaled = (x: t.Tensor) =>
          t.mul(t.cast(t.crossEntropy(x, labels, o), "float32"), 1024);
        return [t.crossEntropy(x, labels, o), t.grad(scaled)(x)];
      });
    const [actual, expected] = [
      await t.evaluate(f, [half], { provider }),
      await t.evaluate(f, [single], { provider }),
    ];
    actual.flat().forEach((a, i) => {
      assert.equal(a.dtype, "float16");
      const e = t.toNumbers(expected.flat()[i]);
      t.toNumbers(a).forEach((v, k) =>
        assert.ok(
          Math.abs(v - e[k]) <= 2 ** -10 * Math.abs(e[k]) + 2 ** -24,
          `${i}, ${k}: ${v}, ${e[k]}`,
        )
      );
    });
  });
}

Deno.test("losses of language models and soft labels take float16", async () => {
  const logits = t.fromNumbers(numbers(30), [1, 5, 6], "float16");
  const ids = t.fromNumbers([1, 2, 3, 4, 5], [1, 5], "int64");
  const p = t.fromNumbers([0.5, 0.5, 0, 0, 0, 1], [2, 3], "float16");
  const [a, b, c] = await t.evaluate((x: t.Tensor, p: t.Tensor) => [
    nextTokenLoss(x, t.constant(ids)),
    nextTokenLoss(t.cast(x, "float32"), t.constant(ids)),
    t.crossEntropy(t.log(p), p),
  ], [logits, t.fromNumbers(t.toNumbers(p).map((v) => (v + 0.1) / 1.3), [2, 3], "float16")]);
  assert.deepEqual([a.dtype, c.dtype], ["float16", "float16"]);
  assert.ok(Math.abs(t.toNumbers(a)[0] - t.toNumbers(b)[0]) < 2e-3);
});

Deno.test("the loss is 0, and its gradient too, where no label counts", async () => {
  const options: t.CrossEntropyOptions[] = [
    { ignore: 2 },
    { mask: t.zeros([2]) },
    { ignore: 2, weights: t.ones([3]), labelSmoothing: 0.1 },
    { weights: t.fromNumbers([1, 1, 0], [3]) },
  ];
  const results = await t.evaluate(
    (x: t.Tensor) =>
      options.map((o) => t.valueAndGrad((x: t.Tensor) => t.crossEntropy(x, int64(2, 2), o))(x)),
    [
      t.fromNumbers(numbers(6), [2, 3]),
    ],
  );
  for (const [loss, gradient] of results) {
    assert.deepEqual([...t.toNumbers(loss), ...t.toNumbers(gradient)], new Array(7).fill(0));
  }
});

Deno.test("a mask weighs with all other options", async () => {
  const keep = t.fromNumbers([1, 0, 1, 1], [4], "bool"), weights = t.fromNumbers([1, 2, 4], [3]);
  const [mean, sum, none, soft, rows] = await t.evaluate((x: t.Tensor) => {
    const given = { mask: keep, weights, labelSmoothing: 0.1 };
    const p = t.softmax(t.neg(x));
    return [
      t.crossEntropy(x, y, given),
      t.crossEntropy(x, y, { ...given, reduction: "sum" }),
      t.crossEntropy(x, y, { weights, labelSmoothing: 0.1, reduction: "none" }),
      t.crossEntropy(x, p, { mask: keep }),
      t.crossEntropy(x, p, { reduction: "none" }),
    ];
  }, [x]);
  const [a, , c, d] = t.toNumbers(none), [e, , g, h] = t.toNumbers(rows);
  const near = (x: t.NdArray, y: number) => assert.ok(Math.abs(t.toNumbers(x)[0] - y) < 1e-5);
  near(sum, a + c + d);
  near(mean, (a + c + d) / (1 + 2 + 4));
  near(soft, (e + g + h) / 3);
});

Deno.test("vmap of crossEntropy with options is that of single examples", async () => {
  const xs = t.fromNumbers(numbers(24), [2, 4, 3]);
  const ys = t.fromNumbers([0, 2, 1, 2, 1, -7, 0, 0], [2, 4], "int64");
  const options: t.CrossEntropyOptions = {
    ignore: -7,
    weights: t.fromNumbers([1, 2, 4], [3]),
    labelSmoothing: 0.1,
  };
  const f = (x: t.Tensor, y: t.Tensor) =>
    t.valueAndGrad((x: t.Tensor) => t.crossEntropy(x, y, options))(x);
  const [loss, gradient] = await t.evaluate(t.vmap(f), [xs, ys]);
  for (const i of [0, 1]) {
    const [one, g] = await t.evaluate(
      (x: t.Tensor, y: t.Tensor) => f(t.take(x, i), t.take(y, i)),
      [xs, ys],
    );
    const near = (a: number, b: number) => assert.ok(Math.abs(a - b) < 1e-6, `${a}, ${b}`);
    near(t.toNumbers(loss)[i], t.toNumbers(one)[0]);
    t.toNumbers(g).forEach((v, k) => near(t.toNumbers(gradient)[12 * i + k], v));
  }
});

Deno.test("options that crossEntropy does not know or cannot use are refused", () => {
  const p = t.softmax(x);
  const refused: [t.TensorLike, unknown, string][] = [
    [y, { labelSmooth: 0.1 }, 'no option "labelSmooth"; there are mask, ignore, labelSmoothing, '],
    [y, "sum", "options are a record of mask, ignore, "],
    [y, { reduction: "avg" }, 'reduction must be "mean", "sum" or "none", got "avg"'],
    [y, { labelSmoothing: 1.5 }, "labelSmoothing must be in [0, 1], got 1.5"],
    [y, { labelSmoothing: NaN }, "labelSmoothing must be in [0, 1], got NaN"],
    [y, { ignore: 0.5 }, "ignore must be an integer label, got 0.5"],
    [y, { axis: 2 }, "axis 2 is out of range for rank 2; use -2 … 1"],
    [
      y,
      { weights: t.ones([4]) },
      "weights float32[4] do not fit logits float32[4, 3]; float32[3] ",
    ],
    [y, { mask: t.ones([3]) }, "mask float32[3] does not fit labels int64[4]"],
    [p, { ignore: 1 }, "ignore needs integer labels, and these are probabilities; use mask"],
    [
      t.ones([4]),
      {},
      "labels float32[4] do not fit logits float32[4, 3]; int64[4] or probabilities ",
    ],
    [t.ones([4], "bool"), {}, "expected int32 or int64, got bool[4]"],
    [int64(0, 1, 2, 3), {}, "label 3 is outside 0 … 2"],
    [int64(0, 1, 2, -1), { ignore: -100 }, "label -1 is outside 0 … 2"],
  ];
  for (const [labels, options, problem] of refused) {
    assert.throws(
      () => t.crossEntropy(x, labels, options as t.CrossEntropyOptions),
      (e) => {
        assert.ok(e instanceof t.TensorError, `${e}`);
        assert.equal(e.problem.slice(0, 14 + problem.length), `crossEntropy: ${problem}`);
        return true;
      },
    );
  }
});

Deno.test("the other losses refuse options that they do not know", () => {
  const problem = (f: () => unknown) => {
    try {
      f();
    } catch (error) {
      return (error as t.TensorError).problem;
    }
  };
  const wrong = { weights: 1 } as never;
  assert.deepEqual([
    problem(() => t.meanSquaredError(x, x, wrong)),
    problem(() => t.meanAbsoluteError(x, x, wrong)),
    problem(() => t.huber(x, x, wrong)),
    problem(() => t.smoothL1(x, x, wrong)),
    problem(() => t.binaryCrossEntropyWithLogits(x, x, wrong)),
    problem(() => t.klDivergence(x, x, wrong)),
    problem(() => t.negativeLogLikelihood(x, y, wrong)),
  ], [
    'meanSquaredError: no option "weights"; there are reduction',
    'meanAbsoluteError: no option "weights"; there are reduction',
    'huber: no option "weights"; there are reduction, delta',
    'smoothL1: no option "weights"; there are reduction, beta',
    'binaryCrossEntropyWithLogits: no option "weights"; there are reduction, positiveWeight',
    'klDivergence: no option "weights"; there are reduction, temperature',
    'negativeLogLikelihood: no option "weights"; there are reduction',
  ]);
});
