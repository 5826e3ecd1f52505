/** Gathers what the report shows from a finished run and the records of the store. */

import { upstreamOf } from "../plan/graph.ts";
import type { Digest, Outcome, Plan, StageRecord, Work } from "../types.ts";
import type { ReportedNode } from "./model.ts";

/** The nodes of a run with the time each took when it last ran, and the packages their code uses. */
export function collectNodes(
  plan: Plan,
  outcomes: readonly Outcome[],
  recordOf: (key: Digest) => StageRecord | null,
): { nodes: ReportedNode[]; packages: Record<string, string> } {
  const outcomeOf = new Map(outcomes.map((o) => [o.id, o]));
  const packages = new Map<string, string>();
  const nodes = plan.nodes.flatMap(({ node }): ReportedNode[] => {
    const outcome = outcomeOf.get(node.id);
    if (!outcome) return [];
    const record = outcome.key === null ? null : recordOf(outcome.key);
    for (const [name, integrity] of Object.entries(record?.components.code.packages ?? {})) {
      packages.set(name, integrity);
    }
    return [{
      id: node.id,
      stage: node.stage,
      describe: node.describe,
      status: outcome.status,
      reason: outcome.reason,
      seconds: outcome.status === "ran" ? outcome.seconds : record?.seconds ?? null,
      key: outcome.key,
      outputs: outcome.outputs,
      inputs: upstreamOf(node).map((n) => n.id),
      data: dataOf(node.work),
    }];
  });
  return { nodes, packages: Object.fromEntries([...packages].sort()) };
}

function dataOf(work: Work): ReportedNode["data"] {
  if (work.type === "npm") {
    const { package: name, version, license, digest } = work.source;
    return { package: name, version, license, digest };
  }
  if (work.type === "download") {
    const { url, license, sha256 } = work.source;
    return { package: url, version: "", license, digest: sha256 };
  }
  return null;
}
