// What a step of an optimiser is given, checked before anything is computed: shapes would broadcast
// in silence, and a state of another optimiser would fail far from the line that gave it.

import {
  type DType,
  type NdArray,
  type Spec,
  Tensor,
  type TensorErrorCode,
  type TensorLike,
  treeLeaves,
} from "../tensor/mod.ts";
import { isTensorLike } from "../tensor/node.ts";
import { sameShape } from "../tensor/shape.ts";
import { describe } from "../tensor/types.ts";
import { Refusal } from "./refusal.ts";
import { shown } from "../tensor/tree.ts";
import { requireKnown } from "./settings.ts";

/** How to mend a state that does not fit. */
export const INIT = "make it with init(params)";

const isRecord = (x: unknown): x is Record<string, unknown> =>
  typeof x === "object" && x !== null && !Array.isArray(x) && !(x instanceof Tensor);

/** dtype and shape of what can stand for a tensor; numbers take the dtype. */
const specOf = (x: TensorLike, dtype: DType): Spec =>
  typeof x === "number" ? { dtype, shape: [] } : x;

/** `the gradient of "blocks.0.w"`, or `the gradient` where the tree is one tensor. */
const named = (what: string, path: string) => path === "" ? what : `${what} of "${path}"`;
const parameter = (path: string) => path === "" ? "the parameter" : `the parameter "${path}"`;

/** The checks of one optimiser, whose messages begin with its name. */
export interface StepChecks {
  /** Fails with a message. @throws Refusal always */
  fail(code: TensorErrorCode, message: string): never;
  /** The parameters by path. @throws Refusal `argument` for none, or for plain numbers */
  params(params: unknown): (readonly [path: string, leaf: Tensor | NdArray])[];
  /** The leaves of a tree that must have the parameters' form. @throws Refusal `tree` */
  leaves(what: string, tree: unknown, paths: readonly string[], mend: string): TensorLike[];
  /** @throws Refusal `argument` unless the state has a step count and just these slots. */
  state(state: unknown, slots: readonly string[], options: unknown): void;
  /** @throws Refusal `argument` or `shape` for unknown options, or those that are no scalars. */
  options(options: unknown, known: readonly string[]): void;
  /** @throws Refusal `dtype` unless the parameter is float. */
  floats(path: string, param: Spec): void;
  /**
   * Requires the shape and dtype of the parameter.
   *
   * @param alsoFloat32 take float32 beside float16, as `lossScaling` gives gradients
   * @throws Refusal `shape` or `dtype` naming the leaf and both.
   */
  like(
    what: string,
    path: string,
    param: Spec,
    given: TensorLike,
    mend: string,
    alsoFloat32?: boolean,
  ): void;
}

/** The checks of the optimiser of this name. */
export function stepChecks(name: string): StepChecks {
  const fail = (code: TensorErrorCode, message: string): never => {
    throw new Refusal(code, `${name}: ${message}`);
  };
  const scalar = (key: string, value: unknown) => {
    if (typeof value === "number") {
      if (!Number.isFinite(value)) fail("argument", `${key} is ${value}; it must be finite`);
      return;
    }
    if (!isTensorLike(value)) {
      fail("argument", `${key} is ${shown(value)}; it must be a number or a scalar tensor`);
    }
    const spec = value as Spec;
    if (spec.shape.length === 0) return;
    const mend = key === "lr"
      ? "scan over the rates, so that a step gets one of them, or reshape it to []"
      : "reshape it to []";
    fail("shape", `${key} is ${describe(spec)}, and must be a scalar; ${mend}`);
  };
  return {
    fail,
    params(params) {
      if (params === undefined || params === null) fail("argument", `the parameters are ${params}`);
      return treeLeaves(params).map(({ path, leaf }) => {
        if (typeof leaf !== "number") return [path, leaf] as const;
        return fail("argument", `${parameter(path)} is a number; fromNested() makes arrays`);
      });
    },
    leaves(what, tree, paths, mend) {
      if (tree === undefined || tree === null) {
        fail("argument", `the ${what} are ${tree}; ${mend}`);
      }
      const found = treeLeaves(tree);
      const inOrder = found.every(({ path }, i) => path === paths[i]);
      if (inOrder && found.length === paths.length) return found.map(({ leaf }) => leaf);
      const own = new Set(found.map(({ path }) => path)), wanted = new Set(paths);
      const missing = paths.find((path) => !own.has(path));
      const strange = found.find(({ path }) => !wanted.has(path))?.path;
      const detail = [
        ...(missing === undefined ? [] : [`no leaf "${missing}", which the parameters have`]),
        ...(strange === undefined ? [] : [`a leaf "${strange}", which the parameters have not`]),
      ];
      return fail("tree", `the ${what} have ${detail.join(", and ")}; ${mend}`);
    },
    state(state, slots, options) {
      const forgotten = options === undefined && isRecord(state) && "lr" in state;
      if (forgotten) {
        fail(
          "argument",
          `step() got its options where the state belongs; call step(params, ` +
            `gradients, state, { lr }) with the state of init(params) or of the step before`,
        );
      }
      if (!isRecord(state)) {
        fail("argument", `the state is ${shown(state)}; ${INIT}`);
      }
      const { step, slots: held } = state as Record<string, unknown>;
      if (!isRecord(held) || !isTensorLike(step)) {
        const keys = Object.keys(state as object).join(", ");
        fail("argument", `the state has {${keys}}; it needs {step, slots}: ${INIT}`);
      }
      const count = specOf(step as TensorLike, "float32");
      if (count.shape.length > 0) {
        fail("shape", `the state's step is ${describe(count)}, and must be a scalar; ${INIT}`);
      }
      const given = Object.keys(held as object).sort(), needed = [...slots].sort();
      if (given.length === needed.length && needed.every((slot, i) => slot === given[i])) return;
      const needs = needed.length === 0
        ? "none"
        : needed.length === 1
        ? needed[0]
        : `${needed.slice(0, -1).join(", ")} and ${needed[needed.length - 1]}`;
      fail("argument", `the state has slots {${given.join(", ")}}; it needs ${needs}: ${INIT}`);
    },
    options(options, known) {
      const keys = isRecord(options) ? Object.keys(options).filter((key) => key !== "lr") : [];
      const strange = keys.find((key) => !known.includes(key));
      const given = options as Record<string, unknown> | undefined;
      if (!isRecord(given) || given.lr === undefined) {
        const found = !isRecord(given)
          ? `step() got ${shown(options)} in the place of its options`
          : `the options of step() are {${keys.join(", ")}} and have no lr`;
        fail("argument", `${found}; give it { lr }, a number or a scalar tensor`);
      }
      if (strange !== undefined) requireKnown(`${name}: step() option`, given as object, known);
      for (const key of ["lr", "gradientScale"]) {
        const value = (given as Record<string, unknown>)[key];
        if (value !== undefined) scalar(key, value);
      }
    },
    floats(path, param) {
      if (param.dtype.startsWith("float")) return;
      fail(
        "dtype",
        `${parameter(path)} is ${describe(param)}, and no float; ` +
          `keep it out of the tree, or freeze it by a group`,
      );
    },
    like(what, path, param, given, mend, alsoFloat32 = false) {
      const spec = specOf(given, param.dtype);
      const same = spec.dtype === param.dtype ||
        (alsoFloat32 && param.dtype === "float16" && spec.dtype === "float32");
      if (same && sameShape(spec.shape, param.shape)) return;
      fail(
        same ? "shape" : "dtype",
        `${named(`the ${what}`, path)} is ${describe(spec)}, the parameter ${
          describe(param)
        }; ${mend}`,
      );
    },
  };
}
