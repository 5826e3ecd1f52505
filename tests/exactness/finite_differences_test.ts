// Second and third derivatives of every operator against differences of the first and second, float64.
import assert from "node:assert/strict";
import * as t from "../../methods/tensor/mod.ts";
import { type Case, groupBy, isExtreme, operatorOf, readCases } from "./cases.ts";
import { derivatives, direction, leavesOf } from "./programs.ts";
import { difference } from "./tolerances.ts";

/** A step of central differences: h² and 1e-16/h are both about 1e-11 of a smooth derivative. */
const H = 1e-5;
const TOLERANCE = 1e-7;

const isFloat = (x: t.NdArray) => x.dtype === "float64";

/** Leaves with the float ones moved along their directions. */
function moved(c: Case, leaves: readonly t.NdArray[], by: number): t.NdArray[] {
  let float = 0;
  return leaves.map((x) => {
    if (!isFloat(x)) return x;
    const along = direction(c.name, float++, x.shape, "float64").data as Float64Array;
    return t.ndarray((x.data as Float64Array).map((v, k) => v + by * along[k]), x.shape);
  });
}

// The derivative of order k + 1 is that of the k-th along the direction, since they are symmetric.
Deno.test("derivatives of second and third order are differences of lower ones", async () => {
  // What stopGradient() gives is not a derivative.
  const cases = readCases().filter((c) =>
    c.derivatives.length >= 2 && !isExtreme(c) && operatorOf(c) !== "stopGradient"
  );
  const failures: string[] = [];
  let compared = 0;
  for (const list of groupBy(cases, operatorOf).values()) {
    const leaves = list.map((c) => leavesOf(c, "float64"));
    const program = t.compile(
      (x: t.Tensor[][]) =>
        list.map((c, i) => derivatives(c, x[i], "float64", c.derivatives.length)),
      [leaves],
    );
    const executable = await t.load(program, { provider: "cpu" });
    const at = (by: number) => executable.run(list.map((c, i) => moved(c, leaves[i], by)));
    const [here, up, down] = [await at(0), await at(H), await at(-H)];
    await executable.dispose();
    list.forEach((c, i) => {
      for (let order = 1; order < c.derivatives.length; order++) {
        here[i][order].forEach((g, k) => {
          const above = t.toNumbers(up[i][order - 1][k]),
            below = t.toNumbers(down[i][order - 1][k]);
          const slope = above.map((v, e) => (v - below[e]) / (2 * H));
          const worst = difference(t.toNumbers(g), slope, 1);
          compared++;
          if (!(worst < TOLERANCE)) {
            failures.push(`${c.name}, order ${order + 1}, leaf ${k}: ${worst}`);
          }
        });
      }
    });
  }
  assert.deepEqual(failures, []);
  assert.ok(compared > 300, `${compared} arrays compared`);
});
