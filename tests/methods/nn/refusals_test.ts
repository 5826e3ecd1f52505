// What layers refuse: each mistake once gave a plausible result or a message about something else.

import assert from "node:assert/strict";
import * as nn from "../../../methods/nn/mod.ts";
import {
  broadcastTo,
  compile,
  evaluate,
  expandDims,
  fromNumbers,
  silu,
  tanh,
  type Tensor,
  toNumbers,
  zeros,
} from "../../../methods/tensor/mod.ts";
import { stream } from "../../../methods/tensor/random.ts";
import { refuses } from "../tensor/refuses.ts";

type Loose = (...args: unknown[]) => never;
/** Traces a call with whatever is given; the last argument is no tensor. */
const traced = (f: unknown, tensors: unknown[], ...rest: unknown[]) => () =>
  compile((...given: unknown[]) => (f as Loose)(...given, ...rest), tensors as never);
const s = stream(1, "refusals");
const fused = nn.initBlock(s, 8), apart = nn.initSeparateBlock(s, 8);
const cross = nn.initCrossBlock(s, 8, 4, 6);
const heads = { heads: 2 };

Deno.test("sequences without a batch axis are refused with how to add one", () => {
  const flat = zeros([5, 8]), text = /x is float32\[5, 8\].* add a batch axis: expandDims\(x, 0\)/;
  for (const p of [fused, apart]) {
    refuses(traced(nn.block, [p, flat], heads), "shape", text);
    refuses(traced(nn.selfAttention, [p.attention, flat], heads), "shape", text);
  }
  refuses(traced(nn.crossBlock, [cross, flat, zeros([1, 3, 6])], heads), "shape", text);
  refuses(
    traced(nn.attention, [cross.cross, flat, zeros([1, 3, 6])], heads),
    "shape",
    /queries is/,
  );
  refuses(
    traced(nn.attention, [cross.cross, zeros([1, 5, 8]), zeros([3, 6])], heads),
    "shape",
    /context is float32\[3, 6\].* expandDims\(context, 0\)/,
  );
  refuses(traced(nn.lstm, [nn.initLstm(s, 8, 4), flat]), "shape", text);
  refuses(traced(nn.gru, [nn.initGru(s, 8, 4), flat]), "shape", text);
  refuses(traced(nn.block, [fused, zeros([1, 1, 5, 8])], heads), "shape", /reshape it/);
  const whole = (p: nn.BlockParams, x: Tensor) => nn.block(p, expandDims(x, 0), heads);
  assert.deepEqual(traced(whole, [fused, flat])().outputs[0].shape, [1, 5, 8]);
});

Deno.test("batches that do not fit each other are refused; one side of 1 serves the other", async () => {
  refuses(
    traced(nn.crossBlock, [cross, zeros([2, 5, 8]), zeros([1, 4, 6])], heads),
    "shape",
    /crossBlock: x float32\[2, 5, 8\] and context float32\[1, 4, 6\] must be of one batch/,
  );
  refuses(
    traced(nn.attention, [cross.cross, zeros([2, 5, 8]), zeros([4, 4, 6])], heads),
    "shape",
    /of batches 2 and 4/,
  );
  const draw = (name: string, shape: number[]) => s.child(name).normal(shape);
  for (const [queries, context] of [[1, 3], [3, 1]]) {
    const both = (p: nn.CrossAttentionParams, q: Tensor, c: Tensor) => [
      nn.attention(p, q, c, heads),
      nn.attention(p, broadcastTo(q, [3, 5, 8]), broadcastTo(c, [3, 4, 6]), heads),
    ];
    const given = [draw("q", [queries, 5, 8]), draw("c", [context, 4, 6])] as const;
    const [y, expected] = await evaluate(both, [cross.cross, ...given]);
    assert.deepEqual(y.shape, [3, 5, 8]);
    toNumbers(y).forEach((v, i) => assert.ok(Math.abs(v - Number(expected.data[i])) < 1e-6));
  }
});

