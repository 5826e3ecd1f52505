/** Retries and time-outs: which failures may pass by themselves, how long to wait, what a time-out says. */

import { Failed } from "../failure.ts";
import type { Host } from "../host.ts";
import type { Failure, Node } from "../types.ts";

/**
 * Failures that another attempt may not meet. A stage's own error is among them, since nobody but its
 * author can tell; what a declaration forbids, a cancelled run, or a disk that is full is not.
 */
const PASSING: ReadonlySet<string> = new Set([
  "stage-exit",
  "killed",
  "out-of-memory",
  "onnxruntime",
  "timed-out",
  "download",
  "input-changed",
]);

/** Whether another attempt can help. */
export function mayPass({ code }: Failure): boolean {
  return PASSING.has(code);
}

/** How many attempts a node has, at least 1. */
export function attemptsOf(node: Node): number {
  return 1 + (node.retries ?? 0);
}

/** Seconds to wait before an attempt: 1 before the second, then twice as long each time, up to a minute. */
export function waitBefore(attempt: number): number {
  return Math.min(60, 2 ** (attempt - 2));
}

/** The failure of an attempt that was stopped after `seconds`. @param error What stopping it threw. */
function timedOut(node: Node, seconds: number, error: unknown): Failure {
  const log = error instanceof Failed ? error.failure.log : undefined;
  return {
    code: "timed-out",
    message: `stopped after ${seconds} s, the time-out that its stage declares`,
    where: node.id,
    mend: `Raise \`timeout: ${seconds}\` in the declaration of stage "${node.stage}", ` +
      "or give it less to do.",
    ...log === undefined ? {} : { log },
  };
}

/** Seconds that a timer can wait, nearly 25 days: it would end at once after more. */
const LONGEST = (2 ** 31 - 1) / 1000;

/** Runs an attempt and stops it when its node's time is over. @throws {Failed} `timed-out` then. */
export async function inTime<T>(
  node: Node,
  host: Host,
  signal: AbortSignal,
  attempt: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { timeout } = node;
  if (timeout === undefined || timeout > LONGEST) return await attempt(signal);
  const stop = new AbortController();
  const ended = new AbortController();
  const timer = host.delay(timeout * 1000, AbortSignal.any([signal, ended.signal]))
    .then(() => {
      if (!signal.aborted && !ended.signal.aborted) stop.abort();
    });
  try {
    return await attempt(AbortSignal.any([signal, stop.signal]));
  } catch (error) {
    if (!stop.signal.aborted || signal.aborted) throw error;
    throw new Failed(timedOut(node, timeout, error), { cause: error });
  } finally {
    ended.abort();
    await timer;
  }
}
