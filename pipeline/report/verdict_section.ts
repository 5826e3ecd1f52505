/** The report's verdicts beside what the paper states, with how certain that is. */

import type { Verdict } from "../types.ts";
import { interval, number, plural, pValue } from "./format.ts";
import { type Html, markup } from "./markup.ts";

/** The section of verdicts; says so when there are none. */
export function verdictSection(verdicts: readonly Verdict[]): Html {
  if (verdicts.length === 0) {
    return markup`<section id="verdicts"><h2>Verdicts</h2>
<p>There are none: this paper has no claims yet.</p></section>`;
  }
  return markup`<section id="verdicts"><h2>Verdicts</h2>
<p>${tally(verdicts)} p is after the correction named with the test.</p>
<table class="cards"><thead><tr><th>Claim</th><th>Verdict</th><th class="n">Effect and interval</th>
<th class="n">p</th><th class="n">n</th><th>What the paper states</th></tr></thead>
<tbody>
${verdicts.map(row)}</tbody></table>
${certaintyLegend(verdicts)}
</section>`;
}

function row(v: Verdict): Html {
  const control = v.control && markup`<small>(control: expected to show no effect)</small>`;
  // Without observations the numbers are placeholders.
  const effect = v.n === 0 ? "–" : markup`${number(v.effect)}<br>${interval(v.interval)}`;
  const statistic = v.n === 0 ? "" : `, statistic ${number(v.statistic)}`;
  return markup`<tr>
<td><b>${v.statement}</b> ${control}
<p>${v.explanation}</p>
<p><small><code>${v.claim}</code> · ${v.test}${statistic}</small></p></td>
<td data-label="Verdict"><span class="verdict ${
    v.verdict.replaceAll(" ", "-")
  }">${v.verdict}</span></td>
<td class="n" data-label="Effect">${effect}</td>
<td class="n" data-label="p">${v.n === 0 ? "–" : pValue(v.p)}</td>
<td class="n" data-label="n">${v.n}</td>
<td data-label="The paper">${v.paper ?? markup`<span class="muted">no number found</span>`}
<p><small>${v.source}</small></p></td>
</tr>
`;
}

/** "3 of 4 claims reproduced, 1 inconclusive; 1 control." */
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
  const items = used.map(([tag, meaning]) => markup`<li><small>[${tag}] ${meaning}</small></li>`);
  return markup`<ul class="facts">${items}</ul>`;
}