Deno.test("heads, norms and activations that are missing or unknown are refused", () => {
  const x = zeros([1, 5, 8]);
  refuses(traced(nn.block, [fused, x], {}), "argument", /heads is undefined; .* at least 1/);
  refuses(
    traced(nn.block, [fused, x]),
    "argument",
    /block: the options are undefined; .*\{ heads \}/,
  );
  refuses(traced(nn.selfAttention, [fused.attention, x]), "argument", /selfAttention: the options/);
  refuses(traced(nn.block, [fused, x], { heads: 3 }), "argument", /cannot be cut into 3 heads/);
  refuses(
    traced(nn.mlp, [fused.mlp, x], "swish"),
    "argument",
    /mlp: activation is "swish"; known are gelu, geluTanh, relu, silu, tanh/,
  );
  refuses(
    traced(nn.block, [fused, x], { ...heads, activation: "GELU" }),
    "argument",
    /"GELU"; known/,
  );
  refuses(
    traced(nn.block, [fused, x], { ...heads, norm: "Post" }),
    "argument",
    /"Post"; known are pre/,
  );
  refuses(traced(nn.lstm, [nn.initGru(s, 8, 4), x]), "shape", /lstm: weightHidden .* another cell/);
  const norm = [nn.initChannelNorm(5), nn.initBatchNormStats(5), x];
  refuses(traced(nn.batchNorm, norm, {}), "argument", /batchNorm: training is undefined/);
  refuses(traced(nn.batchNorm, norm), "argument", /batchNorm: training is undefined/);
});

Deno.test("mlp() computes silu and tanh", async () => {
  const p = nn.initMlp(s, 3, 4), x = s.child("x").normal([2, 3]);
  for (const [name, f] of [["silu", silu], ["tanh", tanh]] as const) {
    const both = (p: nn.MlpParams, x: Tensor) => [
      nn.mlp(p, x, name),
      nn.linear(p.down, f(nn.linear(p.up, x))),
      nn.mlp(p, x),
    ];
    const [y, expected, other] = await evaluate(both, [p, x]);
    assert.deepEqual(toNumbers(y), toNumbers(expected));
    assert.notDeepEqual(toNumbers(y), toNumbers(other));
  }
});

Deno.test("a rate in the place of masks is refused", () => {
  const x = zeros([2, 3]);
  refuses(traced(nn.dropout, [x], 0.5), "argument", /the mask is 0\.5; draw masks .* dropoutMasks/);
  refuses(traced(nn.dropout, [x], 0), "argument", /the mask is 0;/);
  refuses(traced(nn.dropout, [x], { rate: 0.5 }), "argument", /the mask is an object/);
  refuses(
    traced(nn.dropout, [x, zeros([4, 2, 3])]),
    "shape",
    /float32\[4, 2, 3\] does not broadcast/,
  );
  const y = zeros([1, 5, 8]);
  refuses(traced(nn.block, [fused, y], { ...heads, dropout: 0.1 }), "argument", /dropout is 0\.1/);
});

Deno.test("masks of what is no shape, without steps or rate are refused by path", () => {
  const masks = nn.dropoutMasks as Loose, options = { rate: 0.5, steps: 4 };
  refuses(() => masks(s, { a: 4 }, options), "argument", /the shape at "a" is 4; shapes are lists/);
  refuses(
    () => masks(s, { a: [{ b: undefined }] }, options),
    "argument",
    /at "a\.0\.b" is undefined/,
  );
  refuses(() => masks(s, { a: [4, -1] }, options), "argument", /axis 1 of the shape at "a" is -1/);
  refuses(() => masks(s, { a: [4] }, { rate: 0.5 }), "argument", /steps is undefined/);
  refuses(() => masks(s, { a: [4] }), "argument", /the options are undefined; .*\{ rate, steps \}/);
  refuses(() => masks(s, { a: [4] }, { steps: 4 }), "argument", /rate is undefined; .*\[0, 1\)/);
});

