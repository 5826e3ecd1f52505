/**
 * Measures what thousands of estimates cost: by one vmapped program, by a loop over the same program of one data
 * set, and by Newton's method in a plain loop (`deno run -A tests/methods/preference_bandits/vmap_cost.ts`).
 */

import { vmappedMle } from "../../../methods/preference_bandits/batch_mle.ts";
import type { Comparisons } from "../../../methods/preference_bandits/comparisons.ts";
import { compileMle } from "../../../methods/preference_bandits/mle_program.ts";
import { newtonMle } from "../../../methods/preference_bandits/newton.ts";
import {
  type PreferenceProblem,
  randomPreferences,
  twoArmPreferences,
} from "../../../methods/preference_bandits/problems.ts";
import { UNBIASED } from "../../../methods/preference_bandits/transform.ts";
import { median } from "../../../methods/stats/mod.ts";
import { load, ndarray } from "../../../methods/tensor/mod.ts";
import { stream } from "../../../methods/tensor/random.ts";

const TURNS = 5;
const OPTIONS = { ball: 2, steps: 60, tolerance: 1e-7, provider: "cpu", threads: 1 } as const;

/** One run of the program for each data set. */
async function looped({ design }: PreferenceProblem, data: readonly Comparisons[]) {
  const { dimension: d, pairs: m } = design;
  const program = compileMle(design, 1, { ...OPTIONS, dtype: "float64" });
  const executable = await load(program, OPTIONS);
  const x = ndarray(design.differences, [m, d]);
  for (const { counts, wins } of data) {
    await executable.run(x, ndarray(counts, [1, m]), ndarray(wins, [1, m]));
  }
  await executable.dispose();
}

async function measure(name: string, problem: PreferenceProblem, sets: number, n: number) {
  const draws = stream(1, "cost", name);
  const data = Array.from({ length: sets }, () => problem.draw(draws, n));
  const part = data.slice(0, Math.max(40, sets / 20));
  const ways = {
    "vmap, one program": async () => void await vmappedMle(OPTIONS)(problem.design, data),
    "loop, one run a data set": () => looped(problem, part),
    "Newton, plain loop": () =>
      Promise.resolve(data.forEach((one) => newtonMle(problem.design, one, OPTIONS.ball))),
  };
  const times: Record<string, number[]> = {};
  for (let turn = 0; turn < TURNS; turn++) {
    for (const [way, work] of Object.entries(ways)) {
      const start = performance.now();
      await work();
      const count = way.startsWith("loop") ? part.length : data.length;
      (times[way] ??= []).push(1000 * (performance.now() - start) / count);
    }
  }
  const { pairs, dimension } = problem.design;
  console.log(`${name}: ${sets} data sets, ${pairs} pairs, d = ${dimension}; µs a data set`);
  for (const [way, all] of Object.entries(times)) {
    console.log(`  ${way.padEnd(26)} ${median(all).toFixed(1).padStart(8)}`);
  }
}

const spec = { contexts: 4, top: 1, gap: 0.4, shrinking: false, concentrability: 2 };
await measure("two arms", twoArmPreferences(spec, 320, UNBIASED), 5000, 320);
const shape = { arms: 4, dimension: 5, size: 1 };
for (const contexts of [50, 200]) {
  const instance = stream(1, "cost", contexts);
  const problem = randomPreferences(instance, { ...shape, contexts });
  await measure(`random, ${contexts} contexts`, problem, 400, 6400);
}
