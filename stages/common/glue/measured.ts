/** Runs on benchmarks as cells of the published tables. */

import { mean } from "../../../methods/stats/mod.ts";
import type { Measured } from "../published/section.ts";
import type { Published, PublishedTable } from "../published/schema.ts";
import { asPrinted, type BenchmarkRun, cellsOf, lastScores } from "./runs.ts";

/** What a printed cell is a run of; null for what is not run here. */
export type CellOf = (
  table: PublishedTable,
  method: string,
  level: string | undefined,
) => { readonly method: string; readonly budget: string } | null;

/** The task that a published column is of: `mnli_mean` is another way to print `mnli`. */
const taskOf = (column: string) => column.replace(/^(mnli|qqp)_(mean|matched|accuracy)$/, "$1");

/**
 * Means over seeds of all that was run, for each printed cell that it belongs to. The column `average` is filled where
 * all other tasks of its row were run.
 */
export function measuredCells(
  published: Published,
  runs: readonly BenchmarkRun[],
  measuresOf: (task: string) => readonly string[],
  cellOf: CellOf,
): Measured[] {
  const cells = cellsOf(runs);
  return published.tables.flatMap((table) =>
    table.rows.flatMap(({ method, level: rowLevel }) => {
      const row = table.columns.flatMap(({ task, level: columnLevel }): Measured[] => {
        const level = rowLevel ?? columnLevel, cell = cellOf(table, method, level);
        const name = taskOf(task);
        const found = cell && cells.find(([run]) =>
          run.task === name && run.method === cell.method && run.budget === cell.budget
        );
        if (!found) return [];
        const { measures } = published.tasks[task];
        const each = found.map((run) => asPrinted(lastScores(run), measuresOf(name), measures));
        const values = measures.map((_, i) => mean(each.map((seed) => seed[i])));
        return [{ table: table.id, method, task, level, values, seeds: found.length }];
      });
      const others = table.columns.filter(({ task }) => task !== "average");
      const whole = others.length < table.columns.length && row.length === others.length;
      if (!whole) return row;
      const values = [mean(row.map((cell) => mean(cell.values)))];
      const seeds = Math.min(...row.map((cell) => cell.seeds));
      return [...row, { table: table.id, method, task: "average", level: rowLevel, values, seeds }];
    })
  );
}
