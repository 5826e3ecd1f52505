/** What `reproduce` says at its end, as the text before and after the time that it took. */

import { plural } from "../report/format.ts";
import type { RunResult } from "../run/run.ts";
import type { Outcome, Plan } from "../types.ts";
import { commandLine } from "./circumstances.ts";
import type { Io } from "./command.ts";
import type { ReproduceJson } from "./json.ts";
import {
  failureLines,
  isCancelled,
  measurementLines,
  stageLines,
  verdictLines,
} from "./summary.ts";

/** Stands for the time; control characters are in no name. */
const TIME = "\u0000";

/** One line of JSON; the seconds belong between the two parts. */
export function aroundJson(json: Omit<ReproduceJson, "seconds">): readonly [string, string] {
  const { partial, dryRun, ...rest } = json;
  const whole = {
    ...rest,
    seconds: TIME,
    ...(partial === undefined ? {} : { partial }),
    ...(dryRun === undefined ? {} : { dryRun }),
  };
  return parted(JSON.stringify(whole) + "\n", JSON.stringify(TIME));
}

/** The summary of a run for people; the time belongs between the two parts. */
export function aroundText(
  io: Io,
  title: string,
  result: RunResult,
  { report, results, notes }: {
    report: string | null;
    results: string | null;
    notes: readonly string[];
  },
): readonly [string, string] {
  const page = { width: io.out.width(), paint: io.out.paint };
  const { plan } = result;
  const count = (status: Outcome["status"]) =>
    result.outcomes.filter((o) => o.status === status).length;
  const ran = count("ran");
  const nothing = result.ok && ran === 0;
  const failures = result.outcomes.filter((o) => o.status === "failed" && !isCancelled(o)).length;
  const failed = failures ? `, ${failures} failed` : "";
  const head = nothing
    ? `${title}: nothing to run, ${plural(count("cached"), "node")} cached (${TIME})`
    : `${title}: ${ran} ran, ${count("cached")} cached${failed} (${TIME})`;
  const blocks = [
    [page.paint.strong(head)],
    verdictLines(result.verdicts, page),
    ...result.measurements.map((table) => measurementLines(table, page)),
    nothing ? [] : stageLines(result.outcomes, page),
    notes,
    plan.partial ? [partialLine(plan.partial, result)] : [],
    [
      ...(results === null ? [] : [`Results: ${io.place.show(results)}`]),
      ...(report === null ? [] : [`Report: ${io.place.show(report)}`]),
    ],
  ];
  return parted(
    blocks.filter((b) => b.length).map((b) => b.join("\n") + "\n").join("\n"),
    TIME,
  );
}

/** After the summary of a run in which something failed. */
export function tellFailures(io: Io, { outcomes }: RunResult): void {
  const lines = failureLines(outcomes, commandLine(["--force"]), {
    width: io.err.width(),
    paint: io.err.paint,
  }, (path) => io.place.show(path));
  io.err.write("\n" + lines.join("\n") + "\n");
}

function parted(text: string, mark: string): readonly [string, string] {
  const at = text.indexOf(mark);
  return [text.slice(0, at), text.slice(at + mark.length)];
}

function partialLine(
  { text }: NonNullable<Plan["partial"]>,
  { complete, verdicts }: RunResult,
): string {
  const without = verdicts.length > 0 ? "a report" : "a verdict and a report";
  return complete
    ? `This was a partial run (${text}); the rest was in the store.`
    : `This was a partial run (${text}), without ${without}.`;
}
