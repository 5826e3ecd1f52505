// Traces a function once and writes it as an ONNX model.
import { type DType, type NdArray, type Spec, TensorError } from "./types.ts";
import { asTensor, isTensorLike, leaf, type Tensor, type TensorLike, traced } from "./node.ts";
import { requireSpec } from "./ndarray.ts";
import { flatten, kindOf, type TreeShape, unflatten } from "./tree.ts";
import { recordingSites } from "./origin.ts";
import { optimise } from "./rewrite.ts";
import { lowerToOnnx } from "./lower.ts";

/** The host value of a traced value: the same tree with arrays for tensors. */
export type Host<T> = T extends TensorLike ? NdArray
  : T extends readonly unknown[] | object ? { [K in keyof T]: Host<T[K]> }
  : T;

/** The specs of a traced value: the same tree with types and shapes (host arrays will do). */
export type SpecOf<T> = T extends Tensor ? Spec
  : T extends readonly unknown[] | object ? { [K in keyof T]: SpecOf<T[K]> }
  : T;

/** What a program takes or gives at one place. */
export interface NamedSpec extends Spec {
  /** Path in the argument list or result, e.g. `0.layers.1.w`; the name in the ONNX model. */
  readonly name: string;
}

/** A compiled function: an ONNX model and the trees of its arguments and result. `Program` alone is any of them. */
export interface Program<Args extends readonly unknown[] = never, R = unknown> {
  readonly name: string;
  /** A complete ONNX model. */
  readonly model: Uint8Array;
  readonly inputs: readonly NamedSpec[];
  readonly outputs: readonly NamedSpec[];
  readonly inTree: TreeShape;
  readonly outTree: TreeShape;
  /** Analytic floating point operations of one run: 2mnk a product, about 1 an element elsewhere. */
  readonly flops: number;
  /** Element types that occur anywhere in it. */
  readonly dtypes?: readonly DType[];
  /** ONNX nodes, each loop body counted once. */
  readonly nodes: number;
  /** Types and shapes of intermediate values by their names in the model, loop bodies included. */
  readonly values: Readonly<Record<string, Spec>>;
  /** Types only; never present. */
  readonly signature?: (...args: Args) => R;
}

function isSpec(x: unknown): x is Spec {
  return typeof x === "object" && x !== null && "dtype" in x && "shape" in x &&
    Array.isArray(x.shape);
}

/** Options of {@linkcode compile}. */
export interface CompileOptions {
  /** The program's name in messages and in the model. @default "program" */
  readonly name?: string;
  /**
   * Records the line of your code that makes each node, for errors that are found later (in
   * derivatives, at run time) and in the model's doc strings. Tracing takes several times as long;
   * the program is otherwise the same. @default false
   */
  readonly trace?: boolean;
}

/**
 * Compiles a pure function of trees of tensors for fixed shapes. It is called once, with symbolic
 * tensors; whatever it computes becomes the program.
 * @param specs one tree of specs for each argument; host arrays serve as their own spec
 * @throws TensorError where shapes or dtypes do not fit
 */
export function compile<Args extends readonly unknown[], R>(
  f: (...args: Args) => R,
  specs: { readonly [K in keyof Args]: SpecOf<Args[K]> },
  { name = "program", trace = false }: CompileOptions = {},
): Program<Args, R> {
  if (!Array.isArray(specs)) {
    throw new TensorError(
      "argument",
      `compile: the second argument is ${
        kindOf(specs)
      }; a list of specs or arrays is expected, one for each ` +
        "argument of the function: [x] where there is one",
    );
  }
  const args = flatten(specs, isSpec);
  args.leaves.forEach((spec, i) => requireSpec(`compile: argument ${args.paths[i]}`, spec));
  const leaves = args.leaves.map((spec, i) => leaf(spec, args.paths[i]));
  const { results, tree, paths } = recordingSites(trace, () =>
    traced(() => {
      const value = f(...unflatten<Args>(args.tree, leaves));
      const flat = flatten(value, isTensorLike);
      return { results: flat.leaves.map((x) => asTensor(x)), tree: flat.tree, paths: flat.paths };
    }));
  if (results.length === 0) {
    throw new TensorError("tree", `compile: the function of ${name} returns no tensor`);
  }
  for (const list of [args.paths, paths]) {
    const seen = new Set<string>();
    const twice = list.find((path) => seen.has(path) || !seen.add(path));
    if (twice !== undefined) {
      throw new TensorError(
        "tree",
        `compile: two leaves are called "${twice}"; rename a key with a dot`,
      );
    }
  }
  const optimised = optimise(results);
  const inNames = args.paths.map((path) => `in.${path}`);
  const outNames = paths.map((path) => path === "" ? "out" : `out.${path}`);
  const lowered = lowerToOnnx(
    name,
    leaves.map((tensor, i) => ({ name: inNames[i], tensor })),
    optimised.map((tensor, i) => ({ name: outNames[i], tensor })),
  );
  const named = (name: string, { dtype, shape }: Spec): NamedSpec => ({ name, dtype, shape });
  return {
    name,
    model: lowered.model,
    inputs: args.leaves.map((s, i) => named(inNames[i], s)),
    outputs: optimised.map((t, i) => named(outNames[i], t)),
    inTree: args.tree,
    outTree: tree,
    flops: lowered.flops,
    dtypes: lowered.dtypes,
    nodes: lowered.nodes,
    values: lowered.values,
  };
}
