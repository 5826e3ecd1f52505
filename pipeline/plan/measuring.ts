/** The one node of a pipeline whose bytes are compared with nothing, because it measures. */

import { upstreamOf } from "./graph.ts";
import { Failed } from "../failure.ts";
import type { Artifact, Node } from "../types.ts";

/**
 * Refuses a pipeline in which a result depends on what was measured: it would differ from run to run, and
 * nobody could tell whether it should.
 *
 * @throws {Failed} `measured-input` naming the node that reads, or the target that is written, where the
 * measurements are made.
 */
export function checkMeasuring(
  nodes: Iterable<Node>,
  targets: Readonly<Record<string, Artifact>>,
): void {
  const measuring = targets.measurements?.node;
  if (measuring === undefined) return;
  const fail = (message: string) =>
    new Failed({
      code: "measured-input",
      message,
      where: measuring.id,
      mend: "The stage of `measurements` is compared with nothing. Let another stage write what " +
        "results depend on.",
    });
  for (const node of nodes) {
    if (upstreamOf(node).includes(measuring)) throw fail(`${node.id} reads what it measures`);
  }
  for (const [name, { node }] of Object.entries(targets)) {
    if (name !== "measurements" && node === measuring) throw fail(`it writes ${name} too`);
  }
}
