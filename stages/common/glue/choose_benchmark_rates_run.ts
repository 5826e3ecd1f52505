/** Chooses learning rates, and shows what was tried. */

import { markup } from "../../../methods/plot/mod.ts";
import { mean } from "../../../methods/stats/mod.ts";
import type { Run } from "../../../pipeline/types.ts";
import { written } from "../section.ts";
import type { chooseBenchmarkRates } from "./choose_benchmark_rates.ts";
import type { BenchmarkRun } from "./runs.ts";

/** Loss of the held-out texts after the last step. */
const heldOutLoss = ({ evaluations }: BenchmarkRun) => evaluations.at(-1)!.losses[0];

/** The rates of one method at one budget on one task, ascending, and the best of them. */
function rowOf(members: readonly BenchmarkRun[]) {
  const [{ task, method, budget }] = members;
  const tries = [...Map.groupBy(members, ({ lr }) => lr)]
    .map(([lr, same]) => ({ lr, loss: mean(same.map(heldOutLoss)) }))
    .sort((a, b) => a.lr - b.lr);
  const best = tries.reduce((a, b) => b.loss < a.loss ? b : a).lr;
  const edge = tries.length > 1 && (best === tries[0].lr || best === tries.at(-1)!.lr);
  return { task, method, budget, tries, best, edge };
}

export const run: Run<typeof chooseBenchmarkRates> = async ({ inputs, outputs }) => {
  const all = await Promise.all(inputs.tried.map((one) => one.read()));
  const cells = Map.groupBy(all, ({ task, method, budget }) => `${method} ${budget} ${task}`);
  const rows = [...cells.values()].map(rowOf);
  const rates: Record<string, Record<string, Record<string, number>>> = {};
  for (const { method, budget, task, best } of rows) {
    ((rates[method] ??= {})[budget] ??= {})[task] = best;
  }
  await outputs.rates.write(rates);
  const section = {
    id: "rates",
    title: "Learning rates on held-out texts",
    html:
      markup`<p>Loss of texts that were held out of the training set, after the last step, mean over the
calibration seeds; the rate of the smallest is chosen. Where it is at the edge of the grid, extend the grid. The
development sets had no part in it.</p>
<div class="scroll" tabindex="0"><table><thead><tr><th>Method</th><th>budget</th><th>task</th><th>chosen</th>
<th>tried</th></tr></thead><tbody>${
        rows.map(({ method, budget, task, tries, best, edge }) =>
          markup`<tr><td>${method}</td><td>${budget}</td><td>${task}</td><td>${best}${
            edge ? " (at the edge)" : ""
          }</td><td>${
            tries.map(({ lr, loss }) => `${lr}: ${loss.toFixed(4)}`).join(" · ")
          }</td></tr>`
        )
      }</tbody></table></div>`,
  };
  await outputs.sections.write(written([section]));
};
