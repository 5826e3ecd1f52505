/** `deno task compare A B`: what differs between two runs. */

import { readOutlines } from "../code/code_outline.ts";
import { checkLock } from "../committed/check.ts";
import { cameOfPast } from "../committed/outcome.ts";
import { Failed } from "../failure.ts";
import {
  compareRuns,
  type Difference,
  type MetricDifference,
  type RunComparison,
  type StageDifference,
} from "../history/compare_runs.ts";
import { findRun, type PastRun } from "../history/past_run.ts";
import { number, plural, wrap } from "../report/format.ts";
import type { Store } from "../store/store.ts";
import type { Command, Io } from "./command.ts";
import { readLock } from "./committed.ts";
import { frozenLines } from "./comparison.ts";
import { openExisting } from "./existing_store.ts";
import { whenText } from "./runs.ts";
import { table } from "./table.ts";

const command: Command = {
  spec: {
    name: "compare",
    describe: "Says how two runs differ: parameters, metrics, verdicts, stages and why they " +
      "differ, circumstances. A run is named by its id or the beginning of one, `last`, or " +
      "`last~1` for the one before; `committed` is the lock file. Without B: A and `last`; " +
      "without both: `last~1` and `last`.",
    positional: { name: "A", optional: true },
    more: [{ name: "B", optional: true }],
    options: {
      all: { type: "flag", describe: "List every difference." },
      store: { type: "text", value: "DIR", describe: "The store. Default: artifacts/store." },
      json: { type: "flag", describe: "Print one JSON object." },
    },
    examples: [
      "deno task compare",
      "deno task compare 3fa9 last",
      "deno task compare committed last --json",
    ],
  },
  async run(args, io) {
    const store = await openExisting(io.place, args);
    const [a = "last~1", b = "last"] = args.positionals;
    if (a === "committed" || b === "committed") {
      const other = a === "committed" ? b : a;
      return await withCommitted(store, findRun(store, other), args.flags.has("json"), io);
    }
    const { before, after } = runsNamed(store, a, b);
    const outlines = readOutlines(`${store.dir}/cache/bundles`);
    const comparison = await compareRuns(store, before, after, outlines);
    if (args.flags.has("json")) io.out.write(JSON.stringify(asJson(comparison)) + "\n");
    else tell(comparison, args.flags.has("all"), io);
    return 0;
  },
};
export default command;

/** `last` counts runs of the paper and preset of the other run, or of the newest run. */
function runsNamed(
  store: { readonly dir: string },
  a: string,
  b: string,
): { before: PastRun; after: PastRun } {
  const isBack = (name: string) => /^last(~\d+)?$/.test(name);
  if (isBack(a)) {
    const after = findRun(store, b, isBack(b) ? findRun(store, "last") : {});
    return { before: findRun(store, a, after), after };
  }
  const before = findRun(store, a);
  return { before, after: findRun(store, b, isBack(b) ? before : {}) };
}

/** A run beside the lock file, whichever was named first. */
async function withCommitted(
  store: Store,
  run: PastRun,
  json: boolean,
  io: Io,
): Promise<number> {
  const path = io.place.committedFile(run.paper);
  const file = io.place.show(path);
  const lock = readLock(path, file)?.[run.preset];
  const came = await cameOfPast(store, run);
  if (lock === undefined || came === null) {
    throw new Failed({
      code: "not-comparable",
      message: lock === undefined
        ? `${file} expects nothing of the preset ${run.preset}`
        : `the run ${run.id} did not finish, or its results were deleted`,
      mend: lock === undefined
        ? `deno task reproduce ${run.paper} --preset ${run.preset} --update-lock writes it.`
        : "`deno task runs` lists others.",
    });
  }
  const check = checkLock(lock, came)!;
  if (json) io.out.write(JSON.stringify({ committed: file, run: brief(run), check }) + "\n");
  else {
    const title = `${run.paper} · ${run.preset} · ${run.provider}`;
    const lines = frozenLines(check, file);
    io.out.write([`${run.id}  ${whenText(run.began)}  ${title}`, ...lines].join("\n") + "\n");
  }
  return 0;
}

function asJson({ before, after, ...rest }: RunComparison) {
  return { before: brief(before), after: brief(after), ...rest };
}

