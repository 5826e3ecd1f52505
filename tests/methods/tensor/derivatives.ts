// Derivatives of many small functions against central differences in float64, few sessions for all.
import assert from "node:assert/strict";
import * as t from "../../../methods/tensor/mod.ts";
import { values } from "./harness.ts";

/** A function of float64 tensors of given shapes. */
export type Case = readonly [
  name: string,
  shapes: readonly (readonly number[])[],
  f: (...x: t.Tensor[]) => t.Tensor,
];

/** An int64 constant. */
export const ints = (v: number[], shape = [v.length]) =>
  t.constant(t.fromNumbers(v, shape, "int64"));

/** A smooth positive function of x. */
export const positive = (x: t.Tensor) => t.add(t.square(x), 0.5);

/** A scalar that weighs every element of the result differently. */
function scalar([, , f]: Case, x: readonly t.Tensor[]): t.Tensor {
  const y = f(...x);
  return t.sum(t.mul(y, values(y.shape, 7)));
}

const inputsOf = (cases: readonly Case[]) =>
  cases.map(([, shapes], c) => shapes.map((s, i) => values(s, 10 * c + i)));

type Inputs = readonly (readonly t.NdArray[])[];

/** Runs one program on several inputs. */
async function results(
  f: (all: t.Tensor[][]) => unknown,
  specs: Inputs,
  inputs: readonly Inputs[],
): Promise<number[][][]> {
  const program = t.compile(f as (all: t.Tensor[][]) => t.Tensor[][], [
    specs as unknown as t.SpecOf<t.Tensor[][]>,
  ]);
  const executable = await t.load(program, { provider: "cpu" });
  const out: number[][][] = [];
  for (const x of inputs) {
    const y = await executable.run(x as unknown as t.NdArray[][]);
    out.push(y.map((list) => [list].flat().flatMap((v) => t.toNumbers(v))));
  }
  await executable.dispose();
  return out;
}

/** Every element of every gradient. */
export async function checkGradients(cases: readonly Case[]): Promise<void> {
  const inputs = inputsOf(cases);
  const flat = inputs.map((arrays) => arrays.flatMap(t.toNumbers));
  const longest = Math.max(...flat.map((f) => f.length));
  const h = 1e-5;
  // Element k of every case moves at once: cases are independent.
  const moved = (k: number, delta: number) =>
    inputs.map((arrays, c) => {
      let offset = 0;
      return arrays.map((a) => {
        const data = Float64Array.from(a.data as Float64Array);
        if (k >= offset && k < offset + data.length) data[k - offset] = flat[c][k] + delta;
        offset += data.length;
        return t.ndarray(data, a.shape);
      });
    });
  const points = Array.from({ length: longest }, (_, k) => [moved(k, h), moved(k, -h)]).flat();
  const value = await results((all) => all.map((x, c) => scalar(cases[c], x)), inputs, points);
  const [slope] = await results(
    (all) => all.map((x, c) => t.grad((x: t.Tensor[]) => scalar(cases[c], x))(x)),
    inputs,
    [inputs],
  );
  const failures: string[] = [];
  for (let k = 0; k < longest; k++) {
    cases.forEach(([name], c) => {
      if (k >= flat[c].length) return;
      const expected = (value[2 * k][c][0] - value[2 * k + 1][c][0]) / (2 * h);
      const actual = slope[c][k];
      if (!(Math.abs(actual - expected) < 1e-6 * (1 + Math.abs(expected)))) {
        failures.push(`${name}, element ${k}: ${actual} instead of ${expected}`);
      }
    });
  }
  assert.deepEqual(failures, []);
}

/** Σ ⟨a, b⟩ over a list. */
const inner = (a: readonly t.Tensor[], b: readonly t.NdArray[]) =>
  a.map((x, i) => t.sum(t.mul(x, b[i]))).reduce((p, q) => t.add(p, q));

/**
 * The third derivative along three directions: exactly, against the central difference of the second
 * derivative; and the second against the central difference of the first.
 */
export async function checkThirdOrder(cases: readonly Case[]): Promise<void> {
  const inputs = inputsOf(cases);
  const direction = (seed: number) =>
    cases.map(([, shapes]) => shapes.map((s, i) => values(s, seed + i)));
  const [u, v, w] = [direction(100), direction(200), direction(300)];
  type Scalar = (x: t.Tensor[]) => t.Tensor;
  const along = (f: Scalar, d: readonly t.NdArray[]): Scalar => (x) => inner(t.grad(f)(x), d);
  const orders = (x: t.Tensor[], c: number) => {
    const first = along((x) => scalar(cases[c], x), u[c]);
    const second = along(first, v[c]);
    return [first(x), second(x), along(second, w[c])(x)];
  };
  const h = 1e-4;
  const moved = (d: Inputs, delta: number) =>
    inputs.map((arrays, c) =>
      arrays.map((a, i) => {
        const step = t.toNumbers(d[c][i]);
        return t.fromNumbers(t.toNumbers(a).map((x, k) => x + delta * step[k]), a.shape, "float64");
      })
    );
  const [here, up2, down2, up3, down3] = await results(
    (all) => all.map((x, c) => orders(x, c)),
    inputs,
    [inputs, moved(v, h), moved(v, -h), moved(w, h), moved(w, -h)],
  );
  const failures = cases.flatMap(([name], c) =>
    ([[1, up2, down2], [2, up3, down3]] as const).flatMap(([order, up, down]) => {
      const expected = (up[c][order - 1] - down[c][order - 1]) / (2 * h);
      const actual = here[c][order];
      const fits = Math.abs(actual - expected) < 2e-5 * (1 + Math.abs(expected));
      return fits ? [] : [`${name}, order ${order + 1}: ${actual} instead of ${expected}`];
    })
  );
  assert.deepEqual(failures, []);
}
