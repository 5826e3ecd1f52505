// Normalisations, recurrent and convolutional networks against torch.nn (tests/reference/networks.py).

import assert from "node:assert/strict";
import {
  basicBlock,
  batchNorm,
  type BatchNormStats,
  type ChannelNormParams,
  cnn,
  type CnnParams,
  groupNorm,
  gru,
  initBatchNormStats,
  initChannelNorm,
  initCnn,
  initConv,
  initGru,
  initLstm,
  initResnet,
  initRmsNorm,
  lstm,
  type RecurrentParams,
  resnet,
  type ResnetParams,
  type ResnetStats,
  rmsNorm,
  type RmsNormParams,
  transposed,
  type WeightReader,
} from "../../../methods/nn/mod.ts";
import {
  compile,
  concat,
  constant,
  fromNumbers,
  type NdArray,
  reshape,
  slice,
  stack,
  type Tensor,
  treeLeaves,
  treeMap,
  zeros,
} from "../../../methods/tensor/mod.ts";
import { stream } from "../../../methods/tensor/random.ts";
import { assertCompact, type Compact } from "./reference.ts";
import { checkCase } from "./torch_case.ts";

const traced = <P>(p: unknown) => p as P;
/** Host arrays of float32 as float64. */
const wide = <T>(tree: T): T =>
  treeMap<T>((leaf) => {
    const { data, shape } = leaf as NdArray;
    return fromNumbers(data as Float32Array, shape, "float64");
  }, tree);
const constants = <T>(tree: unknown): T =>
  treeMap<unknown, T>((leaf) => constant(leaf as NdArray), tree);

Deno.test("rmsNorm() and groupNorm() follow torch.nn.RMSNorm and GroupNorm", async () => {
  const scale = (w: WeightReader) => ({ scale: w.array("weight", [8]) });
  await checkCase("rms norm", scale, (p, { input }) => ({
    outputs: { output: rmsNorm(traced<RmsNormParams>(p), input) },
    aux: {},
  }));
  const both = (w: WeightReader) => ({ scale: w.array("weight", [6]), bias: w.array("bias", [6]) });
  await checkCase("group norm", both, (p, { input }) => ({
    outputs: { output: groupNorm(traced<ChannelNormParams>(p), 2, input) },
    aux: {},
  }));
  assert.deepEqual([...initRmsNorm(2).scale.data, ...initChannelNorm(1).bias.data], [1, 1, 0]);
});

for (
  const [kind, channels, options] of [
    ["1d", 4, {}],
    ["2d", 3, { momentum: 0.3, epsilon: 1e-3 }],
  ] as const
) {
  Deno.test(`batchNorm() follows BatchNorm${kind} through two batches, then by its statistics`, async () => {
    const stats = wide(initBatchNormStats(channels));
    const { aux, state } = await checkCase(
      `batch norm ${kind}`,
      (w) => w.norm("norm", channels),
      (p, { x, y }) => {
        const params = traced<ChannelNormParams>(p);
        const train = (x: Tensor, stats: BatchNormStats) =>
          batchNorm(params, stats, x, { training: true, ...options });
        const [, first] = train(x, constants(stats));
        const [training, second] = train(y, first);
        const [evaluation, third] = batchNorm(params, second, x, { training: false, ...options });
        return { outputs: { training, evaluation }, aux: third };
      },
    );
    assertCompact(aux.mean, state["norm.running_mean"], 1e-10, "running mean");
    assertCompact(aux.variance, state["norm.running_var"], 1e-10, "running variance");
  });
}

const recurrentOf = (gates: number, inputs: number, hidden: number, suffix: string) =>
(
  w: WeightReader,
): RecurrentParams<NdArray> => ({
  weightInput: w.array(`weight_ih_${suffix}`, [gates * hidden, inputs]),
  weightHidden: w.array(`weight_hh_${suffix}`, [gates * hidden, hidden]),
  biasInput: w.array(`bias_ih_${suffix}`, [gates * hidden]),
  biasHidden: w.array(`bias_hh_${suffix}`, [gates * hidden]),
});
const layerOf = (x: Tensor, i: number) =>
  reshape(slice(x, [i, 0, 0], [i + 1, ...x.shape.slice(1)]), x.shape.slice(1));

