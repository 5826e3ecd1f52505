// The models of the benchmark: a perceptron, a small convolutional network, a residual network.

import {
  add,
  batchNormTraining,
  conv2d,
  crossEntropy,
  matmul,
  maxPool,
  mean,
  type NdArray,
  relu,
  reshape,
  type Tensor,
  zeros,
} from "../../../methods/tensor/mod.ts";
import { type Stream, stream } from "../../../methods/tensor/random.ts";
import { stackArrays } from "../../methods/nn/reference.ts";
import { SEED, sgdCase, type TrainingCase } from "./case.ts";

type Dense<L = Tensor> = { w: L; b: L };
type Labelled<L = Tensor> = { x: L; y: L };

/** Standard deviation √(2 / inputs). */
function weights(s: Stream, shape: readonly number[], inputs: number): NdArray {
  return s.truncatedNormal(shape, { std: Math.sqrt(2 / inputs) });
}

function fill(n: number, value: number): NdArray {
  return { dtype: "float32", shape: [n], data: new Float32Array(n).fill(value) };
}

function initDense(s: Stream, inputs: number, outputs: number): Dense<NdArray> {
  return { w: weights(s, [inputs, outputs], inputs), b: fill(outputs, 0) };
}

const dense = ({ w, b }: Dense, x: Tensor) => add(matmul(x, w), b);

/** Four batches of normal inputs and uniform labels, taken in turns. */
function labelledBatches(shape: readonly number[], classes: number, steps: number) {
  const batches = Array.from({ length: 4 }, (_, i) => {
    const s = stream(SEED, "bench", "batch", i);
    return {
      x: s.child("x").normal(shape),
      y: s.child("y").integers(0, classes, [shape[0]]),
    };
  });
  return (first: number) => {
    const chosen = Array.from({ length: steps }, (_, i) => batches[(first + i) % 4]);
    return {
      x: stackArrays(chosen.map(({ x }) => x)),
      y: stackArrays(chosen.map(({ y }) => y)),
    };
  };
}

type Perceptron<L = Tensor> = { first: Dense<L>; second: Dense<L> };

/** Initial parameters of {@link perceptron}. */
export function perceptronStart(): Perceptron<NdArray> {
  const s = stream(SEED, "bench", "mlp");
  return {
    first: initDense(s.child("first"), 784, 512),
    second: initDense(s.child("second"), 512, 10),
  };
}

/** The first batches of {@link perceptron}: x [steps, 64, 784], y [steps, 64]. */
export function perceptronBatches(steps: number): Labelled<NdArray> {
  return labelledBatches([64, 784], 10, steps)(0);
}

/** 784-512-10 with ReLU; batch 64; SGD. */
export function perceptron(steps: number): TrainingCase {
  return sgdCase({
    params: perceptronStart(),
    batches: labelledBatches([64, 784], 10, steps),
    rate: 0.01,
    loss: (p: Perceptron, { x, y }: Labelled) =>
      crossEntropy(dense(p.second, relu(dense(p.first, x))), y),
  });
}

const channelBias = (b: Tensor) => reshape(b, [1, -1, 1, 1]);

/** Convolutions 1→16→32 (3×3) with ReLU and 2×2 max-pooling, dense 1568→10; batch 64 of 28×28; SGD. */
export function convolutional(steps: number): TrainingCase {
  type P<L = Tensor> = { conv1: Dense<L>; conv2: Dense<L>; head: Dense<L> };
  const s = stream(SEED, "bench", "cnn");
  const params: P<NdArray> = {
    conv1: { w: weights(s.child("conv1"), [16, 1, 3, 3], 9), b: fill(16, 0) },
    conv2: { w: weights(s.child("conv2"), [32, 16, 3, 3], 144), b: fill(32, 0) },
    head: initDense(s.child("head"), 32 * 7 * 7, 10),
  };
  const layer = ({ w, b }: Dense, x: Tensor) =>
    maxPool(relu(add(conv2d(x, w, { padding: 1 }), channelBias(b))), 2);
  return sgdCase({
    params,
    batches: labelledBatches([64, 1, 28, 28], 10, steps),
    rate: 0.01,
    loss: (p: P, { x, y }: Labelled) => {
      const h = layer(p.conv2, layer(p.conv1, x));
      return crossEntropy(dense(p.head, reshape(h, [h.shape[0], -1])), y);
    },
  });
}

type Norm<L = Tensor> = { scale: L; bias: L };
type Block<L = Tensor> = { conv1: L; norm1: Norm<L>; conv2: L; norm2: Norm<L>; skip: L[] };

/** Normalisation with the batch's own statistics; the running ones are not kept. */
function batchNorm({ scale, bias }: Norm, x: Tensor): Tensor {
  const running = { mean: zeros(scale.shape), variance: zeros(scale.shape) };
  return batchNormTraining(x, scale, bias, running)[0];
}

/** ResNet-14 of He et al. for 32×32: stages of 16, 32, 64 channels, two blocks each; batch 32. */
export function residual(steps: number): TrainingCase {
  type P<L = Tensor> = { stem: L; norm: Norm<L>; blocks: Block<L>[]; head: Dense<L> };
  const s = stream(SEED, "bench", "resnet");
  const initNorm = (n: number): Norm<NdArray> => ({ scale: fill(n, 1), bias: fill(n, 0) });
  const widths = [16, 16, 32, 32, 64, 64];
  const strides = [1, 1, 2, 1, 2, 1];
  const params: P<NdArray> = {
    stem: weights(s.child("stem"), [16, 3, 3, 3], 27),
    norm: initNorm(16),
    blocks: widths.map((width, i) => {
      const from = widths[i - 1] ?? 16, at = s.child("block", i);
      return {
        conv1: weights(at.child("conv1"), [width, from, 3, 3], 9 * from),
        norm1: initNorm(width),
        conv2: weights(at.child("conv2"), [width, width, 3, 3], 9 * width),
        norm2: initNorm(width),
        skip: from === width ? [] : [weights(at.child("skip"), [width, from, 1, 1], from)],
      };
    }),
    head: initDense(s.child("head"), 64, 10),
  };
  const block = (p: Block, x: Tensor, stride: number) => {
    const h = relu(batchNorm(p.norm1, conv2d(x, p.conv1, { stride, padding: 1 })));
    const y = batchNorm(p.norm2, conv2d(h, p.conv2, { padding: 1 }));
    return relu(add(y, p.skip.length > 0 ? conv2d(x, p.skip[0], { stride }) : x));
  };
  return sgdCase({
    params,
    batches: labelledBatches([32, 3, 32, 32], 10, steps),
    rate: 0.05,
    momentum: 0.9,
    loss: (p: P, { x, y }: Labelled) => {
      let h = relu(batchNorm(p.norm, conv2d(x, p.stem, { padding: 1 })));
      p.blocks.forEach((b, i) => h = block(b, h, strides[i]));
      return crossEntropy(dense(p.head, mean(h, [2, 3])), y);
    },
  });
}
