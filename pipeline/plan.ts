/** Plans a run: which nodes are cached, which will run and why, without running or importing any. */

import { digestOf, frozen } from "./canonical.ts";
import { changesSince } from "./change.ts";
import { type Outlines } from "./code_outline.ts";
import { type Bundle } from "./code_identity.ts";
import { environmentOf } from "./environment.ts";
import type { Host } from "./host.ts";
import { Failed } from "./failure.ts";
import { asList, isOpen, upstreamOf } from "./graph.ts";
import { keyOf } from "./key.ts";
import { checkResources, limitsOf } from "./limits.ts";
import type { Observed } from "./local_source.ts";
import { type Pipeline, targetsByName } from "./pipeline.ts";
import { Planner, type Planning } from "./planner.ts";
import { Programs } from "./programs.ts";
import {
  describeSelection,
  isPartial,
  neededBy,
  type Selection,
  selectNodes,
} from "./selection.ts";
import type { TreeFile } from "./tree_manifest.ts";
import type {
  Artifact,
  Change,
  Digest,
  KeyComponents,
  LocalSource,
  Node,
  OutputEntry,
  OutputKinds,
  Plan,
  PlannedNode,
  Provider,
  RecordSummary,
  SourceContent,
  StageRecord,
  Work,
} from "./types.ts";

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
 * import { loadConfig, loadPaper, plan, Store } from "./mod.ts";
 *
 * const root = new URL("../", import.meta.resolve("./mod.ts"));
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

function listIds(nodes: readonly Node[], most: number): string {
  const ids = nodes.map(({ id }) => id);
  if (ids.length <= most) return ids.join(", ");
  return `${ids.slice(0, most - 1).join(", ")} and ${ids.length - most + 1} more`;
}

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

/**
 * The components of a node's key.
 *
 * @param bundle The node's program; null for downloads and local data.
 * @param inputDigests Input name → digests of its artifacts, in order; of local data, see {@link contentDigests}.
 * @param environment See `nodeEnvironment`.
 */
export function componentsOf(
  node: Node,
  bundle: Bundle | null,
  inputDigests: Readonly<Record<string, readonly Digest[]>>,
  environment: Readonly<Record<string, string>>,
): KeyComponents {
  const outputs = outputsComponent(node.outputs);
  const code = bundle === null
    ? { digest: digestOf(node.work.type), files: {}, packages: {} }
    : { digest: bundle.digest, files: bundle.files, packages: bundle.packages };
  return node.work.type === "npm" || node.work.type === "download"
    ? { code, params: node.params, inputs: {}, environment: {}, outputs }
    : { code, params: node.params, inputs: inputDigests, environment, outputs };
}

/** What stands for the inputs of local data in its key: the content that it was planned with. */
export function contentDigests(content: SourceContent): Record<string, readonly Digest[]> {
  return { content: [content.digest] };
}

/** By declaration: the nodes of a sweep share one. */
const outputsComponents = new WeakMap<OutputKinds, KeyComponents["outputs"]>();

function outputsComponent(outputs: OutputKinds): KeyComponents["outputs"] {
  let component = outputsComponents.get(outputs);
  if (component === undefined) {
    component = frozen(Object.fromEntries(
      Object.entries(outputs).map(([name, kind]) => [name, `${kind.form} ${kind.media}`]),
    ));
    outputsComponents.set(outputs, component);
  }
  return component;
}

/** The environment part of a node's key, with the threads that it gets under `jobs` slots. */
export function nodeEnvironment(
  node: Node,
  provider: Provider,
  jobs: number,
): Readonly<Record<string, string>> {
  return environmentOf(node.work, provider, threadsOf(node, jobs));
}

/** `nodeEnvironment` for the many nodes of one plan, which share few different ones. */
export function environments(
  provider: Provider,
  jobs: number,
): (node: Node) => Readonly<Record<string, string>> {
  const byThreads = new Map<number, Map<Work, Readonly<Record<string, string>>>>();
  return (node) => {
    const threads = threadsOf(node, jobs);
    let byWork = byThreads.get(threads);
    if (byWork === undefined) byThreads.set(threads, byWork = new Map());
    let environment = byWork.get(node.work);
    if (environment === undefined) {
      environment = frozen(nodeEnvironment(node, provider, jobs));
      byWork.set(node.work, environment);
    }
    return environment;
  };
}

/** Threads that a node may use: its cores, bounded by the number of jobs. */
export function threadsOf(node: Node, jobs: number): number {
  return Math.max(1, Math.min(node.cores, jobs));
}

/**
 * Input name → digests of its artifacts, or null while one of them is not known.
 *
 * @param outputsOf Outputs of a node by name, null while it has not finished.
 * @param memberOf The file of a list's item, null when the list has no such item.
 */
export function inputDigestsOf(
  node: Node,
  outputsOf: (node: Node) => Outputs | null,
  memberOf: (list: Digest, artifact: Artifact) => TreeFile | null = () => null,
): Record<string, readonly Digest[]> | null {
  const inputs: Record<string, readonly Digest[]> = {};
  for (const name in node.inputKinds) {
    const digests: Digest[] = [];
    if (isOpen(node.inputs[name])) return null;
    for (const artifact of asList(node.inputs[name])) {
      let digest = outputsOf(artifact.node)?.[artifact.output];
      if (digest !== undefined && artifact.member !== undefined) {
        digest = memberOf(digest, artifact)?.digest;
      }
      if (digest === undefined) return null;
      digests.push(digest);
    }
    inputs[name] = digests;
  }
  return inputs;
}

/** Output name → digest. */
export type Outputs = Readonly<Record<string, Digest>>;

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

/** Looks at all local data of a pipeline. */
export async function observeSources(
  nodes: readonly Node[],
  { pipeline, root, store }: PlanRequest,
): Promise<Map<Node, Observed>> {
  const contents = new Map<Node, Observed>();
  const files: LocalSource[] = [];
  const where = { root: directoryOf(root), cacheDir: `${store.dir}/cache/sources` };
  const place = { ...where, host: store.host };
  for (const { work } of nodes) {
    if (work.type === "source" && work.source.form === "file") files.push(work.source);
  }
  // Loaded only when there is local data.
  const fileContents = files.length === 0
    ? null
    : await (await import("./local_files.ts")).observeFiles(files, place, pipeline.name);
  for (const node of nodes) {
    if (node.work.type !== "source") continue;
    const { source } = node.work;
    contents.set(
      node,
      fileContents?.get(source) ??
        await (await import("./local_source.ts")).observe(source, place),
    );
  }
  return contents;
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

function directoryOf(url: URL): string {
  return decodeURIComponent(url.pathname).replace(/(?<=.)\/+$/, "");
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

/** Output name → digest. */
export function digestsOf({ outputs }: Pick<StageRecord, "outputs">): Record<string, Digest> {
  const digests: Record<string, Digest> = {};
  for (const name in outputs) digests[name] = outputs[name].digest;
  return digests;
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
