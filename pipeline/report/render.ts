/** The report: one HTML file that needs nothing else, readable for as long as there are browsers. */

import { duration, interval, number, plural, pValue } from "./format.ts";
import { drawDag, type StageBox, stageBoxes, statusCounts } from "./dag.ts";
import { Html, html } from "./html.ts";
import type { PipelineMeta, ReportedRun } from "./model.ts";
import { styleSheet } from "./style.ts";
import type { Verdict } from "../types.ts";

/**
 * The report of one run as a self-contained HTML document.
 * @param run What happened; its sections are trusted HTML made by the paper's report stage.
 * @param meta The paper and the circumstances.
 */
export async function renderReport(run: ReportedRun, meta: PipelineMeta): Promise<string> {
  const boxes = stageBoxes(run.nodes);
  const dag = boxes.length ? new Html(await drawDag(boxes)) : null;
  const page = html`
    <!DOCTYPE html>
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
        <header>
    <h1>${meta.title}</h1>
    <p class="muted">${meta.citation}</p>
    <p>${meta.summary}</p>
    <ul class="facts">
    <li>preset <b>${run.preset}</b></li>
    <li>provider <b>${run.provider}</b></li>
    <li>nodes <b>${run.nodes.length}</b></li>
    <li>compute <b>${duration(sum(run.nodes.map((n) => n.seconds ?? 0)))}</b></li>
    <li>this run <b>${duration(run.seconds)}</b></li>
    <li>${meta.date.slice(0, 10)}</li>
    </ul>
    ${run.preset !== "paper" &&
      html`<p class="note">This run used the preset “${run.preset}”: what it
shows holds at that scale, which is not the paper's.</p>`}
        </header>
        <main>
    ${verdictSection(run.verdicts)}
    ${run.sections.map((s) =>
      html`
        <section id="${s.id}"><h2>${s.title}</h2>
        ${new Html(s.html)}
        </section>
      `
    )}
    <section id="stages"><h2>Stages</h2>
    ${dag && html`
      <figure class="dag">
        <div class="scroll" tabindex="0">${dag}</div>
        <figcaption>Each box is a stage, with the time its nodes took when they last ran. Blue: ran in this
      run. Grey: taken from the store.</figcaption>
      </figure>
    `}
    ${stageTable(boxes)}
        </section>
    ${provenance(run, meta)}
    ${again(run, meta)}
        </main>
      </body>
    </html>
  `;
  return page.text;
}

function verdictSection(verdicts: readonly Verdict[]): Html {
  return html`<section id="verdicts"><h2>Verdicts</h2>
${
    verdicts.length === 0
      ? html`<p>There are none: the run did not get as far as its verdict stage.</p>`
      : html`
        <p>${tally(verdicts)} Claims, tests and thresholds were fixed before the run. p is
        after the correction named with the test.</p>
        <table class="cards">
          <thead>
            <tr>
              <th>Claim</th>
              <th>Verdict</th>
              <th class="n">Effect and interval</th>
              <th class="n">p</th>
              <th class="n">n</th>
              <th>What the paper states</th>
            </tr>
          </thead>
          <tbody>${verdicts.map(verdictRow)}</tbody>
        </table>
      `
  }
</section>`;
}

/** How certain a statement about a paper is, by the tag that follows it. */
const certainty: Readonly<Record<string, string>> = {
  "text": "read in the text of the paper",
  "code": "read in the code that the authors released",
  "rev": "read in its reviews or the authors' reply",
  "abs": "read in the abstract, or in a page that quotes or summarises the paper",
  "peer": "read in other code, not that of this paper",
  "issue": "read in an issue of a repository",
  "der": "derived by us",
  "proto": "seen in a prototype of ours, indicative only",
  "mem+": "from memory, not checked",
  "mem": "from memory, not checked",
  "mem-": "from memory, not checked, uncertain",
  "n/f": "looked for, not found",
};

/** Explains the tags that the verdicts use: "[abs]", "[peer: name]". */
function certaintyLegend(verdicts: readonly Verdict[]): Html | null {
  const text = verdicts.map((v) => `${v.source} ${v.paper ?? ""}`).join(" ");
  const tags = new Set([...text.matchAll(/\[([a-z/]+[+-]?)(?::[^\]]*)?\]/g)].map((m) => m[1]));
  const used = Object.entries(certainty).filter(([tag]) => tags.has(tag));
  if (!used.length) return null;
  const items = used.map(([tag, meaning]) => html`<li><small>[${tag}] ${meaning}</small></li>`);
  return html`<ul class="facts">${items}</ul>`;
}

function verdictRow(v: Verdict): Html {
  return html`
    <tr>
      <td><b>${v.statement}</b> ${v.control &&
        html`<small>(control: expected to show no effect)</small>`}
    <p>${v.explanation}</p><p><small><code>${v.claim}</code> · ${v.test}, statistic ${number(
      v.statistic,
    )}</small></p></td>
      <td data-label="Verdict"><span class="verdict ${v.verdict.replaceAll(" ", "-")}">${v
        .verdict}</span></td>
      <td class="n" data-label="Effect">${number(v.effect)}<br>${interval(v.interval)}</td>
      <td class="n" data-label="p">${pValue(v.p)}</td>
      <td class="n" data-label="n">${v.n}</td>
      <td data-label="The paper">${v.paper ?? html`<span class="muted">no number found</span>`}
    <p><small>${v.source}</small></p></td>
    </tr>
  `;
}

/** "3 of 4 claims reproduced, 1 inconclusive; 1 of 1 controls as expected." */
function tally(verdicts: readonly Verdict[]): string {
  const claims = verdicts.filter((v) => !v.control);
  const count = (verdict: Verdict["verdict"]) => claims.filter((v) => v.verdict === verdict).length;
  const parts = [
    `${count("reproduced")} of ${plural(claims.length, "claim")} reproduced`,
    ...(count("not reproduced") ? [`${count("not reproduced")} not`] : []),
    ...(count("inconclusive") ? [`${count("inconclusive")} inconclusive`] : []),
  ];
  const controls = verdicts.length - claims.length;
  return `${parts.join(", ")}${controls ? `; ${plural(controls, "control")}` : ""}.`;
}

function stageTable(boxes: readonly StageBox[]): Html {
  return html`
    <div class="scroll" tabindex="0">
      <table>
        <thead>
          <tr>
            <th>Stage</th>
            <th>What it does</th>
            <th class="n">Nodes</th>
            <th>This run</th>
            <th class="n">Time</th>
            <th class="n">Mean</th>
          </tr>
        </thead>
        <tbody>${boxes.map((b) => {
          const timed = b.nodes.filter((n) => n.seconds !== null).length;
          return html`
            <tr>
              <td>${b.stage}</td>
              <td>${b.describe}</td>
              <td class="n">${b.nodes.length}</td>
              <td class="${b.status}">${statusCounts(b.nodes)}</td>
              <td class="n">${timed ? duration(b.seconds) : "–"}</td>
              <td class="n">${timed ? duration(b.seconds / timed) : "–"}</td>
            </tr>
          `;
        })}</tbody>
      </table>
    </div>
  `;
}

function provenance(run: ReportedRun, meta: PipelineMeta): Html {
  const data = [...new Map(run.nodes.flatMap((n) => n.data ? [[n.data.digest, n.data]] : []))]
    .map(([, d]) => d);
  return html`<section id="provenance"><h2>Provenance</h2>
<ul class="facts">
<li>Deno <b>${meta.deno}</b></li><li>system <b>${meta.system}</b></li>
<li>provider <b>${run.provider}</b></li><li>ended <b>${meta.date}</b></li>
${meta.commit && html`<li>commit <b>${meta.commit}</b></li>`}
</ul>
<pre>${meta.command}</pre>
${
    data.length > 0 && html`
      <h3>Data</h3>
      <div class="scroll" tabindex="0">
        <table>
          <thead>
            <tr>
              <th>Package</th>
              <th>Licence</th>
              <th>SHA-256 of the files used</th>
            </tr>
          </thead>
          <tbody>${data.map((d) =>
            html`
              <tr>
                <td>${d.package}@${d.version}</td>
                <td>${d.license}</td>
                <td class="digest">${d.digest}</td>
              </tr>
            `
          )}</tbody>
        </table>
      </div>
    `
  }
${
    Object.keys(meta.packages).length > 0 && html`
      <h3>Packages</h3>
      <div class="scroll" tabindex="0">
        <table>
          <thead>
            <tr>
              <th>Package</th>
              <th>Integrity</th>
            </tr>
          </thead>
          <tbody>${Object.entries(meta.packages).map(([name, integrity]) =>
            html`
              <tr>
                <td>${name}</td>
                <td class="digest">${integrity}</td>
              </tr>
            `
          )}</tbody>
        </table>
      </div>
    `
  }
<details><summary>Keys and outputs of all ${plural(run.nodes.length, "node")}</summary>
<div class="scroll" tabindex="0"><table>
<thead><tr><th>Node</th><th>This run</th><th class="n">Time</th><th>Key</th><th>Outputs</th></tr></thead>
<tbody>${
    run.nodes.map((n) =>
      html`
        <tr>
          <td>${n.id}</td>
          <td class="${n.status}">${n.status}</td>
          <td class="n">${n.seconds === null ? "–" : duration(n.seconds)}</td>
          <td class="digest">${n.key ?? "–"}</td>
          <td class="digest">${Object.entries(n.outputs).map(([name, digest]) =>
            html`${name} ${digest}<br>`
          )}</td>
        </tr>
      `
    )
  }</tbody></table></div></details>
</section>`;
}

function again(run: ReportedRun, meta: PipelineMeta): Html {
  const checkout = meta.commit ? `git checkout ${meta.commit.replace("+", "")}\n` : "";
  return html`
    <section id="again">
      <h2>Running it again</h2>
      <p>From the root of the repository, with Deno ${meta.deno}:</p>
      <pre>${checkout}deno task reproduce ${run.paper} --preset ${run.preset} --provider ${run
        .provider}</pre>
      <p>Nodes that are in the store are not run again; <code>--force</code> runs them all.
    <code>deno task explain ${run.paper} --preset ${run
      .preset}</code> says what would run, and why.</p>
    </section>
  `;
}

const sum = (xs: readonly number[]) => xs.reduce((a, b) => a + b, 0);
