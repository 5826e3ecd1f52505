/** What a run ends with: verdicts, time per stage, failures and how to go on. Pure text. */

import type { MeasurementTable, Outcome, Verdict } from "../types.ts";
import { duration, interval, number, plural, pValue, wrap } from "../report/format.ts";
import { cellText } from "../report/measurements_section.ts";
import { table } from "./table.ts";
import type { Paint } from "./terminal.ts";

/** Width and colours of the text. */
export interface Page {
  readonly width: number;
  readonly paint: Paint;
}

/** The verdict table; a control is marked, since it is expected not to show the effect. */
export function verdictLines(verdicts: readonly Verdict[], page: Page): string[] {
  if (!verdicts.length) return [];
  const colour = {
    "reproduced": page.paint.good,
    "not reproduced": page.paint.bad,
    "inconclusive": page.paint.warn,
  };
  return table(
    [
      { head: "Claim" },
      { head: "Verdict" },
      { head: "Effect", align: "right" },
      { head: "Interval" },
      { head: "p (adj.)", align: "right" },
      { head: "n", align: "right" },
    ],
    verdicts.map((v) => [
      v.control ? `${v.claim} (control)` : v.claim,
      v.verdict,
      // Nothing was measured: the numbers are placeholders.
      ...(v.n === 0 ? ["–", "–", "–"] : [number(v.effect), interval(v.interval), pValue(v.p)]),
      String(v.n),
    ]),
    page.width,
    (text, row, column) => column === 1 ? colour[verdicts[row].verdict]?.(text) ?? text : text,
  );
}

/** One measured table: its title, the rows, how they were measured. */
export function measurementLines(
  { title, columns, rows, note }: MeasurementTable,
  page: Page,
): string[] {
  const heads = columns.map((head, j) => ({ head, align: j === 0 ? "left" : "right" } as const));
  const cells = rows.map((row) => row.map(cellText));
  return [page.paint.strong(title), ...table(heads, cells, page.width), ...wrap(note, page.width)];
}

/** Time per stage: how many nodes ran and were cached, their summed and mean seconds. */
export function stageLines(outcomes: readonly Outcome[], page: Page): string[] {
  const stages = new Map<string, { ran: number; cached: number; other: number; seconds: number }>();
  for (const o of outcomes) {
    const s = stages.get(o.stage) ?? { ran: 0, cached: 0, other: 0, seconds: 0 };
    if (o.status === "ran") {
      s.ran++;
      s.seconds += o.seconds;
    } else if (o.status === "cached") s.cached++;
    else s.other++;
    stages.set(o.stage, s);
  }
  const other = [...stages.values()].some((s) => s.other);
  return table(
    [
      { head: "Stage" },
      { head: "ran", align: "right" },
      { head: "cached", align: "right" },
      ...(other ? [{ head: "not done", align: "right" } as const] : []),
      { head: "time", align: "right" },
      { head: "mean", align: "right" },
    ],
    [...stages].map(([stage, s]) => [
      stage,
      String(s.ran),
      String(s.cached),
      ...(other ? [String(s.other)] : []),
      s.ran ? duration(s.seconds) : "",
      s.ran ? duration(s.seconds / s.ran) : "",
    ]),
    page.width,
  );
}

/** A node that Ctrl-C stopped; it did nothing wrong. */
export function isCancelled(outcome: Outcome): boolean {
  return outcome.failure?.code === "cancelled";
}

/** Failures, those of a stage with one cause together, each with its log; what was not run; how to go on. */
export function failureLines(
  outcomes: readonly Outcome[],
  resume: string,
  page: Page,
  show: (path: string) => string = (path) => path,
): string[] {
  const failed = outcomes.filter((o) => o.status === "failed" && !isCancelled(o));
  const kept = outcomes.filter((o) => o.status === "ran" || o.status === "cached").length;
  const left = outcomes.length - kept - failed.length;
  const indented = (text: string) =>
    text.split("\n").flatMap((l) => wrap(l, page.width - 4)).map((l) => `    ${l}`);
  const groups = Map.groupBy(failed, (o) => {
    const { message, mend } = o.failure ?? { message: o.reason };
    return JSON.stringify([o.stage, message, mend]);
  });
  const lines = [...groups.values()].flatMap((group) => {
    const [o] = group;
    const f = o.failure;
    const place = f?.where && f.where !== o.id ? ` (${show(f.where)})` : "";
    const more = group.length > 1 ? ` and ${group.length - 1} more of ${o.stage}` : "";
    return [
      page.paint.bad(`✗ ${o.id}`) + place + more + (o.attempts ? `, ${o.attempts} attempts` : ""),
      ...indented(f?.message ?? o.reason),
      ...(f?.mend ? indented(f.mend) : []),
      // Never broken, so that it can be copied.
      ...(f?.log ? [`    log: ${show(f.log)}`] : []),
    ];
  });
  if (left) {
    const because = failed.length ? "because of the above" : "because the run was stopped";
    lines.push(`${plural(left, "node")} not done, ${because}.`);
  }
  lines.push(`${plural(kept, "finished node")} kept. To go on from there: ${resume}`);
  return lines;
}

/** What `--check-determinism` found equal; empty without it. */
export function sameBytesLines(
  same: { readonly again: number; readonly stored: number } | undefined,
): string[] {
  if (same === undefined) return [];
  const lines = [];
  if (same.again > 0) lines.push(`${plural(same.again, "stage")} ran twice with the same bytes.`);
  if (same.stored > 0) {
    lines.push(`${plural(same.stored, "stage")} ran again with the bytes that were stored.`);
  }
  return lines.length > 0 ? lines : ["No stage was found to repeat its bytes."];
}
