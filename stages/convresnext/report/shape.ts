/** Sections about the function class: rates by intrinsic dimension and depth, sparsity, M against N. */

import { markup } from "../../../methods/plot/mod.ts";
import { formatNumber } from "../../../methods/stats/format.ts";
import type { Cell, Outcome } from "../../../methods/convresnext/cell.ts";
import { type CellResult, decayName } from "../../../methods/convresnext/results.ts";
import type { Section } from "../../common/section.ts";
import { commonRange, curve, curvesFigure, geometric, sizePanel } from "./curves.ts";

const byN = ({ n }: Cell) => n;
const byPaths = ({ network: { M, N } }: Cell) => M * N;

/** Classification, intrinsic dimension and depth: errors against n. */
export function ratesSection(all: readonly CellResult[]): Section {
  const of = (study: string) => all.filter((r) => r.study === study);
  const d = ({ cell: { data: { shape } } }: CellResult) =>
    `d${shape.kind === "torus" ? shape.d : 1}`;
  const layers = ({ cell }: CellResult) => `L${cell.network.L}`;
  const intrinsic = curve(of("intrinsic"), d, byN), depth = curve(of("depth"), layers, byN);
  const xLabel = "examples n";
  return {
    id: "rates",
    title: "Rates: classification, intrinsic dimension, depth",
    html: markup`${
      curvesFigure(
        [
          sizePanel(
            "Classification on the curve",
            curve(of("classification"), ({ method }) => method, byN),
            {
              xLabel,
              yLabel: "excess logistic risk",
              label: "Excess logistic risk against n",
            },
          ),
          sizePanel("Tori of dimension d", intrinsic, {
            xLabel,
            yLabel: "MSE",
            label: "MSE against n by intrinsic dimension",
          }),
          sizePanel("Layers L of a path", depth, {
            xLabel,
            yLabel: "MSE",
            label: "MSE against n by the number of layers of a path",
          }),
        ],
        ["net", ...[...intrinsic, ...depth].map(({ series }) => series)],
        "Geometric means over seeds and their 95 % intervals. The theorem bounds the excess risk " +
          "by n^(−1/3) for L = 6 and d = 1; bounds may be beaten, and an optimiser need not reach " +
          "the minimisers that they are about.",
      )
    }`,
  };
}

/** Active paths, participation ratio and error against the number of paths. */
export function sparsitySection(all: readonly CellResult[]): Section {
  const results = all.filter(({ study }) => study === "sparsity");
  const largest = Math.max(...results.map(({ cell }) => cell.decay));
  const name = ({ cell }: CellResult) => decayName(cell.decay, largest);
  const xLabel = "paths MN", { training, n } = results[0].cell;
  const decays = [...new Set(results.map(({ cell }) => cell.decay))].sort((a, b) => a - b);
  const panel = (title: string, yLabel: string, value?: (outcome: Outcome) => number) => {
    const points = curve(results, name, byPaths, value);
    return sizePanel(title, points, {
      xLabel,
      yLabel,
      label: `${title} against the number of paths, by decay`,
      yDomain: commonRange(points),
    });
  };
  return {
    id: "sparsity",
    title: "Few paths matter, if weights decay",
    html: markup`<p>A path is active unless it is among those that can be deleted together, smallest
first, with a change of predictions below 1 % of their spread. The participation ratio is
(Σ B)²/Σ B² of the balanced penalties B = L (Π‖W_l‖)^(2/L). Decays: λ = ${
      decays.map((v) => formatNumber(v, 2)).join(", ")
    }; n = ${n}, ${training.steps} steps. Adam divides by the size of gradients, so a path without use
shrinks by about η a step in each weight, far faster than the exp(−2ηλT) of plain gradient descent.</p>${
      curvesFigure(
        [
          panel(
            "Active paths",
            "active paths",
            ({ paths }) => Math.max(paths!.active, 0.5),
          ),
          panel("Participation ratio", "participation ratio", ({ paths }) => paths!.participation),
          panel("Error", "MSE"),
        ],
        ["none", ...results.map(name)],
        "Geometric means over seeds and their 95 % intervals.",
      )
    }`,
  };
}

/** Sixteen paths as one block, four, or sixteen. */
export function interchangeSection(all: readonly CellResult[]): Section {
  const results = all.filter(({ study }) => study === "interchange");
  return {
    id: "interchange",
    title: "Width M against depth in blocks N",
    html: markup`<div class="scroll" tabindex="0"><table style="font-size:.86rem"><thead><tr>
<th class="n">M</th><th class="n">N</th><th class="n">MSE</th><th class="n">95 % interval</th>
<th class="n">active paths</th></tr></thead><tbody>${
      results.map(({ cell: { network: { M, N } }, outcomes }) => {
        const { value, low, high } = geometric(outcomes.map((o) => o.error));
        const active = outcomes.reduce((sum, o) => sum + o.paths!.active, 0) / outcomes.length;
        return markup`<tr><td class="n">${M}</td><td class="n">${N}</td><td class="n">${
          formatNumber(value, 3)
        }</td><td class="n">${
          low === undefined ? "–" : `${formatNumber(low, 3)} to ${formatNumber(high!, 3)}`
        }</td><td class="n">${active.toFixed(1)}</td></tr>`;
      })
    }</tbody></table></div>`,
  };
}
