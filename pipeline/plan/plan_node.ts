/** Says of one node whether it is cached, and if not, why it runs. */

import { changesSince } from "./change.ts";
import type { Bundle } from "../code/code_identity.ts";
import type { Outlines } from "../code/code_outline.ts";
import {
  componentsOf,
  contentDigests,
  digestsOf,
  inputDigestsOf,
  type Outputs,
} from "./components.ts";
import { upstreamOf } from "./graph.ts";
import { keyOf } from "./key.ts";
import type { Observed } from "../sources/local_source.ts";
import type { PlanStore } from "./plan.ts";
import type { Planning } from "./planner.ts";
import type { TreeFile } from "../store/tree_manifest.ts";
import type { Change, Digest, KeyComponents, Node, PlannedNode, RecordSummary } from "../types.ts";

/** Says of one node whether it is cached. @param bundle See {@link componentsOf}. */
export function planNode(
  node: Node,
  bundle: Bundle | null,
  planning: Planning,
): PlannedNode {
  const { pipeline, preset, environmentOf, store, force, outlines, contents } = planning;
  const { outputsOf, memberOf } = planning;
  const content = contents.get(node);
  const environment = environmentOf(node);
  const last = () => store.lastComponents(pipeline.name, preset, node.id);
  const forced: Change[] = force === true && node.work.type === "module"
    ? [{ component: "forced", text: "run again as asked" }]
    : [];
  const inputs = content !== undefined
    ? contentDigests(content)
    : inputDigestsOf(node, outputsOf, memberOf);
  if (inputs === null) {
    const waiting = waitingFor(node, outputsOf);
    const own = changesWithoutInputs(last(), node, bundle, environment, outlines);
    return {
      node,
      status: "pending",
      changes: [...forced, ...own, waiting],
      key: null,
      record: null,
    };
  }
  const components = componentsOf(node, bundle, inputs, environment);
  const key = keyOf(components);
  const record = store.summaryOf(pipeline.name, preset, key);
  if (record !== null && forced.length === 0) {
    const lost = lostOutputs(record, node, store);
    if (lost.length === 0) return { node, status: "cached", changes: [], key, record, content };
    const text = `output ${lost.join(", ")} is not in the store any more`;
    const changes: Change[] = [{ component: "missing", text }];
    return { node, status: "run", changes, key, record: null, content };
  }
  const filesOf = (digest: Digest) => treeFiles(digest, contents, store);
  const changes = forced.length > 0
    ? forced
    : differences(last(), components, node, outlines, filesOf);
  return { node, status: "run", changes, key, record: null, content };
}

/** Digests of a node's outputs when it is cached, or local data. */
export function knownOutputs(planned: PlannedNode | undefined): Record<string, Digest> | null {
  if (planned?.content !== undefined) {
    const { digest } = planned.content;
    return Object.fromEntries(Object.keys(planned.node.outputs).map((name) => [name, digest]));
  }
  if (planned?.status !== "cached" || planned.record === null) return null;
  return digestsOf(planned.record);
}

/** The files of a tree, as far as they are known without work. */
function treeFiles(
  digest: Digest,
  contents: ReadonlyMap<Node, Observed>,
  store: PlanStore,
): readonly TreeFile[] | null {
  for (const observed of contents.values()) {
    if (observed.digest === digest && observed.source.form === "tree") return observed.files();
  }
  try {
    return store.treeFiles?.(digest) ?? null;
  } catch {
    // Not a tree, gone or damaged: the change is told without its files.
    return null;
  }
}

function lostOutputs(record: RecordSummary, node: Node, store: PlanStore): string[] {
  return Object.keys(node.outputs).filter((name) => {
    const entry = record.outputs[name];
    return entry === undefined || !store.has(entry);
  });
}

function differences(
  previous: KeyComponents | null,
  now: KeyComponents,
  node: Node,
  outlines: Outlines,
  filesOf: (tree: Digest) => readonly TreeFile[] | null,
): readonly Change[] {
  const changes = changesSince(previous, now, node, outlines, filesOf);
  if (changes.length > 0) return changes;
  return [{ component: "missing", text: "its record is not in the store any more" }];
}

/** What differs apart from the inputs, which are not known yet. */
function changesWithoutInputs(
  previous: KeyComponents | null,
  node: Node,
  bundle: Bundle | null,
  environment: Readonly<Record<string, string>>,
  outlines: Outlines,
): Change[] {
  if (previous === null) return changesSince(null, componentsOf(node, bundle, {}, environment));
  const now = componentsOf(node, bundle, previous.inputs, environment);
  return changesSince(previous, now, node, outlines);
}

function waitingFor(node: Node, outputsOf: (node: Node) => Outputs | null): Change {
  const open = upstreamOf(node).filter((above) => outputsOf(above) === null);
  return { component: "inputs", text: `waits for ${listIds(open, 3)}` };
}

/** Ids, at most `most` of them by name. */
export function listIds(nodes: readonly Node[], most: number): string {
  const ids = nodes.map(({ id }) => id);
  if (ids.length <= most) return ids.join(", ");
  return `${ids.slice(0, most - 1).join(", ")} and ${ids.length - most + 1} more`;
}
