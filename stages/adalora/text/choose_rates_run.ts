/** Chooses learning rates, and shows what was tried. */

import { markup } from "../../../methods/plot/mod.ts";
import { mean } from "../../../methods/stats/mod.ts";
import type { Run } from "../../../pipeline/types.ts";
import { written } from "../../common/section.ts";
import type { chooseRates, ChosenRates } from "./choose_rates.ts";
import type { TriedRate } from "./try_rates.ts";

/** Mean loss over the tasks of each rate of one method at one budget, and whether it is the edge. */
interface Row {
  readonly method: string;
  readonly rank: string;
  readonly tries: readonly { readonly lr: number; readonly loss: number }[];
  readonly best: number;
}

function rowsOf(tried: readonly TriedRate[]): Row[] {
  const groups = Map.groupBy(tried, ({ method, rank }) => `${method} r${rank}`);
  return [...groups].map(([name, members]) => {
    const [method, rank] = name.split(" ");
    const rates = Map.groupBy(members, ({ lr }) => lr);
    const tries = [...rates].map(([lr, same]) => ({ lr, loss: mean(same.map((t) => t.loss)) }));
    const best = tries.reduce((a, b) => b.loss < a.loss ? b : a).lr;
    return { method, rank, tries, best };
  });
}

export const run: Run<typeof chooseRates> = async ({ inputs, outputs }) => {
  const all = await Promise.all(inputs.tried.map((one) => one.read()));
  const rows = rowsOf(all.flat());
  const rates: Record<string, Record<string, number>> = {};
  for (const { method, rank, best } of rows) (rates[method] ??= {})[rank] = best;
  await outputs.rates.write(rates satisfies ChosenRates);
  const section = {
    id: "rates",
    title: "Learning rates on validation texts",
    html: markup`<p>Mean cross-entropy over tasks and calibration seeds; the smallest is chosen.</p>
<div class="scroll" tabindex="0"><table><thead><tr><th>Method</th><th>rank</th><th>chosen</th>
<th>tried</th></tr></thead><tbody>${
      rows.map(({ method, rank, tries, best }) =>
        markup`<tr><td>${method}</td><td>${rank}</td><td>${best}${
          best === tries[0].lr || best === tries.at(-1)!.lr ? " (at the edge)" : ""
        }</td><td>${tries.map(({ lr, loss }) => `${lr}: ${loss.toFixed(4)}`).join(" · ")}</td></tr>`
      )
    }</tbody></table></div>`,
  };
  await outputs.sections.write(written([section]));
};