for (
  const [name, suffixes] of [
    ["lstm", ["l0"]],
    ["lstm stacked", ["l0", "l1"]],
    ["lstm both ways", ["l0", "l0_reverse"]],
  ] as const
) {
  Deno.test(`lstm() follows torch.nn.LSTM: ${name}`, async () => {
    const stacked = name === "lstm stacked";
    const build = (w: WeightReader) =>
      suffixes.map((suffix, i) => recurrentOf(4, stacked && i > 0 ? 3 : 4, 3, suffix)(w));
    await checkCase(name, build, (layers, { x, h, c }) => {
      const params = traced<RecurrentParams[]>(layers);
      let input = x;
      const results = params.map((p, i) => {
        const result = lstm(p, input, {
          initial: { h: layerOf(h, i), c: layerOf(c, i) },
          reverse: suffixes[i].endsWith("reverse"),
        });
        if (stacked) input = result[0];
        return result;
      });
      const outputs = results.map(([y]) => y);
      return {
        outputs: {
          output: stacked ? outputs[1] : concat(outputs, 2),
          h: stack(results.map(([, last]) => last.h)),
          c: stack(results.map(([, last]) => last.c)),
        },
        aux: {},
      };
    });
  });
}

for (
  const [name, suffixes] of [["gru", ["l0"]], ["gru both ways", ["l0", "l0_reverse"]]] as const
) {
  Deno.test(`gru() follows torch.nn.GRU: ${name}`, async () => {
    const build = (w: WeightReader) => suffixes.map((suffix) => recurrentOf(3, 4, 3, suffix)(w));
    await checkCase(name, build, (layers, { x, h }) => {
      const results = traced<RecurrentParams[]>(layers).map((p, i) =>
        gru(p, x, { initial: layerOf(h, i), reverse: i > 0 })
      );
      return {
        outputs: {
          output: concat(results.map(([y]) => y), 2),
          h: stack(results.map(([, last]) => last)),
        },
        aux: {},
      };
    });
  });
}

Deno.test("recurrent layers begin within ±1/√hidden, each array from a stream of its own", () => {
  const p = initLstm(stream(1, "lstm"), 5, 16), q = initGru(stream(1, "lstm"), 5, 16);
  assert.deepEqual(treeLeaves(p).map(({ leaf }) => (leaf as NdArray).shape), [
    [64],
    [64],
    [64, 16],
    [
      64,
      5,
    ],
  ]);
  assert.deepEqual(q.weightHidden.shape, [48, 16]);
  const data = p.weightHidden.data as Float32Array;
  assert.ok(data.every((x) => Math.abs(x) <= 0.25) && data.some((x) => Math.abs(x) > 0.24));
  assert.notDeepEqual(p.biasInput.data, p.biasHidden.data);
});

