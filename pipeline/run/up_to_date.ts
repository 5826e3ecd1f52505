/** Nodes that need no work, and those that only seemed so. */

import { isSystemError } from "../host.ts";
import { digestsOf } from "../plan/components.ts";
import type { Store } from "../store/store.ts";
import type { Outcome, Plan, PlannedNode, RunEvent } from "../types.ts";

/** The outcomes of a plan all of whose nodes are cached, told as those of a run. */
export function upToDate(
  { paper, preset, nodes }: Plan,
  store: Store,
  onEvent: (event: RunEvent) => void,
): Outcome[] {
  return nodes.map(({ node, key, record }) => {
    rememberLast(store, { paper, preset }, node.id, key!);
    const outcome: Outcome = {
      id: node.id,
      stage: node.stage,
      status: "cached",
      reason: "up to date",
      seconds: 0,
      key,
      outputs: digestsOf(record!),
    };
    onEvent({ type: "finished", node, outcome });
    return outcome;
  });
}

/** Remembers the key at which a node stands; only `explain` asks for it, so a full disk is no failure. */
export function rememberLast(
  store: Store,
  { paper, preset }: Pick<Plan, "paper" | "preset">,
  id: string,
  key: string,
): void {
  try {
    store.rememberLast(paper, preset, id, key);
  } catch (error) {
    if (!isSystemError(error)) throw error;
  }
}

/** What `gc` removed before the mark was made must run. */
export function withoutVanished(
  nodes: readonly PlannedNode[],
  store: Store,
): readonly PlannedNode[] {
  const text = "its record is not in the store any more";
  return nodes.map((planned) =>
    planned.key === null || planned.record === null || store.hasRecord(planned.key)
      ? planned
      : { ...planned, status: "run", record: null, changes: [{ component: "missing", text }] }
  );
}
