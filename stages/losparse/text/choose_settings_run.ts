/** Chooses settings, and shows what was tried. */

import { markup } from "../../../methods/plot/mod.ts";
import { mean } from "../../../methods/stats/mod.ts";
import type { Run } from "../../../pipeline/types.ts";
import { written } from "../../common/section.ts";
import type { chooseSettings, ChosenSettings } from "./choose_settings.ts";
import type { TriedSetting } from "./try_settings.ts";

const least = (tries: readonly TriedSetting[]) =>
  tries.reduce((best, one) => one.loss < best.loss ? one : best);

/** The share of the smallest loss, each task at its best rate, mean over tasks. */
function sharesOf(tried: readonly TriedSetting[]): Record<string, number> {
  const budgets = Map.groupBy(
    tried.filter(({ method }) => method === "losparse"),
    ({ budget }) => budget,
  );
  return Object.fromEntries(
    Array.from(budgets, ([budget, tries]) => {
      const shares = Array.from(Map.groupBy(tries, ({ share }) => share), ([share, same]) => {
        const tasks = Map.groupBy(same, ({ task }) => task);
        return { share, loss: mean(Array.from(tasks.values(), (one) => least(one).loss)) };
      });
      return [budget, shares.reduce((best, one) => one.loss < best.loss ? one : best).share];
    }),
  );
}

export const run: Run<typeof chooseSettings> = async ({ inputs, outputs }) => {
  const all = await Promise.all(inputs.tried.map((one) => one.read()));
  const tried = all.flat(), shares = sharesOf(tried);
  const cells = Map.groupBy(
    tried,
    ({ task, method, budget, share }) => `${task} ${method} ${budget} ${share}`,
  );
  const rates: Record<string, Record<string, Record<string, number>>> = {};
  const rows = Array.from(cells.values(), (tries) => {
    const { task, method, budget, share, lr } = least(tries);
    const chosen = method !== "losparse" || share === shares[budget];
    if (chosen) ((rates[task] ??= {})[method] ??= {})[budget] = lr;
    const ordered = tries.toSorted((a, b) => a.lr - b.lr);
    const edge = lr === ordered[0].lr || lr === ordered.at(-1)!.lr;
    return markup`<tr><td>${task}</td><td>${method}</td><td>${budget}</td><td>${share}</td>
<td>${chosen ? lr : "–"}${edge ? " (edge)" : null}</td><td>${
      ordered.map((one) =>
        `${one.lr}: ${one.loss.toFixed(3)} (${(100 * one.accuracy).toFixed(1)} %)`
      ).join(" · ")
    }</td></tr>`;
  });
  await outputs.chosen.write({ shares, rates } satisfies ChosenSettings);
  const section = {
    id: "settings",
    title: "Settings on validation texts",
    html:
      markup`<p>Mean cross-entropy over calibration seeds, and accuracy; the smallest loss is chosen.</p>
<div class="scroll" tabindex="0"><table><thead><tr><th>Task</th><th>Method</th><th>budget</th>
<th>share</th><th>chosen</th><th>tried</th></tr></thead><tbody>${rows}</tbody></table></div>`,
  };
  await outputs.sections.write(written([section]));
};
