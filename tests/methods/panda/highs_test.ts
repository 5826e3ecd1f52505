/** LPD and AdaLDA as linear programmes of HiGHS, on samples drawn here: both solvers agree. */

import assert from "node:assert/strict";
// @ts-types="./highs.d.ts"
import highs, { type Solver } from "highs";
import { adaLda, lpd } from "../../../methods/panda/estimators.ts";
import { type Moments, momentsOf } from "../../../methods/panda/moments.ts";
import { populationOf, sample } from "../../../methods/panda/populations.ts";
import { stream } from "../../../methods/tensor/random.ts";
import { size } from "./reference.ts";

const GRID = [3, 1, 0.5, 0.2];

/**
 * min ‖β‖₁ subject to |Σ̂β − μ̂_d| ≤ bound + slope · β′μ̂_d, coordinate by coordinate, with β = u − v.
 * @returns the objective and β′μ̂_d.
 */
function solved(
  solver: Solver,
  { covariance, difference, sigmaMax }: Moments,
  bound: number,
  slope: number,
): { readonly objective: number; readonly gain: number } {
  const p = difference.length;
  const each = Array.from({ length: p }, (_, j) => j);
  const row = (i: number, sign: number) =>
    each.map((j) => {
      const sigma = covariance.data[i * p + j] * sigmaMax ** 2;
      const weight = sign * sigma - slope * difference[j];
      return `${weight < 0 ? "-" : "+"} ${Math.abs(weight)} u${j} ${weight < 0 ? "+" : "-"} ${
        Math.abs(weight)
      } v${j}`;
    }).join(" ");
  const constraints = each.flatMap((i) => [
    `a${i}: ${row(i, 1)} <= ${bound + difference[i]}`,
    `b${i}: ${row(i, -1)} <= ${bound - difference[i]}`,
  ]);
  const text = [
    "Minimize",
    `size: ${each.map((j) => `u${j} + v${j}`).join(" + ")}`,
    "Subject To",
    ...constraints,
    "End",
  ].join("\n");
  const result = solver.solve(text);
  assert.equal(result.Status, "Optimal");
  const value = (name: string) => result.Columns[name].Primal;
  const gain = each.reduce((sum, j) => sum + (value(`u${j}`) - value(`v${j}`)) * difference[j], 0);
  return { objective: result.ObjectiveValue, gain };
}

Deno.test("lpd() and adaLda() have the objectives that HiGHS finds, and a wrong bound has not", async () => {
  const solver = await highs();
  for (const model of ["ar1", "varying_diagonal"] as const) {
    const population = populationOf({ model, p: 25, s: 5 }, stream(4, model));
    const { x0, x1 } = sample(population, 60, stream(4, model, "sample"));
    const moments = momentsOf(x0, x1);
    const { rate, sigmaMax } = moments;
    const close = (a: number, b: number) => Math.abs(a - b) <= 1e-5 * Math.max(1e-3, b);

    const plain = [...lpd(moments, GRID)];
    const adapted = [...adaLda(moments, GRID, { factor: 1, unit: "rate" }, { gap: 1e-8 })];
    GRID.forEach((lambda, i) => {
      const unit = rate * sigmaMax;
      const expected = solved(solver, moments, lambda * unit, 0);
      assert.ok(close(size(plain[i].beta), expected.objective), `${model}, LPD, λ̃ = ${lambda}`);
      const first = solved(solver, moments, unit, lambda * rate * unit);
      const bound = unit * Math.sqrt(lambda * rate * Math.abs(first.gain) + 1);
      const second = solved(solver, moments, bound, 0);
      assert.ok(
        close(size(adapted[i].beta), second.objective),
        `${model}, AdaLDA, λ̃ = ${lambda}: ${size(adapted[i].beta)}, HiGHS ${second.objective}`,
      );
      if (second.objective > 0.1) {
        const wrong = solved(solver, moments, 1.01 * bound, 0);
        assert.ok(
          !close(size(adapted[i].beta), wrong.objective),
          "a bound of 1 % more is told apart",
        );
      }
    });
  }
});
