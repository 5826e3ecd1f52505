/**
 * The tensor compiler: trace TypeScript functions, differentiate them, run them as ONNX programs.
 *
 * ```ts
 * import { compile, load, matmul, mean, scan, square, sub, type Tensor, mul, valueAndGrad } from "./mod.ts";
 *
 * const loss = (w: Tensor, b: { x: Tensor; y: Tensor }) => mean(square(sub(matmul(b.x, w), b.y)));
 * const step = (w: Tensor, b: { x: Tensor; y: Tensor }) => {
 *   const [value, gradient] = valueAndGrad(loss)(w, b);
 *   return [sub(w, mul(gradient, 0.1)), value] as const;
 * };
 * // 100 steps on batches of 32 in one run: parameters stay inside the runtime.
 * const program = compile((w: Tensor, b: { x: Tensor; y: Tensor }) => scan(step, w, b), [
 *   { dtype: "float32", shape: [8] },
 *   { x: { dtype: "float32", shape: [100, 32, 8] }, y: { dtype: "float32", shape: [100, 32] } },
 * ]);
 * const executable = await load(program, { provider: "cpu" });
 * ```
 *
 * Transformations compose: {@linkcode grad}, {@linkcode vjp}, {@linkcode jvp},
 * {@linkcode hessianVectorProduct}, {@linkcode jacrev}, {@linkcode jacfwd}, {@linkcode hessian},
 * {@linkcode vmap}, {@linkcode scan}, {@linkcode cond}, {@linkcode whileLoop}, {@linkcode checkpoint}.
 *
 * ```ts
 * import { compile, grad, matmul, mean, mul, scan, square, sub, type Tensor, vmap } from "./mod.ts";
 *
 * const loss = (w: Tensor, x: Tensor, y: Tensor) => mean(square(sub(matmul(x, w), y)));
 * const train = (w: Tensor, x: Tensor, y: Tensor) =>
 *   scan((w: Tensor, x: Tensor) => [sub(w, mul(grad(loss)(w, x, y), 0.1)), w], w, x)[0];
 * // 16 starting points, the same data: one program, each product done for all of them at once.
 * compile(vmap(train, { inAxes: [0, null, null] }), [
 *   { dtype: "float32", shape: [16, 8] },
 *   { dtype: "float32", shape: [100, 32, 8] },
 *   { dtype: "float32", shape: [32] },
 * ]);
 * ```
 *
 * @module
 */
