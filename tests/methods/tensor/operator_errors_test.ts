// Operators refuse what does not fit with one message that names them and what they were given.
import assert from "node:assert/strict";
import * as t from "../../../methods/tensor/mod.ts";

const f32 = (...shape: number[]) => t.constant(t.zeros(shape));
const i64 = (...shape: number[]) => t.constant(t.zeros(shape, "int64"));
const yes = t.constant(t.zeros([2], "bool"));

const refusals: [() => unknown, RegExp][] = [
  [() => t.tan(i64(2)), /tan: expected a float tensor, got int64\[2\]/],
  [() => t.elu(i64(2)), /elu: expected a float tensor/],
  [() => t.isNaN(i64(2)), /isNaN: expected a float tensor/],
  [() => t.hardtanh(f32(2), 1, 1), /low 1 must be below high 1/],
  [() => t.logicalXor(f32(2), f32(2)), /logicalXor: expected bool/],
  [() => t.atan2(f32(2), f32(3)), /atan2: float32\[2\] and float32\[3\] do not broadcast/],
  [() => t.fmod(f32(2), i64(2)), /fmod: dtypes differ/],
  [() => t.prod(yes), /prod: .*bool\[2\]; use all\(\)/],
  [() => t.any(f32(2)), /any: expected bool/],
  [() => t.argmin(f32(2, 0)), /argmin: axis 1 of float32\[2, 0\] is empty/],
  [() => t.norm(f32(2), 0, { p: 0 }), /norm: p is 0/],
  [() => t.std(i64(2)), /std: expected a float/],
  [() => t.cumsum(f32(2), 1), /cumsum: axis 1 is out of range for rank 1/],
  [() => t.cumsum(yes, 0), /cumsum: .*bool\[2\]; convert/],
  [() => t.topK(f32(2, 3), 4), /topK: k is 4; axis 1 of float32\[2, 3\] has 3/],
  [() => t.sort(f32(2), 2), /sort: axis 2 is out of range/],
  [() => t.roll(f32(2), 0.5), /roll: shift 0.5/],
  [() => t.tile(f32(2), [0]), /tile: counts \[0\]/],
  [() => t.tril(f32(2)), /tril: expected a matrix/],
  [() => t.diagonal(f32(2, 2), { offset: 2 }), /diagonal: float32\[2, 2\] has no diagonal 2/],
  [() => t.linspace(0, 1, 0), /linspace: count 0/],
  [() => t.arange(0, 1, 0), /arange: steps of 0/],
  [
    () => t.gatherND(f32(2), i64(1, 2)),
    /gatherND: indices int64\[1, 2\] do not index float32\[2\]/,
  ],
  [() => t.gatherND(f32(2), f32(1, 1)), /gatherND: expected int32 or int64/],
  [() => t.scatter(f32(3, 2), i64(2), f32(1, 2)), /scatter: updates float32\[1, 2\] do not fit/],
  [() => t.scatterND(f32(3, 2), i64(2, 1), f32(2)), /scatterND: .*; \[2, 2\] expected/],
  [() => t.putAlongAxis(f32(3, 2), i64(3, 1), f32(3, 2), 1), /putAlongAxis: indices/],
  [() => t.dynamicSlice(f32(3), [0], [4]), /dynamicSlice: a slice \[4\]/],
  [() => t.dynamicSlice(f32(3), [f32()], [2]), /dynamicSlice: expected int32 or int64/],
  [() => t.einsum("ij,jk", f32(2, 3)), /einsum "ij,jk": 2 terms for 1 operands/],
  [() => t.einsum("ij", f32(2)), /"ij" has 2 labels for float32\[2\]/],
  [() => t.einsum("i->j", f32(2)), /output label "j"/],
  [() => t.einsum("i1", f32(2, 2)), /"i1" is not a list of letters/],
  [() => t.einsum("ij,jk", f32(2, 3), f32(2, 3)), /label "j" has sizes 3 and 2/],
  [() => t.einsum("ii", f32(2, 3)), /label "i" names axes of two sizes/],
  [
    () => t.batchNorm(f32(2, 3), f32(2), f32(3), { mean: f32(3), variance: f32(3) }),
    /batchNorm: float32\[2\] does not fit the 3 channels of float32\[2, 3\] \(axis 1\)/,
  ],
  [
    () => t.batchNormTraining(f32(1, 3), f32(3), f32(3), { mean: f32(3), variance: f32(3) }),
    /no more than one element a channel/,
  ],
  [() => t.groupNorm(f32(2, 3), 2, f32(3), f32(3)), /groupNorm: 2 groups do not divide/],
  [() => t.rmsNorm(f32(2, 3), f32(2)), /rmsNorm: scale float32\[2\] must have shape \[3\]/],
  [() => t.meanSquaredError(f32(2, 1), f32(2)), /meanSquaredError: .* floats of one shape/],
  [() => t.huber(f32(2), f32(2), { delta: 0 }), /huber: the knee 0 must be above 0/],
  [
    () => t.meanAbsoluteError(f32(2), f32(2), { reduction: "max" as "sum" }),
    /reduction must be "mean", "sum" or "none", got "max"/,
  ],
  [() => t.klDivergence(f32(2), f32(2), { temperature: 0 }), /temperature 0 must be above 0/],
  [
    () => t.negativeLogLikelihood(f32(2, 3), i64(3)),
    /labels int64\[3\] do not fit float32\[2, 3\]/,
  ],
];

Deno.test("operators say what does not fit", () => {
  for (const [f, message] of refusals) {
    assert.throws(f, (e) => e instanceof t.TensorError && message.test(e.message), `${f}`);
  }
});

Deno.test("empty tensors pass through what keeps shapes", () => {
  const empty = f32(0, 3);
  assert.deepEqual(t.sort(empty, 0).shape, [0, 3]);
  assert.deepEqual(t.argsort(empty, 1).dtype, "int64");
  assert.deepEqual(t.cumprod(empty, 0).shape, [0, 3]);
  assert.deepEqual(t.flip(empty).shape, [0, 3]);
  assert.deepEqual(t.roll(empty, 2, 0).shape, [0, 3]);
  assert.deepEqual(t.arange(1, 1).shape, [0]);
});