Deno.test("initial parameters name the size that is missing", () => {
  const configs: Record<string, [unknown, Record<string, unknown>]> = {
    initCnn: [nn.initCnn, { image: 8, channels: 1, widths: [2], hidden: 3, classes: 2 }],
    initResnet: [nn.initResnet, { channels: 3, widths: [4], blocks: 1, classes: 2 }],
    initDecoder: [
      nn.initDecoder,
      { vocab: 9, width: 4, layers: 1, heads: 2, hidden: 8, positions: 7 },
    ],
    initBert: [
      nn.initBert,
      { vocab: 9, width: 4, layers: 1, heads: 2, hidden: 8, positions: 7, types: 2 },
    ],
    initDeberta: [
      nn.initDeberta,
      { vocab: 9, width: 4, layers: 1, heads: 2, hidden: 8, positions: 7, buckets: 2 },
    ],
    initConv: [nn.initConv, { inputs: 1, outputs: 2, window: 3 }],
    initCoca: [nn.initCoca, {
      ...nn.COCA_DEFAULTS,
      width: 8,
      imageLayers: 1,
      textLayers: 1,
      multimodalLayers: 1,
      vocab: 9,
      textLength: 4,
      embed: 4,
    }],
  };
  for (const [name, [init, config]] of Object.entries(configs)) {
    (init as Loose)(s, config);
    refuses(
      () => (init as Loose)(s),
      "argument",
      new RegExp(`^${name}: the options are undefined`),
    );
    for (const field of Object.keys(config).filter((field) => field !== "mlpRatio")) {
      const { [field]: _, ...rest } = config;
      refuses(
        () => (init as Loose)(s, rest),
        "argument",
        new RegExp(`^${name}: ${field} is undef`),
      );
    }
  }
  for (
    const [name, init] of Object.entries({
      initLinear: nn.initLinear,
      initMlp: nn.initMlp,
      initLstm: nn.initLstm,
      initGru: nn.initGru,
    })
  ) {
    refuses(() => (init as Loose)(s, 3), "argument", new RegExp(`^${name}: \\w+ is undefined`));
    refuses(() => (init as Loose)(s, 3, 2.5), "argument", /is 2\.5; it must be a whole number/);
  }
  refuses(() => (nn.initSelfAttention as Loose)(s), "argument", /width is undefined/);
  refuses(
    () => nn.initCnn(s, { image: 3, channels: 1, widths: [2, 2], hidden: 3, classes: 2 }),
    "argument",
    /3 pixels/,
  );
});

Deno.test("models refuse ids without a batch, and more of them than positions", () => {
  const config = { vocab: 9, width: 4, layers: 1, heads: 2, hidden: 8, positions: 7, types: 2 };
  const decoder = (p: nn.DecoderParams, ids: Tensor) => nn.decoder(config, p, ids);
  const bert = (p: nn.BertParams, ids: Tensor) => nn.bert(config, p, { ids }).last;
  const models = [[decoder, nn.initDecoder(s, config)], [bert, nn.initBert(s, config)]];
  for (const [f, params] of models) {
    const ids = (...shape: number[]) => zeros(shape, "int32");
    refuses(traced(f, [params, ids(1, 8)]), "shape", /8 tokens; the model has 7 positions: cut/);
    refuses(traced(f, [params, ids(7)]), "shape", /ids are int32\[7\], not \[batch, n\]; add/);
  }
});

Deno.test("torchWeights() widens float16, and says what it reads", () => {
  const w = fromNumbers([0.5, 65504, -1], [3], "float16");
  const reader = nn.torchWeights({ w, n: zeros([3], "int64") });
  assert.deepEqual(reader.array("w", [3]), fromNumbers([0.5, 65504, -1], [3], "float32"));
  refuses(
    () => reader.array("n", [3]),
    "input",
    /"n" is int64; float16, float32 and float64 are read/,
  );
});

Deno.test("accuracy() is the share of correct labels of either kind, masked or not", async () => {
  const scores = [[3, 1, 2], [0, 5, 5], [1, 0, 9], [7, 0, 0]], labels = [0, 1, 1, 2];
  for (const dtype of ["float16", "float32", "float64"] as const) {
    for (const kind of ["int32", "int64"] as const) {
      const x = fromNumbers(scores.flat(), [2, 2, 3], dtype);
      const y = fromNumbers(labels, [2, 2], kind), mask = fromNumbers([1, 1, 0, 1], [2, 2], "bool");
      const [all, some] = await evaluate((x: Tensor, y: Tensor, mask: Tensor) => [
        nn.accuracy(x, y),
        nn.accuracy(x, y, { mask }),
      ], [x, y, mask]);
      assert.deepEqual([all.dtype, all.shape, Number(all.data[0])], [dtype, [], 0.5]);
      assert.ok(Math.abs(Number(some.data[0]) - 2 / 3) < 1e-3);
    }
  }
  const x = zeros([4, 3]);
  refuses(traced(nn.accuracy, [x, x]), "dtype", /labels float32\[4, 3\] are not int32 or int64/);
  refuses(
    traced(nn.accuracy, [x, zeros([4, 1], "int32")]),
    "shape",
    /labels int32\[4, 1\] do not fit scores float32\[4, 3\]; int32\[4\] expected/,
  );
  refuses(traced(nn.accuracy, [zeros([4, 3], "int32"), zeros([4], "int32")]), "dtype", /no floats/);
});
