// Shows what came of the trials.

import type { Result, Trial } from "./trials.ts";

/** A tool's column. */
export interface Column {
  readonly name: string;
  /** null: not installed. */
  readonly version: string | null;
  readonly variable: string | null;
  readonly setting: string;
  readonly results: ReadonlyMap<string, Result>;
}

const isBad = ({ grade }: Result) => grade === "WRONG" || grade === "STALE";

/** Every column's count of results that were wrong or stale beside exit code 0. */
function counts(columns: readonly Column[]): string[] {
  return columns.map(({ results }) => String([...results.values()].filter(isBad).length));
}

function missing(columns: readonly Column[]): string[] {
  return columns.filter(({ version }) => version === null).map(({ name, variable }) =>
    `${name}: not installed (on PATH, or named by ${variable})`
  );
}

function rows(trials: readonly Trial[], columns: readonly Column[], show: (r: Result) => string) {
  return [
    ...trials.map(({ id, title, run: _ }) => [
      `${id} ${title}`,
      ...columns.map(({ results }) => {
        const result = results.get(id);
        return result === undefined ? "not tried" : show(result);
      }),
    ]),
    ["wrong or stale with exit code 0", ...counts(columns)],
  ];
}

/** For a terminal. */
export function plainTable(trials: readonly Trial[], all: readonly Column[]): string {
  const columns = all.filter(({ version }) => version !== null);
  const table = [
    ["", ...columns.map(({ name }) => name)],
    ...rows(trials, columns, ({ grade }) => grade),
  ];
  const widths = table[0].map((_, i) => Math.max(...table.map((row) => row[i].length)));
  const lines = table.map((row) =>
    row.map((cell, i) => cell.padEnd(widths[i])).join("  ").trimEnd()
  );
  return [...lines, ...missing(all)].join("\n");
}

/** What was seen beside the grades, one line a cell. */
export function notes(trials: readonly Trial[], columns: readonly Column[]): string[] {
  return trials.flatMap(({ id }) =>
    columns.flatMap(({ name, results }) => {
      const result = results.get(id);
      return result?.note === undefined ? [] : [`${id}, ${name}: ${result.grade}: ${result.note}`];
    })
  );
}

/** How the trials were run. */
export interface Circumstances {
  readonly machine: string;
  readonly seconds: number;
  readonly long: number;
  readonly settle: number;
}

/** The page `results.md`. */
export function markdown(
  trials: readonly Trial[],
  all: readonly Column[],
  { machine, seconds, long, settle }: Circumstances,
): string {
  const columns = all.filter(({ version }) => version !== null);
  const bold = (result: Result) => isBad(result) ? `**${result.grade}**` : result.grade;
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return `# Trials

Written by \`deno task bench trials --markdown\`; one run on ${machine}.

The same three steps for every tool, on a file of 1 MiB: \`first\` reads a.txt and appends sixteen chunks to one.bin, \`second\` reads that and b.txt and
writes its digest to two.txt, \`third\` makes three.txt of it. The peers run Python programs, our own
engine the same steps as modules. Each trial has a fresh copy, made by a clean run first (except 1, 9
and 12, which begin with the run that is disturbed). Right results are computed by the script
without any tool. Where a step must be caught at work, \`first\` takes ${seconds} s, in
trial 1 ${long} s, so that it outlives the waits of tools that wait for a dead one. In 2 to 8, ${settle} s
and a run with nothing to do lie between the clean run and the harm.

- **right**: the plain command ends with exit code 0 and the bytes of a clean run
- **noticed**: it ends with another exit code
- **manual**: it needs a further command, or a flag that is off by default
- **WRONG**, **STALE**: exit code 0, and a wrong, old or missing result
- runs, nothing, stops: what ran; with the right result

${line(["trial", ...columns.map(({ name, version }) => `${name} ${version}`)])}
${line(["---", ...columns.map(() => "---")])}
${rows(trials, columns, bold).map(line).join("\n")}

${missing(all).map((text) => `${text}\n`).join("")}
## What was seen

${notes(trials, columns).map((text) => `- ${text}`).join("\n")}

## Settings

${columns.map(({ name, setting }) => `- ${name}: ${setting}`).join("\n")}

The helper that \`first\` imports is declared by hand for each peer. Our engine finds it. No store:
the tool keeps no copy of results, so there is nothing to flip.

## What each trial does

${trials.map(({ id, title, how }) => `- ${id}, ${title}. ${how}`).join("\n")}
`;
}
