/** The section that sets published tables beside whatever was run. */

import { type Markup, markup } from "../../../methods/plot/mod.ts";
import type { Section } from "../section.ts";
import { CERTAINTIES, type Published, type PublishedTable } from "./schema.ts";

/** What a run has for one printed cell: the same method, task and budget, at the paper's scale. */
export interface Measured {
  /** Id of the table. */
  readonly table: string;
  readonly method: string;
  readonly task: string;
  /** Budget of the row or column, where the table has one. */
  readonly level?: string;
  /** One number for each measure of the task, in the units of the table. */
  readonly values: readonly number[];
  /** Runs behind the numbers. */
  readonly seeds: number;
}

/** What stands beside the printed numbers. */
export interface Beside {
  /** Cells that were run at the paper's scale. @default none */
  readonly measured?: readonly Measured[];
  /** By table: what this run has in its place, a miniature of the same question. */
  readonly instead?: Readonly<Record<string, Markup | string>>;
  /** What the reader must know before comparing. @default nothing */
  readonly note?: Markup | null;
}

/**
 * One printed table after another. A cell that was run has a second line with what was measured; a
 * table without one is said to be not attempted at scale, which is no failure of the paper.
 *
 * @throws RangeError for a measured value that belongs to no printed cell: it would not be shown.
 */
export function publishedSection(
  published: Published,
  { measured = [], instead = {}, note = null }: Beside = {},
): Section {
  const shown = new Set<Measured>();
  const find = (id: string, method: string, task: string, level?: string) => {
    const one = measured.find((m) =>
      m.table === id && m.method === method && m.task === task && m.level === level
    );
    if (one) shown.add(one);
    return one;
  };
  const tables = published.tables.map((table) => oneTable(published, table, find, instead));
  const lost = measured.find((one) => !shown.has(one));
  if (lost) {
    throw new RangeError(
      `table ${lost.table} has no cell for ${lost.method}, ${lost.task}, ${lost.level ?? "–"}`,
    );
  }
  return {
    id: "published",
    title: "Published numbers beside this run",
    html: markup`<p>Numbers as published, copied and not recomputed. ${
      measured.length === 0
        ? "None of them was attempted at scale in this run: nothing here confirms or contradicts them."
        : "A second line in a cell is what this run measured; cells without one were not attempted at scale."
    }${note}</p>${tables}${unknownPart(published.unknown)}`,
  };
}

type Find = (table: string, method: string, task: string, level?: string) => Measured | undefined;

function oneTable(
  { tasks, methods }: Published,
  { id, title, certainty, summary, columns, rows, notes }: PublishedTable,
  find: Find,
  instead: NonNullable<Beside["instead"]>,
): Markup {
  const levels = rows.some(({ level }) => level !== undefined);
  let run = 0;
  const body = rows.map(({ method, level, values }) =>
    markup`<tr><td style="white-space:nowrap">${methods[method]}</td>${
      levels ? markup`<td class="n" style="white-space:nowrap">${level ?? ""}</td>` : null
    }${
      values.map(({ printed }, c) => {
        const { task, level: columnLevel } = columns[c];
        const here = find(id, method, task, level ?? columnLevel);
        if (here) run++;
        return markup`<td class="n">${printed}${here ? hereLine(here, printed) : null}</td>`;
      })
    }</tr>`
  );
  const replaced = Object.hasOwn(instead, id) ? markup` ${instead[id]}` : null;
  const scale = run === 0 ? markup`<strong>Not attempted at scale.</strong>${replaced}` : replaced;
  const used = [...new Set(columns.map(({ task }) => task))].map((task) => tasks[task]);
  return markup`<h3>${/^\d+$/.test(id) ? `Table ${id}` : id}: ${title}</h3>
<p class="muted">${summary}; ${CERTAINTIES[certainty]}. ${
    used.map(({ title, measures }) => `${title}: ${measures.join("/")}`).join("; ")
  }.</p><p>${scale}</p>
<div class="scroll" tabindex="0"><table><thead><tr><th>Method</th>${
    levels ? markup`<th class="n">budget</th>` : null
  }${
    columns.map(({ task, level }) =>
      markup`<th class="n">${tasks[task].title}${level ? markup`<br>${level}` : null}</th>`
    )
  }</tr></thead><tbody>${body}</tbody></table></div>${
    notes.length === 0 ? null : markup`<ul>${notes.map((note) => markup`<li>${note}</li>`)}</ul>`
  }`;
}

/** The measured values with as many decimals as the printed ones. */
function hereLine({ values, seeds }: Measured, printed: string): Markup {
  const decimals = printed.match(/\.(\d+)/)?.[1].length ?? 0;
  return markup`<br><strong>${
    values.map((value) => value.toFixed(decimals)).join("/")
  }</strong> <small>n = ${seeds}</small>`;
}

function unknownPart(unknown: readonly string[]): Markup | null {
  if (unknown.length === 0) return null;
  return markup`<h3>Printed, but not known to us</h3><ul>${
    unknown.map((one) => markup`<li>${one}</li>`)
  }</ul>`;
}