function brief({ id, began, paper, preset, provider, outcome, partial, commit }: PastRun) {
  return { id, began, paper, preset, provider, outcome, partial, commit };
}

/** Differences listed of each kind, without --all. */
const LISTED = 12;

function tell(comparison: RunComparison, all: boolean, io: Io): void {
  const { before, after, circumstances, params, verdicts, metrics, stages, lost } = comparison;
  const { paint } = io.out;
  const width = io.out.width();
  const limit = all ? Infinity : LISTED;
  const section = (head: string, lines: readonly string[]) => {
    if (lines.length > 0) io.out.write(`\n${paint.strong(head)}\n${lines.join("\n")}\n`);
  };
  const counted = (different: number, same: number) =>
    `(${different} ${different === 1 ? "differs" : "differ"}, ${same} the same)`;
  for (const run of [before, after]) {
    const title = `${run.paper} · ${run.preset} · ${run.provider}`;
    io.out.write(`${paint.strong(run.id)}  ${whenText(run.began)}  ${title}  ${run.outcome}\n`);
  }
  section("Circumstances", cut(circumstances.flatMap((d) => valueLines(d, width)), Infinity));
  section("Parameters", cut(params.flatMap((d) => valueLines(d, width)), limit));
  section("Verdicts", cut(verdicts.flatMap((d) => valueLines(d, width)), Infinity));
  const shown = metrics.slice(0, limit);
  section(`Metrics ${counted(metrics.length, comparison.sameMetrics)}`, [
    ...(shown.length === 0 ? [] : metricLines(shown, width)),
    ...rest(metrics.length - shown.length),
  ]);
  section(
    `Stages ${counted(stages.length, comparison.sameStages)}`,
    cut(stageLines(stages, width), limit),
  );
  section("Not compared", lost.map((what) => `  ${what}: deleted`));
  const nothing = [params, verdicts, metrics, stages, lost].every(({ length }) => length === 0);
  if (nothing) io.out.write("\nThe same parameters, metrics, verdicts and stages.\n");
}

function cut(lines: readonly string[], limit: number): string[] {
  return [...lines.slice(0, limit), ...rest(lines.length - limit)];
}

function rest(n: number): string[] {
  return n > 0 && n < Infinity ? [`  and ${n} more; --all shows them`] : [];
}

function valueLines({ name, before, after }: Difference, width: number): string[] {
  const text = `${name}: ${valueText(before)} → ${valueText(after)}`;
  return wrap(text, width - 4).map((line, i) => (i === 0 ? "  " : "    ") + line);
}

function valueText(value: unknown): string {
  if (value === undefined) return "(none)";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function metricLines(metrics: readonly MetricDifference[], width: number): string[] {
  const value = (x: number | null | undefined) => x === undefined ? "(none)" : number(x);
  return table(
    [
      { head: "Metric" },
      { head: "Before", align: "right" },
      { head: "After", align: "right" },
      { head: "Change", align: "right" },
      { head: "Relative", align: "right" },
    ],
    metrics.map(({ name, before, after, change, relative }) => [
      name,
      value(before),
      value(after),
      change === undefined ? "" : signed(change),
      relative === undefined ? "" : `${signed(100 * relative)} %`,
    ]),
    width,
  );
}

function signed(x: number): string {
  return x > 0 ? `+${number(x)}` : number(x);
}

/** Nodes of one stage with one cause are one entry. */
function stageLines(stages: readonly StageDifference[], width: number): string[] {
  const groups = new Map<string, StageDifference[]>();
  for (const one of stages) {
    const key = JSON.stringify([one.stage, one.why, one.sameOutputs]);
    const group = groups.get(key);
    if (group) group.push(one);
    else groups.set(key, [one]);
  }
  return [...groups.values()].flatMap((group) => {
    const [{ id, stage, why, sameOutputs }] = group;
    const name = group.length === 1 ? id : `${stage} ×${group.length}`;
    const same = sameOutputs
      ? `; ${plural(group.length, "node")} with the same outputs all the same`
      : "";
    return wrap(`${name}: ${why}${same}`, width - 4)
      .map((line, i) => (i === 0 ? "  " : "    ") + line);
  });
}
