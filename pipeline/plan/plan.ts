/** Plans a run: which nodes are cached, which will run and why, without running or importing any. */

import { changesSince } from "./change.ts";
import type { Bundle } from "../code/code_identity.ts";
import type { Host } from "../host.ts";
import { Failed } from "../failure.ts";
import { upstreamOf } from "./graph.ts";
import { checkResources, limitsOf } from "./limits.ts";
import { checkMeasuring } from "./measuring.ts";
import { type Pipeline, targetsByName } from "../declare/pipeline.ts";
import { listIds } from "./plan_node.ts";
import { Planner } from "./planner.ts";
import { Programs } from "../code/programs.ts";
import {
  describeSelection,
  isPartial,
  neededBy,
  type Selection,
  selectNodes,
} from "./selection.ts";
import type { TreeFile } from "../store/tree_manifest.ts";
import type {
  Digest,
  KeyComponents,
  Node,
  OutputEntry,
  Plan,
  PlannedNode,
  Provider,
  RecordSummary,
} from "../types.ts";

export {
  componentsOf,
  contentDigests,
  digestsOf,
  environments,
  inputDigestsOf,
  nodeEnvironment,
  threadsOf,
} from "./components.ts";
export { changesSince };

/** What planning asks of a store. */
export interface PlanStore {
  /** Directory of the store; programs are cached in `cache/bundles` under it. */
  readonly dir: string;
  /** Writes that cache. @default the real machine */
  readonly host?: Host;
  /** The record of a key in short, for a node of this paper and preset. Says nothing about its objects. */
  summaryOf(paper: string, preset: string, key: Digest): RecordSummary | null;
  has(entry: OutputEntry): boolean;
  lastComponents(paper: string, preset: string, nodeId: string): KeyComponents | null;
  /** The files of a stored tree, so that changes of trees name files. */
  treeFiles?(digest: Digest): readonly TreeFile[];
  /** The bytes of a stored tree's manifest, not checked, or null. */
  manifestBytes?(digest: Digest): Uint8Array | null;
}

/** What a plan is made from. */
export interface PlanRequest {
  readonly pipeline: Pipeline;
  readonly preset: string;
  /** The preset's configuration, parsed (see `loadConfig`). */
  readonly config: unknown;
  readonly provider: Provider;
  /** Scheduler slots; bounds the threads of each stage, which enter its key. Integer ≥ 1. */
  readonly jobs: number;
  /** URL of the project's directory. */
  readonly root: URL;
  readonly store: PlanStore;
  /** Run every stage again. Downloads stay cached, since their contents are pinned. @default false */
  readonly force?: boolean;
  /** MiB for all stages that run at a time. @default the machine's */
  readonly memory?: number;
  /** Named slots. @default `gpu`: the NVIDIA GPUs found */
  readonly slots?: Readonly<Record<string, number>>;
  /** A part of the pipeline; `force` then concerns this part alone. @default all of it */
  readonly select?: Selection;
  /** The command that was typed, without `select`: a message about missing nodes completes it. */
  readonly command?: string;
}

/**
 * Says for each node of a pipeline whether it is cached, will run, or waits for an upstream output.
 *
 * @throws {Failed} For pipelines, parameters and code that are wrong; see `graph.ts`, `stage.ts` and
 * `code_identity.ts`.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { loadConfig, loadPaper, plan, Store } from "../mod.ts";
 *
 * const root = new URL("../", import.meta.resolve("../mod.ts"));
 * const pipeline = await loadPaper(root, "optima");
 * const file = new URL("stages/optima/config.yaml", root);
 * const config = await loadConfig({ file, schema: pipeline.config, preset: "smoke" });
 * const store = await Store.open(await Deno.makeTempDir());
 * const request = { pipeline, preset: "smoke", config, provider: "cpu", jobs: 2, root, store } as const;
 * const { nodes } = await plan(request);
 * assert.ok(nodes.every(({ status }) => status !== "cached"), "the store is empty");
 * ```
 */
export async function plan(request: PlanRequest): Promise<Plan> {
  const { pipeline, preset, config, provider, select } = request;
  const partial = isPartial(select);
  const planner = new Planner({ ...request, force: request.force === true && !partial });
  const { planned } = planner;
  const targets = targetsByName(pipeline.build({ config, preset }));
  await planner.add(Object.values(targets));
  checkMeasuring(planned.keys(), targets);
  const about = { paper: pipeline.name, preset, provider, targets };
  if (!partial) {
    checkAllResources([...planned.values()], request);
    return { ...about, nodes: [...planned.values()] };
  }
  const nodes = [...planned.keys()];
  const selected = new Set(selectNodes(nodes, select, planner.expanded));
  if (request.force) {
    for (const node of nodes) if (selected.has(node)) planner.again(node, { force: true });
  }
  // Local data is always at hand: what is not imported yet joins the run.
  for (const node of neededBy(nodes, selected)) {
    if (node.work.type === "source" && planned.get(node)!.status !== "cached") selected.add(node);
  }
  const given = neededBy(nodes, selected).map((node) => planned.get(node)!);
  checkGiven(given, selected, request);
  const chosen = [...planned.values()].filter(({ node }) => selected.has(node));
  checkAllResources(chosen, request);
  return {
    ...about,
    nodes: chosen,
    partial: { text: describeSelection(select), given },
  };
}

/** What is cached may have been made on a larger machine. */
export function checkAllResources(planned: readonly PlannedNode[], request: PlanRequest): void {
  const asking = planned.filter((p) => p.status !== "cached" && p.node.resources !== undefined);
  if (asking.length === 0) return;
  const limits = limitsOf(request);
  for (const { node } of asking) checkResources(node, limits);
}

/** What a partial run reads and does not make must be there. */
function checkGiven(
  given: readonly PlannedNode[],
  selected: ReadonlySet<Node>,
  { pipeline, preset, select, command }: PlanRequest,
): void {
  const missing = new Set(given.filter((p) => p.status !== "cached").map(({ node }) => node));
  if (missing.size === 0) return;
  // Making what is read directly makes everything above it.
  const wanted = [...missing].filter((node) =>
    [...selected].some((reader) => upstreamOf(reader).includes(node))
  );
  const make = wanted.length > NAMED
    ? [...new Set(wanted.map(({ stage }) => stage))]
    : wanted.map(({ id }) => id);
  const typed = command ?? `deno task reproduce ${pipeline.name} --preset ${preset}`;
  throw new Failed({
    code: "missing-upstream",
    message: `${describeSelection(select!)} needs what is not in the store: ` +
      listIds([...missing], NAMED),
    where: pipeline.name,
    mend: `Make it first: ${typed} --until '${make.join(",")}'`,
  });
}

const NAMED = 6;

/**
 * The programs of all nodes that execute a module, from the cache where nothing changed.
 *
 * @returns The program of a node; null for downloads.
 */
export async function programsOf(
  nodes: readonly Node[],
  root: URL,
  store: Pick<PlanStore, "dir" | "host">,
): Promise<(node: Node) => Bundle | null> {
  const programs = new Programs(root, store);
  await programs.add(nodes);
  return programs.of;
}
