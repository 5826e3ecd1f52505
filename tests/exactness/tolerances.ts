// What differences are allowed: one table by class of operator, used by the tests and by methods/docs.

/** Classes of operators whose errors have one cause. */
export type OperatorClass =
  | "moving"
  | "arithmetic"
  | "smooth"
  | "inverse"
  | "summing"
  | "network"
  | "model";

/** Largest differences, relative as {@linkcode difference} measures them. */
export interface Tolerance {
  /** CPU from PyTorch, float32: values, first derivatives. */
  readonly torch32: readonly [number, number];
  /** CPU from PyTorch, float64: values, derivatives up to third. */
  readonly torch64: readonly [number, number];
  /** Another provider from the CPU, float32: values, first derivatives. */
  readonly wasm: readonly [number, number];
  readonly webgpu: readonly [number, number];
  readonly cuda: readonly [number, number];
}

/** Operators of each class; the rest are "smooth". */
const members: Partial<Record<OperatorClass, readonly string[]>> = {
  // No rounding: elements are moved, chosen or compared.
  moving: [
    ...["neg", "abs", "sign", "floor", "relu", "maximum", "minimum", "clip", "where", "cast"],
    ...["equal", "less", "lessEqual", "greater", "greaterEqual", "logicalAnd", "logicalOr"],
    ...["logicalNot", "reshape", "broadcastTo", "transpose", "expandDims", "squeeze", "ravel"],
    ...["concat", "stack", "split", "slice", "pad", "take", "takeAlongAxis", "iota", "oneHot"],
    ...["matrixTranspose", "reduceMax", "reduceMin", "argmax", "ceil", "round", "trunc", "isNaN"],
    ...["isInf", "isFinite", "logicalXor", "notEqual", "any", "all", "argmin", "countNonZero"],
    ...["sort", "argsort", "topK", "arange", "eye", "diagonal", "diagonalMatrix", "flip", "repeat"],
    ...["roll", "tile", "tril", "triu", "putAlongAxis", "scatter", "gatherND", "scatterND"],
    ...["dynamicSlice", "dynamicUpdateSlice", "maxPool", "hardtanh"],
  ],
  // A few correctly rounded operations an element.
  arithmetic: [
    ...["add", "sub", "mul", "div", "square", "sqrt", "rsqrt", "stopGradient", "reciprocal"],
    ...["leakyRelu", "linspace", "fmod", "remainder", "floorDivide"],
  ],
  // Functions for which WebGPU's shading language promises few digits.
  inverse: ["asin", "acos"],
  // Sums, whose order differs.
  summing: [
    ...["sum", "mean", "variance", "matmul", "conv2d", "addAlongAxis", "scatterAdd", "conv1d"],
    ...["convTranspose1d", "convTranspose2d", "averagePool", "globalAveragePool", "scatterAddND"],
    ...["cumsum", "cumprod", "prod", "trace", "einsum", "meanSquaredError", "meanAbsoluteError"],
    ...["huber", "smoothL1", "negativeLogLikelihood"],
  ],
  // Sums of exponentials and quotients.
  network: [
    ...["softmax", "logSoftmax", "logSumExp", "layerNorm", "crossEntropy", "scan", "std", "norm"],
    ...["l2Normalize", "batchNorm", "batchNormTraining", "groupNorm", "instanceNorm", "rmsNorm"],
    ...["binaryCrossEntropyWithLogits", "klDivergence"],
  ],
};

export const tolerances: Record<OperatorClass, Tolerance> = {
  moving: {
    torch32: [0, 1e-6],
    torch64: [0, 1e-14],
    wasm: [0, 1e-6],
    webgpu: [0, 1e-6],
    cuda: [0, 1e-6],
  },
  arithmetic: {
    torch32: [2e-7, 1e-6],
    torch64: [4e-16, 1e-14],
    wasm: [2e-7, 1e-6],
    webgpu: [1e-6, 2e-6],
    cuda: [1e-6, 2e-6],
  },
  smooth: {
    torch32: [2e-6, 5e-6],
    torch64: [2e-15, 1e-13],
    wasm: [2e-6, 5e-6],
    webgpu: [1e-5, 2e-5],
    cuda: [1e-5, 2e-5],
  },
  inverse: {
    torch32: [2e-6, 5e-6],
    torch64: [2e-15, 1e-13],
    wasm: [2e-6, 5e-6],
    webgpu: [1e-3, 2e-5],
    cuda: [1e-5, 2e-5],
  },
  summing: {
    torch32: [1e-6, 2e-6],
    torch64: [1e-15, 1e-14],
    wasm: [1e-6, 2e-6],
    webgpu: [2e-6, 5e-6],
    cuda: [2e-6, 5e-6],
  },
  network: {
    torch32: [2e-6, 5e-6],
    torch64: [2e-15, 1e-13],
    wasm: [2e-6, 5e-6],
    webgpu: [1e-5, 2e-5],
    cuda: [1e-5, 2e-5],
  },
  // Values of models and losses; gradients, and parameters after a few steps (Adam divides small gradients
  // by their own size).
  model: {
    torch32: [2e-5, 1e-4],
    torch64: [1e-12, 1e-11],
    wasm: [1e-5, 1e-3],
    webgpu: [1e-4, 1e-3],
    cuda: [1e-4, 1e-3],
  },
};

/** Numbers of very different size are compared one by one; cancellation leaves this much of float32 and float64. */
export const extremeTolerance = { float32: 5e-5, float64: 1e-12 } as const;

const classByOperator = new Map(
  Object.entries(members).flatMap(([c, names]) => names.map((n) => [n, c as OperatorClass])),
);

/** The class of an operator. */
export function classOf(operator: string): OperatorClass {
  return classByOperator.get(operator) ?? "smooth";
}

/**
 * Largest |a − b| relative to the largest |b|, at least `floor`. Infinities and NaN must be where they are
 * in `b`, or the difference is infinite.
 */
export function difference(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  floor = 0.1,
): number {
  if (a.length !== b.length) return Infinity;
  let worst = 0, scale = floor;
  for (let i = 0; i < b.length; i++) {
    if (a[i] === b[i] || (Number.isNaN(a[i]) && Number.isNaN(b[i]))) {
      if (Number.isFinite(b[i])) scale = Math.max(scale, Math.abs(b[i]));
      continue;
    }
    const d = Math.abs(a[i] - b[i]);
    if (!Number.isFinite(d)) return Infinity;
    worst = Math.max(worst, d);
    scale = Math.max(scale, Math.abs(b[i]));
  }
  return worst / scale;
}

/** Largest |a − b| / |b| of the elements; `floor`, by default the smallest normal float32, stands for smaller b. */
export function elementwiseDifference(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  floor = 1.2e-38,
): number {
  if (a.length !== b.length) return Infinity;
  let worst = 0;
  for (let i = 0; i < b.length; i++) {
    worst = Math.max(worst, difference([a[i]], [b[i]], floor));
  }
  return worst;
}
