/** What a run ends with: verdicts, time per stage, failures and how to go on. Pure text. */

import type { Outcome, Verdict } from "../types.ts";
import { duration, interval, number, plural, pValue, wrap } from "../report/format.ts";
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
      number(v.effect),
      interval(v.interval),
      pValue(v.p),
      String(v.n),
    ]),
    page.width,
    (text, row, column) => column === 1 ? colour[verdicts[row].verdict]?.(text) ?? text : text,
  );
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

/** Each failure: what failed, why, where the log is; then what was skipped and how to resume. */
export function failureLines(
  outcomes: readonly Outcome[],
  resume: string,
  page: Page,
): string[] {
  const failed = outcomes.filter((o) => o.status === "failed");
  const skipped = outcomes.filter((o) => o.status === "skipped");
  const kept = outcomes.length - failed.length - skipped.length;
  const lines = failed.flatMap((o) => {
    const f = o.failure;
    const place = f?.where && f.where !== o.id ? ` (${f.where})` : "";
    return [
      page.paint.bad(`✗ ${o.id}`) + place,
      ...(f?.message ?? o.reason).split("\n").flatMap((l) => wrap(l, page.width - 4))
        .map((l) => `    ${l}`),
      ...(f?.mend ? f.mend.split("\n").flatMap((l) => wrap(l, page.width - 4)) : [])
        .map((l) => `    ${l}`),
      ...(f?.log ? [`    log: ${f.log}`] : []),
    ];
  });
  if (skipped.length) {
    lines.push(`${plural(skipped.length, "node")} not run, because of the above.`);
  }
  lines.push(`${plural(kept, "finished node")} kept. To go on from there: ${resume}`);
  return lines;
}
