/** The section that sets the paper's tables beside what was measured. */

import { type Markup, markup, styleOf } from "../../../methods/plot/mod.ts";
import { cellName } from "../../../methods/panda/cells.ts";
import type { MethodName, TunedScores } from "../../../methods/panda/replicate.ts";
import { formatP } from "../../../methods/stats/format.ts";
import { mean, standardDeviation } from "../../../methods/stats/summary.ts";
import { zTest } from "../../../methods/stats/normal.ts";
import type { Section } from "../../common/section.ts";
import type { Results } from "../collect.ts";
import type { Metric, Published, PublishedCell } from "../published.ts";
import type { CellResult } from "../simulate.ts";
import { meanSd, METHOD_STYLES, MODEL_TITLES } from "./names.ts";
import { table } from "./table.ts";

const METRIC_TITLES: Readonly<Record<Metric, string>> = {
  l2: "ℓ₂ error ‖β̂ − β*‖₂",
  risk: "exact misclassification rate",
  tp: "true positives",
  precision: "precision of the selected variables",
  auc: "exact area under the ROC curve",
};

const VALUE: Readonly<Record<Metric, (tuned: TunedScores["scores"]) => number>> = {
  l2: (s) => s.l2,
  risk: (s) => s.risk,
  tp: (s) => s.truePositives,
  precision: (s) => s.precision,
  auc: (s) => s.auc,
};

/** Values of a metric of one method in a cell: with ties to the largest λ̃, and to the smallest. */
function valuesOf(cell: CellResult, method: MethodName, metric: Metric) {
  const tuned = cell.replicates.flatMap(({ methods }) => methods[method] ?? []);
  return {
    largest: tuned.map((t) => VALUE[metric](t.scores)),
    smallest: tuned.map((t) => VALUE[metric](t.smallest.scores)),
  };
}

/** One table for each printed table and each cell that was run. */
export function cellsSection(results: Results, published: Published): Section {
  const tables = [...Map.groupBy(published.cells, (cell) => cell.table)]
    .sort(([a], [b]) => a - b);
  return {
    id: "tables",
    title: "The paper's tables beside this run",
    html:
      markup`<p>Means over replicates, standard deviations in brackets. λ̃ is tuned on a validation sample; where
several λ̃ share its smallest error the largest is taken, and the last column shows the other choice.
p: z test of the measured against the printed mean, both standard errors counted, not corrected for
the number of cells. Rows in grey cannot be matched by anybody but the authors; why is said below.</p>${
        tables.map(([number, cells]) => oneTable(number, cells, results, published))
      }${extraCells(results, published)}${leftOut(results, published)}`,
  };
}

function oneTable(
  number: number,
  cells: readonly PublishedCell[],
  results: Results,
  published: Published,
): Markup | null {
  const rows = cells.flatMap((printed) => {
    const cell = results.cells.find((c) => c.cell === cellName(printed));
    if (cell === undefined) return [];
    const { largest, smallest } = valuesOf(cell, printed.method, printed.metric);
    if (largest.length < 2) return [];
    const sd = standardDeviation(largest);
    const p = printed.sd === null ? null : zTest(
      { mean: mean(largest), sd, n: largest.length },
      { mean: printed.mean, sd: printed.sd, n: published.replicates },
    ).p;
    const unmatchable = published.not_matchable[printed.model] !== undefined;
    const word = (text: string) => unmatchable ? markup`<span class="muted">${text}</span>` : text;
    return [[
      word(MODEL_TITLES[printed.model]),
      word(
        `${printed.model === "approximately_sparse" ? "–" : printed.s}, ${printed.p}, ${printed.n}`,
      ),
      word(styleOf(METHOD_STYLES, printed.method).label),
      word(meanSd(printed.mean, printed.sd)),
      word(meanSd(mean(largest), sd)),
      word(String(largest.length)),
      word(p === null ? "–" : formatP(p)),
      word(meanSd(mean(smallest), standardDeviation(smallest))),
    ]];
  });
  if (rows.length === 0) return null;
  return markup`<h3>Table ${number}: ${METRIC_TITLES[cells[0].metric]}</h3>${
    table(
      ["model", "s, p, n", "method", "printed", "measured", "replicates", "p", "smallest λ̃"],
      rows,
      [0, 1, 2],
    )
  }`;
}

/** Methods and cells that were run and have no printed counterpart. */
function extraCells(results: Results, published: Published): Markup | null {
  const rows = results.cells.flatMap((cell) => {
    const methods = Object.keys(cell.replicates[0]?.methods ?? {}) as MethodName[];
    return methods.filter((method) =>
      !published.cells.some((p) => p.method === method && cellName(p) === cell.cell)
    ).flatMap((method) => {
      const risk = valuesOf(cell, method, "risk").largest;
      const l2 = valuesOf(cell, method, "l2").largest;
      if (risk.length < 2) return [];
      return [[
        cell.cell,
        styleOf(METHOD_STYLES, method).label,
        meanSd(mean(risk), standardDeviation(risk)),
        cell.bayesRisk.toFixed(4),
        meanSd(mean(l2), standardDeviation(l2)),
        String(risk.length),
      ]];
    });
  });
  if (rows.length === 0) return null;
  return markup`<h3>Run, but not in the paper</h3><p>AdaLDA with the factor 4 of the paper's text, and
populations that the paper does not print.</p>${
    table(["cell", "method", "risk", "Bayes risk", "ℓ₂ error", "replicates"], rows, [0, 1])
  }`;
}

/** Every printed cell that has no measured value, with the reason. */
function leftOut(results: Results, published: Published): Markup {
  const missing = published.cells.filter((printed) =>
    !results.cells.some((cell) => cell.cell === cellName(printed))
  );
  const byReason = Map.groupBy(
    missing,
    (cell) =>
      published.not_matchable[cell.model] ?? "not run in this preset; the preset paper has it",
  );
  return markup`<h3>Printed, but not set beside a measured value</h3>
<ul>${
    [...byReason].map(([reason, cells]) => {
      const names = [...new Set(cells.map(cellName))];
      const tables = [...new Set(cells.map((cell) => cell.table))].sort((a, b) => a - b);
      return markup`<li><b>${String(cells.length)} cells</b> of tables ${tables.join(", ")} (${
        names.join(", ")
      }): ${reason}</li>`;
    })
  }${
    published.not_attempted.map((t) =>
      markup`<li><b>Table ${String(t.table)}</b>: ${t.printed} <em>${t.because}</em></li>`
    )
  }</ul>`;
}
