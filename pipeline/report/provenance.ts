/** The report's last sections: what the results were made from, and how to make them again. */

import { duration, plural } from "./format.ts";
import { type Html, markup } from "./markup.ts";
import type { DataPackage, PipelineMeta, ReportedNode, ReportedRun } from "./model.ts";

/** Versions, command line, commit, data with licences, packages, and every key and output. */
export function provenance(run: ReportedRun, meta: PipelineMeta): Html {
  const data = new Map(run.nodes.flatMap((n) => n.data ? [[n.data.digest, n.data]] : []));
  return markup`<section id="provenance"><h2>Provenance</h2>
<ul class="facts">
<li>Deno <b>${meta.deno}</b></li>
<li>system <b>${meta.system}</b></li>
<li>provider <b>${run.provider}</b></li>
<li>ended <b>${meta.date}</b></li>
${meta.commit && markup`<li>commit <b>${meta.commit}</b></li>`}
</ul>
<pre>${meta.command}</pre>
${dataTable([...data.values()])}
${packageTable(Object.entries(meta.packages))}
<details><summary>Keys and outputs of all ${plural(run.nodes.length, "node")}</summary>
${nodeTable(run.nodes)}
</details>
</section>`;
}

function dataTable(data: readonly DataPackage[]): Html | null {
  if (!data.length) return null;
  const rows = data.map((d) =>
    markup`<tr><td>${
      d.version === "" ? d.package : `${d.package}@${d.version}`
    }</td><td>${d.license}</td>
<td class="digest">${d.digest}</td></tr>
`
  );
  return markup`<h3>Data</h3>
<div class="scroll" tabindex="0"><table>
<thead><tr><th>Source</th><th>Licence</th><th>SHA-256 of the files used</th></tr></thead>
<tbody>
${rows}</tbody></table></div>`;
}

function packageTable(packages: readonly (readonly [string, string])[]): Html | null {
  if (!packages.length) return null;
  const rows = packages.map(([name, integrity]) =>
    markup`<tr><td>${name}</td><td class="digest">${integrity}</td></tr>
`
  );
  return markup`<h3>Packages</h3>
<div class="scroll" tabindex="0"><table>
<thead><tr><th>Package</th><th>Integrity</th></tr></thead>
<tbody>
${rows}</tbody></table></div>`;
}

function nodeTable(nodes: readonly ReportedNode[]): Html {
  const rows = nodes.map((n) => {
    const outputs = Object.entries(n.outputs).map(([name, digest]) =>
      markup`${name} ${digest}<br>`
    );
    return markup`<tr><td>${n.id}</td><td class="${n.status}">${n.status}</td>
<td class="n">${n.seconds === null ? "–" : duration(n.seconds)}</td>
<td class="digest">${n.key ?? "–"}</td><td class="digest">${outputs}</td></tr>
`;
  });
  return markup`<div class="scroll" tabindex="0"><table>
<thead><tr><th>Node</th><th>This run</th><th class="n">Time</th><th>Key</th><th>Outputs</th></tr></thead>
<tbody>
${rows}</tbody></table></div>`;
}

/** The commands that run it again. */
export function runAgain(run: ReportedRun, meta: PipelineMeta): Html {
  const options = `--preset ${run.preset} --provider ${run.provider}`;
  const commands = [
    ...(meta.commit ? [`git checkout ${meta.commit.replace("+", "")}`] : []),
    `deno task reproduce ${run.paper} ${options}`,
  ];
  return markup`<section id="again"><h2>Running it again</h2>
<p>From the root of the repository, with Deno ${meta.deno}:</p>
<pre>${commands.join("\n")}</pre>
<p>Nodes that are in the store are not run again; <code>--force</code> runs them all.
<code>deno task explain ${run.paper} ${options}</code> says what would run, and why.</p>
${
    meta.commit?.endsWith("+") &&
    markup`<p class="note">The working tree had changes that are not in
this commit.</p>`
  }
</section>`;
}