export {
  type DType,
  type HostData,
  type NdArray,
  type Provider,
  type Spec,
  TensorError,
  type TensorErrorCode,
  type TensorErrorOptions,
  type Tree,
} from "./types.ts";
export {
  dtypeOf,
  fromNested,
  fromNumbers,
  full,
  isNdArray,
  item,
  ndarray,
  type Nested,
  ones,
  sizeOf,
  toNested,
  toNumbers,
  zeros,
} from "./ndarray.ts";
export { asTensor, constant, Tensor, type TensorLike } from "./node.ts";
export { flatten, unflatten } from "./tree.ts";
export { treeLeaves, treeMap } from "./tree_map.ts";
export {
  broadcastTo,
  expandDims,
  onesLike,
  type ReduceOptions,
  reshape,
  squeeze,
  sum,
  transpose,
  zerosLike,
} from "./ops/structure.ts";
export { add, clip, div, maximum, minimum, mul, pow, sub } from "./ops/elementwise.ts";
export { abs, cos, exp, floor, log, neg, rsqrt, sign, sin, sqrt, square } from "./ops/unary.ts";
export {
  ceil,
  floorDivide,
  fmod,
  isFinite,
  isInf,
  isNaN,
  reciprocal,
  remainder,
  round,
  trunc,
} from "./ops/rounding.ts";
export {
  acos,
  acosh,
  asin,
  asinh,
  atan,
  atan2,
  atanh,
  cosh,
  expm1,
  log1p,
  sinh,
  tan,
} from "./ops/trigonometry.ts";
export { erf, gelu, relu, sigmoid, silu, tanh } from "./ops/activation.ts";
export { elu, hardtanh, leakyRelu, logSigmoid, mish, selu, softplus } from "./ops/rectifiers.ts";
export {
  cast,
  equal,
  greater,
  greaterEqual,
  less,
  lessEqual,
  logicalAnd,
  logicalNot,
  logicalOr,
  logicalXor,
  notEqual,
  stopGradient,
  where,
} from "./ops/logic.ts";
export { matmul, matrixTranspose } from "./ops/linear.ts";
export { einsum } from "./ops/einsum.ts";
export {
  argmax,
  mean,
  reduceMax,
  reduceMax as max,
  reduceMin,
  reduceMin as min,
  variance,
} from "./ops/reduction.ts";
export {
  all,
  any,
  argmin,
  countNonZero,
  l2Normalize,
  norm,
  type NormOptions,
  prod,
  std,
  type StdOptions,
} from "./ops/norms.ts";
export {
  argsort,
  cumprod,
  cumsum,
  type CumulativeOptions,
  sort,
  type SortOptions,
  topK,
  type TopKOptions,
} from "./ops/cumulative.ts";
export {
  arange,
  diagonal,
  diagonalMatrix,
  type DiagonalOptions,
  eye,
  flip,
  linspace,
  repeat,
  roll,
  tile,
  trace,
  tril,
  triu,
} from "./ops/arrangement.ts";
export { addAlongAxis, iota, oneHot, scatterAdd, take, takeAlongAxis } from "./ops/indexing.ts";
export {
  dynamicSlice,
  dynamicUpdateSlice,
  gatherND,
  putAlongAxis,
  scatter,
  scatterAddND,
  scatterND,
} from "./ops/scatter.ts";
export {
  conv1d,
  conv2d,
  type Conv2dOptions,
  type ConvOptions,
  convTranspose1d,
  convTranspose2d,
  type ConvTransposeOptions,
} from "./ops/convolution.ts";
export {
  averagePool,
  type AveragePoolOptions,
  globalAveragePool,
  maxPool,
  type PoolOptions,
} from "./ops/pooling.ts";
export type { Padding, PerAxis } from "./ops/window.ts";
export { concat, pad, slice, split, stack } from "./ops/slicing.ts";
export { layerNorm, logSoftmax, logSumExp, softmax } from "./ops/normalization.ts";
export {
  batchNorm,
  type BatchNormOptions,
  batchNormTraining,
  groupNorm,
  instanceNorm,
  rmsNorm,
  type RunningStatistics,
} from "./ops/standardization.ts";
export { crossEntropy, type CrossEntropyOptions } from "./ops/loss.ts";
export {
  type BinaryCrossEntropyOptions,
  binaryCrossEntropyWithLogits,
  huber,
  type HuberOptions,
  klDivergence,
  type KlDivergenceOptions,
  type LossOptions,
  meanAbsoluteError,
  meanSquaredError,
  negativeLogLikelihood,
  type Reduction,
  smoothL1,
  type SmoothL1Options,
} from "./ops/losses.ts";
export { grad, type GradOptions, valueAndGrad, vjp } from "./autodiff.ts";
export { hessianVectorProduct, jvp } from "./forward.ts";
export { hessian, jacfwd, type Jacobian, jacrev } from "./jacobian.ts";
export { type MapAxes, vmap, type VmapOptions } from "./vmap.ts";
export { scan } from "./scan.ts";
export { cond } from "./cond.ts";
export { whileLoop } from "./while_loop.ts";
export { checkpoint } from "./checkpoint.ts";
export { ravel, type Raveled } from "./ravel.ts";
export { namedScope } from "./origin.ts";
export {
  compile,
  type CompileOptions,
  type Host,
  type NamedSpec,
  type Program,
  type SpecOf,
} from "./compile.ts";
export { draw, drawDot, type DrawOptions } from "./draw.ts";
export { evaluate } from "./evaluate.ts";
export { decodeProgram, encodeProgram } from "./program_file.ts";
export {
  type ArgumentSummary,
  type OperatorSummary,
  type ProgramSummary,
  summary,
  summaryText,
} from "./summary.ts";
export { type Executable, load, type LoadOptions } from "./load.ts";
