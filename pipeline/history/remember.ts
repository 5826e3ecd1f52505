/** What of a run goes into the history. */

import { isSystemError } from "../host.ts";
import type { RunRequest, RunResult } from "../run/run.ts";
import type { Failure, Plan } from "../types.ts";
import { commitAt } from "./commit.ts";
import { type PastRun, rememberRun } from "./past_run.ts";

/** Writes the history of runs; a run is not a failure because of it. @returns null when it could not be written. */
export async function remember(
  request: RunRequest,
  began: Date,
  result: Omit<RunResult, "sections" | "measurements" | "ok" | "complete" | "past">,
  failure?: Failure,
): Promise<PastRun | null> {
  const { plan, outcomes, targets } = result;
  const root = decodeURIComponent(request.root.pathname).replace(/(?<=.)\/+$/, "");
  const counts = { ran: 0, cached: 0, failed: 0, skipped: 0 };
  for (const { status } of outcomes) counts[status]++;
  const isIdle = failure === undefined && counts.cached === outcomes.length;
  const failed = failure !== undefined || counts.failed + counts.skipped > 0;
  const stopped = request.signal.aborted && failed;
  const outputs = new Map(outcomes.map((outcome) => [outcome.id, outcome.outputs]));
  try {
    return rememberRun(
      request.store,
      {
        began: began.toISOString(),
        paper: result.paper,
        preset: result.preset,
        provider: result.provider,
        why: request.providerReason ?? null,
        outcome: stopped ? "stopped" : failed ? "failed" : "done",
        partial: plan.partial?.text ?? null,
        seconds: result.seconds,
        counts,
        verdicts: result.verdicts.map(({ claim, verdict, effect, interval, p, n }) => (
          { claim, verdict, effect, interval, p, n }
        )),
        targets: Object.fromEntries(
          Object.entries(targets).flatMap(([name, { node, output, kind: { form, media } }]) => {
            const digest = outputs.get(node.id)?.[output];
            return digest === undefined ? [] : [[name, { digest, form, media }]];
          }),
        ),
        ...sourcesOf(plan),
        jobs: request.jobs,
        deno: Deno.version.deno,
        system: `${Deno.build.os}-${Deno.build.arch}`,
        command: request.typed ?? null,
        commit: await commitAt(root, !isIdle),
        active: outcomes.filter(({ status, reason }) =>
          status !== "cached" || reason !== "up to date"
        ).map(({ key: _, stage: __, outputs: ___, ...rest }) => rest),
        ...(failure === undefined ? {} : { failure }),
      },
      request.config,
      outcomes.map(({ id, key }) => [id, key]),
    );
  } catch (error) {
    // The disk may be full, which the outcomes tell already.
    if (!isSystemError(error)) throw error;
    return null;
  }
}

function sourcesOf({ nodes }: Plan): { sources?: string[] } {
  const sources = nodes.flatMap(({ node: { work } }) =>
    work.type === "source" ? [work.source.path] : []
  );
  return sources.length === 0 ? {} : { sources };
}
