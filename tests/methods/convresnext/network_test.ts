// The network, its losses and gradients in float64 against PyTorch (tests/reference/convresnext.py).

import assert from "node:assert/strict";
import {
  type Architecture,
  convolutionWeights,
  convResNeXt,
  initialParameters,
  type Parameters,
} from "../../../methods/convresnext/network.ts";
import { empiricalRisk, penalty, type Risk } from "../../../methods/convresnext/objective.ts";
import { oneSidedConvolution } from "../../../methods/convresnext/one_sided_convolution.ts";
import {
  add,
  asTensor,
  constant,
  conv1d,
  fromNumbers,
  type NdArray,
  sub,
  type Tensor,
  toNumbers,
  transpose,
  valueAndGrad,
} from "../../../methods/tensor/mod.ts";
import { stream } from "../../../methods/tensor/random.ts";
import reference from "../../reference/convresnext.json" with { type: "json" };
import { assertCompact, numbersOf } from "../nn/reference.ts";
import { evaluate } from "../tensor/harness.ts";

const normal = (name: string, shape: readonly number[], std = 1): NdArray =>
  fromNumbers(
    stream(5, "convresnext", name).normal(shape, { std }).data as Float32Array,
    shape,
    "float64",
  );
const weights = ({ N, L, M, w, K, D }: Architecture): Parameters<NdArray> => ({
  kernels: normal("kernels", [N, L, M, w, w, K], 0.4),
  out: normal("out", [D, w], 0.4),
});
const near = (actual: ArrayLike<number>, expected: readonly number[], tolerance: number) =>
  expected.forEach((value, i) =>
    assert.ok(Math.abs(actual[i] - value) <= tolerance * Math.max(1, Math.abs(value)), `${i}`)
  );

Deno.test("the one-sided convolution is PyTorch's with zeros at the end", async () => {
  const y = await evaluate(oneSidedConvolution, [
    normal("z", [2, 19, 3]),
    normal("one kernel", [3, 4, 6]),
  ]);
  assertCompact(y, reference.convolution.y, 1e-9, "y");
});

Deno.test("the last positions see zeros beyond the end, and nothing before them", async () => {
  const impulse = (at: number) =>
    fromNumbers(Array.from({ length: 10 }, (_, i) => +(i === at)), [1, 10, 1], "float64");
  const taps = fromNumbers([1, 2, 3], [1, 1, 3], "float64");
  const row = async (at: number) =>
    toNumbers(await evaluate(oneSidedConvolution, [impulse(at), taps]));
  // y_i = z_i + 2 z_{i+1} + 3 z_{i+2}: an impulse is seen at its own position and the two before.
  assert.deepEqual(await row(9), [0, 0, 0, 0, 0, 0, 0, 3, 2, 1]);
  assert.deepEqual(await row(0), [1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  // Padding on both sides, the usual choice, is another function.
  const symmetric = (z: Tensor, k: Tensor) =>
    conv1d(transpose(z, [0, 2, 1]), transpose(k, [1, 0, 2]), { padding: "same" });
  assert.notDeepEqual(toNumbers(await evaluate(symmetric, [impulse(9), taps])), await row(9));
});

for (const { architecture, f, ...risks } of reference.networks) {
  const { D, M, N } = architecture;
  Deno.test(`D = ${D}, M = ${M}, N = ${N}: predictions, losses and gradients`, async () => {
    const x = normal("x", [5, D]), y = normal("y", [5]);
    const parameters = weights(architecture);
    const predictions = await evaluate(
      (p: Parameters, x: Tensor) => convResNeXt(architecture, p, x),
      [parameters, x],
    );
    near(toNumbers(predictions), numbersOf(f), 1e-8);
    for (const risk of ["squared", "logistic"] as const satisfies readonly Risk[]) {
      const labels = risk === "squared"
        ? y
        : fromNumbers(toNumbers(y).map((v) => +(v > 0)), [5], "float64");
      const loss = (p: Parameters, x: Tensor, y: Tensor) =>
        add(
          empiricalRisk(risk, convResNeXt(architecture, p, x), y),
          penalty(p, { paths: constant(0.03, "float64"), out: constant(0.02, "float64") }),
        );
      const [value, gradients] = await evaluate(
        (p: Parameters, x: Tensor, y: Tensor) => valueAndGrad(loss)(p, x, y),
        [parameters, x, labels],
      );
      near(toNumbers(value), [risks[risk].loss], 1e-8);
      assertCompact(gradients.kernels, risks[risk].kernels, 1e-8, `${risk} kernels`);
      assertCompact(gradients.out, risks[risk].out, 1e-8, `${risk} out`);
    }
  });
}

Deno.test("M = 1 is ConvResNet", async () => {
  const { architecture, f } = reference.resnet;
  const predictions = await evaluate(
    (p: Parameters, x: Tensor) => convResNeXt(architecture, p, x),
    [weights(architecture), normal("x", [5, architecture.D])],
  );
  near(toNumbers(predictions), numbersOf(f), 1e-8);
});

Deno.test("a path whose gate is 0 is a path that is not there", async () => {
  const a = { D: 5, w: 3, L: 3, K: 3, M: 2, N: 1 };
  const { kernels, out } = weights(a), x = normal("x", [4, 5]);
  const gate = fromNumbers([1, 0], [1, 2], "float64");
  const alone = { ...a, M: 1 };
  const size = a.w * a.w * a.K;
  // Layer l of path 0.
  const first = Array.from(
    { length: a.L },
    (_, l) => toNumbers(kernels).slice(l * a.M * size, (l * a.M + 1) * size),
  ).flat();
  const own = { kernels: fromNumbers(first, [1, a.L, 1, a.w, a.w, a.K], "float64"), out };
  const difference = await evaluate(
    (p: Parameters, gate: Tensor, own: Parameters, x: Tensor) =>
      sub(convResNeXt(a, p, x, gate), convResNeXt(alone, own, x)),
    [{ kernels, out }, gate, own, x],
  );
  near(toNumbers(difference), [0, 0, 0, 0], 1e-12);
});

Deno.test("sizes of the paper's network; initial sums of paths have one scale", async () => {
  const paper = { D: 16, w: 8, L: 6, K: 6, M: 2, N: 2 };
  assert.equal(convolutionWeights(paper), 9216);
  const x = stream(1, "x").normal([200, 16]);
  const spread = async (M: number) => {
    const a = { ...paper, M, N: 16 / M };
    const p = initialParameters(a, stream(1, "test"));
    const f = toNumbers(
      await evaluate((p: Parameters, x: Tensor) => convResNeXt(a, p, asTensor(x)), [p, x]),
    );
    return Math.sqrt(f.reduce((sum, v) => sum + v * v, 0) / f.length);
  };
  for (const M of [1, 4, 16]) assert.ok(Math.abs(Math.log(await spread(M))) < Math.log(4));
});
