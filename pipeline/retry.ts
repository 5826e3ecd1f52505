/** Retries and time-outs: which failures may pass by themselves, how long to wait, what a time-out says. */

import { Failed } from "./failure.ts";
import type { Failure, Node } from "./types.ts";

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
export function timedOut(node: Node, seconds: number, error: unknown): Failure {
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
