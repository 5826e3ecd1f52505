/** The report: one HTML file that needs nothing else, readable for as long as there are browsers. */

import { drawDag, type StageBox, stageBoxes, statusCounts } from "./dag.ts";
import { duration } from "./format.ts";
import { Html, markup } from "./markup.ts";
import { measurementsSection } from "./measurements_section.ts";
import type { PipelineMeta, ReportedRun } from "./model.ts";
import { provenance, runAgain } from "./provenance.ts";
import { styleSheet } from "./style.ts";
import { verdictSection } from "./verdict_section.ts";

/**
 * The report of one run as a self-contained HTML document.
 * @param run What happened; its sections are trusted HTML made by the paper's report stage.
 * @param meta The paper and the circumstances.
 */
export async function renderReport(run: ReportedRun, meta: PipelineMeta): Promise<string> {
  const boxes = stageBoxes(run.nodes);
  const dag = boxes.length ? new Html(await drawDag(boxes)) : null;
  return markup`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:">
<title>${meta.title} · ${run.paper} ${run.preset}</title>
<style>${new Html(styleSheet)}</style>
</head>
<body>
${header(run, meta)}
<main>
${verdictSection(run.verdicts)}
${
    run.sections.map((s) =>
      markup`<section id="${s.id}"><h2>${s.title}</h2>
${new Html(s.html)}
</section>
`
    )
  }
${measurementsSection(run.measurements ?? [])}
${stageSection(boxes, dag)}
${provenance(run, meta)}
${runAgain(run, meta)}
</main>
</body>
</html>
`.text;
}

function header(run: ReportedRun, meta: PipelineMeta): Html {
  const compute = run.nodes.reduce((sum, n) => sum + (n.seconds ?? 0), 0);
  const scale = /^paper(_|$)/.test(run.preset) ? null : markup`<p class="note">
This run used the preset “${run.preset}”. What it shows holds at that scale, which is not the paper's.
</p>`;
  return markup`<header>
<h1>${meta.title}</h1>
<p class="muted">${meta.citation}</p>
<p>${meta.summary}</p>
<ul class="facts">
<li>preset <b>${run.preset}</b></li>
<li>provider <b>${run.provider}</b></li>
<li>nodes <b>${run.nodes.length}</b></li>
<li>compute <b>${duration(compute)}</b></li>
<li>this run <b>${duration(run.seconds)}</b></li>
<li>${meta.date.slice(0, 10)}</li>
</ul>
${scale}
</header>`;
}

function stageSection(boxes: readonly StageBox[], dag: Html | null): Html {
  const figure = dag === null ? null : markup`<figure class="dag">
<div class="scroll" tabindex="0">${dag}</div>
<figcaption>Each box is a stage, with the time that its nodes took when they last ran. Blue: ran in
this run. Grey: taken from the store.</figcaption>
</figure>`;
  const rows = boxes.map((b) => {
    const timed = b.nodes.filter((n) => n.seconds !== null).length;
    return markup`<tr><td>${b.stage}</td><td>${b.describe}</td>
<td class="n">${b.nodes.length}</td><td class="${b.status}">${statusCounts(b.nodes)}</td>
<td class="n">${timed ? duration(b.seconds) : "–"}</td>
<td class="n">${timed ? duration(b.seconds / timed) : "–"}</td></tr>
`;
  });
  return markup`<section id="stages"><h2>Stages</h2>
${figure}
<div class="scroll" tabindex="0"><table>
<thead><tr><th>Stage</th><th>What it does</th><th class="n">Nodes</th><th>This run</th>
<th class="n">Time</th><th class="n">Mean</th></tr></thead>
<tbody>
${rows}</tbody></table></div>
</section>`;
}