Deno.test("resnet() follows a network of torch.nn: training, gradients, statistics, evaluation", async () => {
  const config = { channels: 3, widths: [4, 6], blocks: 2, classes: 5 };
  const { stats } = initResnet(stream(1, "resnet"), config);
  const build = (w: WeightReader): ResnetParams<NdArray> => {
    const part = (conv: string, norm: string, inputs: number, outputs: number, window: number) => ({
      conv: { w: w.array(`${conv}.weight`, [outputs, inputs, window, window]) },
      norm: w.norm(norm, outputs),
    });
    const stage = (i: number) =>
      [0, 1].map((j) => {
        const at = `layer${i + 1}.${j}.`, outputs = config.widths[i];
        const inputs = i > 0 && j === 0 ? config.widths[i - 1] : outputs;
        return {
          first: part(`${at}conv1`, `${at}bn1`, inputs, outputs, 3),
          second: part(`${at}conv2`, `${at}bn2`, outputs, outputs, 3),
          ...(w.has(`${at}downsample.0.weight`)
            ? { shortcut: part(`${at}downsample.0`, `${at}downsample.1`, inputs, outputs, 1) }
            : {}),
        };
      });
    return {
      stem: part("conv1", "bn1", 3, 4, 3),
      stages: [0, 1].map(stage),
      head: w.linear("fc", 6, 5),
    };
  };
  const { aux, state } = await checkCase("resnet", build, (p, { x }) => {
    const params = traced<ResnetParams>(p);
    const before = constants<ResnetStats>(wide(stats));
    const [training, after] = resnet(params, before, x, { training: true });
    const [evaluation] = resnet(params, after, x, { training: false });
    return { outputs: { training, evaluation }, aux: after };
  });
  const named: Record<string, BatchNormStats<NdArray>> = { bn1: aux.stem };
  aux.stages.forEach((stage, i) =>
    stage.forEach(({ first, second, shortcut }, j) => {
      const at = `layer${i + 1}.${j}.`;
      Object.assign(named, { [`${at}bn1`]: first, [`${at}bn2`]: second });
      if (shortcut) named[`${at}downsample.1`] = shortcut;
    })
  );
  const check = (name: string, actual: NdArray, expected: Compact) =>
    assertCompact(actual, expected, 1e-9, name);
  for (const [name, { mean, variance }] of Object.entries(named)) {
    check(`${name} mean`, mean, state[`${name}.running_mean`]);
    check(`${name} variance`, variance, state[`${name}.running_var`]);
  }
  assert.equal(2 * Object.keys(named).length, Object.keys(state).length);
});

Deno.test("initResnet() makes what resnet() takes, with shortcuts where shapes change", () => {
  const config = { channels: 3, widths: [4, 8, 16], blocks: 2, classes: 10 };
  const { params, stats } = initResnet(stream(1, "resnet"), config);
  const shortcuts = params.stages.map((stage) => stage.map((b) => b.shortcut !== undefined));
  assert.deepEqual(shortcuts, [[false, false], [true, false], [true, false]]);
  const f = (p: ResnetParams, s: ResnetStats, x: Tensor) => resnet(p, s, x, { training: true });
  const { outputs } = compile(f, [params, stats, zeros([2, 3, 16, 16])]);
  assert.deepEqual(outputs[0].shape, [2, 10]);
  assert.equal(outputs.length, 1 + treeLeaves(stats).length);
  assert.throws(() => initResnet(stream(1), { ...config, widths: [] }), /at least one stage/);
  assert.equal(typeof basicBlock, "function");
});

Deno.test("cnn() follows a network of torch.nn", async () => {
  const build = (w: WeightReader): CnnParams<NdArray> => ({
    convolutions: [[3, 2], [4, 3]].map(([outputs, inputs], i) => ({
      w: w.array(`conv${i + 1}.weight`, [outputs, inputs, 3, 3]),
      b: w.array(`conv${i + 1}.bias`, [outputs]),
    })),
    head: { up: w.linear("fc1", 16, 6), down: w.linear("fc2", 6, 5) },
  });
  await checkCase("cnn", build, (p, { x }) => ({
    outputs: { output: cnn(traced<CnnParams>(p), x) },
    aux: {},
  }));
  const config = { image: 9, channels: 2, widths: [3, 4], hidden: 6, classes: 5 };
  const params = initCnn(stream(1, "cnn"), config);
  const program = compile((p: CnnParams, x: Tensor) => cnn(p, x), [params, zeros([3, 2, 9, 9])]);
  assert.deepEqual(program.outputs[0].shape, [3, 5]);
  assert.throws(() => initCnn(stream(1), { ...config, image: 3 }), /3 pixels .* halved 2 times/);
});

Deno.test("weights that are not what a layer wants are named", () => {
  const sizes = { inputs: 3, outputs: 4, window: 3, groups: 2 };
  assert.throws(() => initConv(stream(1), sizes), /3 inputs and 4 outputs .* 2 groups/);
  const matrix = fromNumbers([1, 2, 3, 4, 5, 6], [2, 3]);
  assert.deepEqual(transposed(matrix), fromNumbers([1, 4, 2, 5, 3, 6], [3, 2]));
});
