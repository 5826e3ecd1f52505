// The study on real text: what each method reached at each budget, and which rows LoSparse kept.

import {
  figure,
  lineChart,
  type LinePoint,
  type Markup,
  markup,
} from "../../../methods/plot/mod.ts";
import { estimate, mean } from "../../../methods/stats/mod.ts";
import { halfWidth } from "../../common/half_width.ts";
import type { Section } from "../../common/section.ts";
import { layerMap } from "../../common/text/layer_map.ts";
import { METHOD_NAMES, STYLES, TASK_NAMES } from "../names.ts";
import { WHOLE } from "../../common/whole.ts";
import type { CompressedText } from "../text/compress_text.ts";

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
const ratioOf = ({ outcomes }: CompressedText) => mean(outcomes.map(({ ratio }) => ratio));

/** Accuracy by budget of what was run at several, task by task; all of it as a table. */
export function textSection(text: readonly CompressedText[]): Section {
  const lines = [...Map.groupBy(text, ({ task, method }) => `${task} ${method}`).values()]
    .filter((cells) => cells.length > 1);
  const panels = Array.from(Map.groupBy(lines.flat(), ({ task }) => task), ([task, cells]) => {
    const points = cells.map((cell): LinePoint => {
      const { value: y, low, high } = estimate(cell.outcomes.map((o) => 100 * o.accuracy));
      return { series: cell.method, x: 100 * ratioOf(cell), y, low, high };
    });
    const dense = text.find((cell) => cell.task === task && cell.budget === WHOLE);
    return {
      title: markup`${TASK_NAMES[task]}`,
      chart: lineChart({
        label: `Accuracy by remaining entries, ${TASK_NAMES[task]}`,
        points: points.toSorted((a, b) => a.x - b.x),
        styles: STYLES,
        xLabel: "remaining entries, %",
        yLabel: "accuracy, %",
        reference: dense && mean(dense.outcomes.map((o) => 100 * o.accuracy)),
      }),
    };
  });
  const drawn = new Set(lines.flat().map(({ method }) => method));
  return {
    id: "text",
    title: "Real text: accuracy by budget",
    html: markup`${
      figure({
        panels,
        legend: Array.from(drawn, (method) => STYLES[method]),
        caption:
          "Accuracy on test texts: mean over seeds and its 95 % interval. The dotted line is " +
          "the dense model. The horizontal axis is what was realised, in entries of the 36 maps.",
      })
    }${table(text)}`,
  };
}

function table(text: readonly CompressedText[]): Markup {
  const rows = text.map((cell) => {
    const { task, method, lr, outcomes } = cell;
    return markup`<tr><td style="white-space:nowrap">${TASK_NAMES[task]}</td>
<td style="white-space:nowrap">${METHOD_NAMES[method]}</td>
<td class="n" style="white-space:nowrap">${percent(ratioOf(cell))}</td><td class="n">${lr}</td>
<td class="n" style="white-space:nowrap">${spread(outcomes.map((o) => 100 * o.accuracy), 1)}</td>
<td class="n" style="white-space:nowrap">${spread(outcomes.map((o) => o.loss), 3)}</td>
<td><small>${outcomes.map((o) => (100 * o.accuracy).toFixed(1)).join(" ")}</small></td></tr>`;
  });
  return markup`<div class="scroll" tabindex="0"><table><thead><tr><th>Task</th><th>Method</th>
<th class="n">remaining</th><th class="n">learning rate</th><th class="n">accuracy, %</th>
<th class="n">cross-entropy</th><th>accuracy of each seed</th></tr></thead>
<tbody>${rows}</tbody></table></div>`;
}

function spread(values: readonly number[], digits: number): Markup {
  const interval = estimate(values);
  return markup`${interval.value.toFixed(digits)}${halfWidth(interval)}`;
}

/** Share of the rows of S that LoSparse and pruning alone kept of each map, layer by layer. */
export function keptSection(text: readonly CompressedText[]): Section {
  const shown = text.filter(({ method }) => method === "losparse" || method === "itp");
  const maps = shown.filter(({ outcomes }) => outcomes.every(({ kept }) => kept)).map((cell) => {
    const { task, method, paths, outputs, outcomes } = cell;
    const shares = paths.map((path, i) => [
      path.replace("encoder.", ""),
      mean(outcomes.map(({ kept }) => kept![i] / outputs[i])),
    ]);
    const title = `${TASK_NAMES[task]}: ${METHOD_NAMES[method]}, ${percent(ratioOf(cell))} in all`;
    return layerMap(title, Object.fromEntries(shares), (share) => (100 * share).toFixed(1));
  });
  return {
    id: "kept",
    title: "Real text: rows that are left",
    html:
      markup`<p>Rows of S (of W where pruning stands alone) that are left of each map, per cent, mean
over seeds, by layer from the input; darker is more.</p>${maps}`,
  };
}
