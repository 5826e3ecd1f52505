// Where results differ from PyTorch's on purpose, or because ONNX Runtime's kernels do; and why.

/** What of a case differs. */
export interface Deviation {
  readonly of: "value" | "gradient" | "both";
  readonly why: string;
  /** Only in this precision. */
  readonly dtype?: "float32" | "float64";
}

const goesThrough = "NaN goes through, as in NumPy; PyTorch's kernel compares with it";
const root = "a power of ½ is a square root, whose values at −0 and −∞ are −0 and NaN";

const subnormal = "ONNX Runtime's kernel gives 0 for subnormal numbers below 0";

/** By case, without its number. A case listed here must differ, or it has to leave the list. */
export const deviations: Readonly<Record<string, Deviation>> = {
  "sign: extreme": { of: "value", why: goesThrough },
  "abs: extreme": { of: "gradient", why: goesThrough },
  "relu: extreme": { of: "gradient", why: goesThrough },
  "clip: extreme": { of: "gradient", why: goesThrough },
  "pow: extreme to the 0.5": { of: "both", why: root },
  "pow: extreme to the 1.5": { of: "gradient", why: root },
  "elu: extreme": { of: "value", dtype: "float32", why: subnormal },
  "selu: extreme": { of: "value", dtype: "float32", why: subnormal },
  "acosh: extreme": {
    of: "gradient",
    why: "the sign of an infinite derivative at −1, where there is no value",
  },
};

/** The key of a case in {@linkcode deviations}. */
export const deviationKey = (name: string): string => name.replace(/ \d+(?=: )/, "");

/** Operators whose zeros may have another sign than PyTorch's. */
export const signlessZeros: ReadonlySet<string> = new Set([
  // x + 0 is x; a sum may start at +0; of two zeros either may be the larger.
  ...["add", "sum", "mean", "maximum", "minimum", "reduceMax", "reduceMin"],
  // x·Φ(x) where Φ(x) has been rounded to 0.
  ...["gelu", "pow"],
  // Compositions that meet a zero by subtraction.
  ...["trunc", "log1p", "sinh", "asinh", "atanh", "logSigmoid"],
]);

/** Exports of methods/tensor that no differential case calls, and what tests them instead. */
export const untested: Readonly<Record<string, string>> = {
  TensorError: "a class of errors",
  Tensor: "the class of traced values",
  dtypeOf: "host arrays",
  fromNested: "host arrays",
  fromNumbers: "host arrays",
  full: "host arrays",
  isNdArray: "host arrays",
  item: "host arrays",
  ndarray: "host arrays",
  ones: "host arrays",
  sizeOf: "host arrays",
  toNested: "host arrays",
  toNumbers: "host arrays",
  zeros: "host arrays",
  asTensor: "conversion, used by every case",
  constant: "conversion, used by every case",
  flatten: "trees",
  unflatten: "trees",
  zerosLike: "a constant, tests/methods/tensor/misuse_test.ts",
  onesLike: "a constant, tests/methods/tensor/misuse_test.ts",
  max: "another name of reduceMax",
  min: "another name of reduceMin",
  grad: "every case's derivatives",
  valueAndGrad: "grad() is made of it",
  vjp: "grad() is made of the same pullback",
  treeLeaves: "trees",
  treeMap: "trees",
  jvp: "transformations_test.ts, every case",
  hessianVectorProduct: "transformations_test.ts, every case",
  vmap: "transformations_test.ts, every case",
  checkpoint: "transformations_test.ts, every case",
  cond: "transformations_test.ts, every case",
  whileLoop: "tests of the loop itself: no operator",
  jacfwd: "jvp() over unit vectors",
  jacrev: "vjp() over unit vectors",
  hessian: "jacfwd() of grad()",
  decodeProgram: "programs on disk",
  encodeProgram: "programs on disk",
  draw: "drawings of programs",
  drawDot: "drawings of programs",
  summary: "descriptions of programs",
  summaryText: "descriptions of programs",
  namedScope: "names of parts of programs",
  evaluate: "compile() and load() in one",
  compile: "every case",
  load: "every case",
};
