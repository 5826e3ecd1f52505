/** `deno task runs`: the history of runs in a store. */

import { commitText } from "../history/compare_runs.ts";
import { type PastRun, pastRuns } from "../history/past_run.ts";
import { duration, plural } from "../report/format.ts";
import type { Command, Io } from "./command.ts";
import { openExisting } from "./existing_store.ts";
import { table } from "./table.ts";

const command: Command = {
  spec: {
    name: "runs",
    describe: "Lists past runs, newest first, with what came of them.",
    positional: { name: "paper", optional: true },
    options: {
      preset: { type: "text", value: "NAME", describe: "Only runs of this preset." },
      limit: { type: "count", value: "N", describe: "At most so many. Default: 20." },
      store: { type: "text", value: "DIR", describe: "The store. Default: artifacts/store." },
      json: { type: "flag", describe: "Print one JSON object." },
    },
    examples: ["deno task runs", "deno task runs optima --limit 100 --json"],
  },
  async run(args, io) {
    const store = await openExisting(io.place, args);
    const limit = args.counts.limit ?? 20;
    const runs: PastRun[] = [];
    let more = false;
    for (const run of pastRuns(store)) {
      if (args.positional !== null && run.paper !== args.positional) continue;
      if (args.texts.preset !== undefined && run.preset !== args.texts.preset) continue;
      more = runs.length === limit;
      if (more) break;
      runs.push(run);
    }
    if (args.flags.has("json")) {
      io.out.write(JSON.stringify({ runs: runs.map(asJson), more }) + "\n");
    } else tell(runs, more, args.positional, io);
    return 0;
  },
};
export default command;

function asJson(run: PastRun) {
  const { config: _, nodes: __, targets: ___, active: ____, version: _____, ...rest } = run;
  return rest;
}

function tell(runs: readonly PastRun[], more: boolean, paper: string | null, io: Io): void {
  const { paint } = io.out;
  if (runs.length === 0) {
    io.out.write(`No run${paper === null ? "" : ` of ${paper}`} is remembered in this store.\n`);
    return;
  }
  const colour = { done: paint.good, failed: paint.bad, stopped: paint.warn };
  const lines = table(
    [
      { head: "Run" },
      { head: "When" },
      { head: "Paper" },
      { head: "Preset" },
      { head: "On" },
      { head: "Outcome" },
      { head: "ran", align: "right" },
      { head: "cached", align: "right" },
      { head: "failed", align: "right" },
      { head: "Time", align: "right" },
      { head: "Verdicts" },
      { head: "Commit" },
    ],
    runs.map((run) => [
      run.id,
      whenText(run.began),
      run.paper,
      run.preset,
      run.provider,
      run.partial === null ? run.outcome : `${run.outcome} (${run.partial})`,
      String(run.counts.ran),
      String(run.counts.cached),
      String(run.counts.failed),
      duration(run.seconds),
      verdictText(run),
      commitText(run.commit) ?? "",
    ]),
    io.out.width(),
    (text, row, column) => column === 5 ? colour[runs[row].outcome](text) : text,
  );
  const end = more ? [`The newest ${plural(runs.length, "run")}; --limit shows more.`] : [];
  io.out.write([...lines, ...end].join("\n") + "\n");
}

/** "3 reproduced, 1 not reproduced, 2 inconclusive". */
export function verdictText({ verdicts }: Pick<PastRun, "verdicts">): string {
  const count = (name: string) => verdicts.filter(({ verdict }) => verdict === name).length;
  const parts = ["reproduced", "not reproduced", "inconclusive"].map((word) =>
    [count(word), word] as const
  );
  return parts.filter(([n]) => n > 0).map(([n, word]) => `${n} ${word}`).join(", ");
}

/** A moment in the user's own time zone: "2026-05-01 09:30". */
export function whenText(iso: string): string {
  const date = new Date(iso);
  const two = (n: number) => String(n).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}
