/**
 * Measures the solvers beside the times of table 4: `deno run -A stages/panda/speed.ts [p]`. Not part of
 * the pipeline, whose results must have the same bytes on every machine.
 *
 * The paper prints seconds for Gurobi on an i5 of 2.3 GHz, model b; it does not say whether for one λ̃ or
 * for the grid. Both are measured here, the moments included.
 */

import {
  adaLda,
  lpd,
  type Moments,
  momentsOf,
  origin,
  panda,
  pandaProgramme,
  PAPER_C,
  PAPER_GRID,
  populationOf,
  sample,
  solve,
  solveFull,
  spectrumOf,
} from "../../methods/panda/mod.ts";
import { median } from "../../methods/stats/summary.ts";
import { stream } from "../../methods/tensor/random.ts";

const REPEATS = 5;
const p = Number(Deno.args[0] ?? 400);
const printed: Readonly<Record<number, { readonly panda: number; readonly adaLda: number }>> = {
  400: { panda: 70, adaLda: 107 },
  800: { panda: 325, adaLda: 413 },
};
const population = populationOf(
  { model: "varying_diagonal", p, s: 5 },
  stream(1, "speed", "model"),
);
const draws = Array.from(
  { length: REPEATS },
  (_, i) => sample(population, 200, stream(i, "speed", "sample")),
);

/** Median seconds over the samples; the first sample once more beforehand, to compile. */
function seconds(work: (moments: Moments) => void): number {
  const once = ({ x0, x1 }: typeof draws[number]) => {
    const start = performance.now();
    work(momentsOf(x0, x1));
    return (performance.now() - start) / 1000;
  };
  once(draws[0]);
  return median(draws.map(once));
}

const drain = (path: Iterable<unknown>) => {
  for (const _ of path) { /* computed by being asked for */ }
};
const one = (moments: Moments) => pandaProgramme(moments, 0.5, PAPER_C);
const rows: readonly (readonly [string, number, number?])[] = [
  ["moments alone", seconds(() => {})],
  ["PANDA, λ̃ = 0.5, cold", seconds((m) => solve(one(m), origin(p))), printed[p]?.panda],
  [
    "the same, ADMM over all coordinates",
    seconds((m) => solveFull(one(m), spectrumOf(m), origin(p), { tolerance: 1e-5 })),
    printed[p]?.panda,
  ],
  ["PANDA, 80 λ̃", seconds((m) => drain(panda(m, PAPER_GRID))), printed[p]?.panda],
  ["LPD, λ̃ ≥ 0.5", seconds((m) => drain(lpd(m, PAPER_GRID.filter((l) => l >= 0.5))))],
  [
    "AdaLDA, 80 λ̃",
    seconds((m) => drain(adaLda(m, PAPER_GRID, { factor: 1, unit: "rate" }))),
    printed[p]?.adaLda,
  ],
];
console.log(`p = ${p}, n = 200 of each class, median of ${REPEATS} samples, one thread`);
for (const [name, measured, paper] of rows) {
  const ratio = paper === undefined
    ? ""
    : `   printed ${paper} s: ${(paper / measured).toFixed(0)}×`;
  console.log(`${name.padEnd(38)}${measured.toFixed(3).padStart(9)} s${ratio}`);
}
