/** Plans nodes as they become known: those of a pipeline, and those that a list's items give. */

import { type Outlines, readOutlines } from "../code/code_outline.ts";
import { environments, type Outputs } from "./components.ts";
import { DamagedObject } from "../store/damaged_object.ts";
import { expand, memberFinder } from "../declare/fan_out.ts";
import { nodesOf, topological } from "./graph.ts";
import type { Observed } from "../sources/local_source.ts";
import type { PlanRequest } from "./plan.ts";
import { knownOutputs, planNode } from "./plan_node.ts";
import { Programs } from "../code/programs.ts";
import type { TreeFile } from "../store/tree_manifest.ts";
import type { Artifact, Digest, LocalSource, MapWork, Node, Plan, PlannedNode } from "../types.ts";

/** What planning one node needs to know besides the node. */
export interface Planning extends PlanRequest {
  readonly outlines: Outlines;
  readonly contents: ReadonlyMap<Node, Observed>;
  readonly environmentOf: (node: Node) => Readonly<Record<string, string>>;
  /** Outputs of a node that is cached, or done. */
  readonly outputsOf: (node: Node) => Outputs | null;
  /** The file of a list's item. */
  readonly memberOf: (list: Digest, artifact: Artifact) => TreeFile | null;
}

/** The nodes of one pipeline, planned as far as they are known. */
export class Planner {
  /** In topological order. */
  readonly planned = new Map<Node, PlannedNode>();
  /** Fan-outs whose nodes are planned. */
  readonly expanded: Node[] = [];
  readonly programs: Programs;
  readonly #request: PlanRequest;
  readonly #contents = new Map<Node, Observed>();
  readonly #ids = new Set<string>();
  readonly #planning: Planning;

  /**
   * @param outputsOf Outputs of nodes that are done; by default, of those that are planned as cached.
   * @param programs Shared with what runs the nodes.
   */
  constructor(
    request: PlanRequest,
    outputsOf?: (node: Node) => Outputs | null,
    programs = new Programs(request.root, request.store),
  ) {
    this.#request = request;
    this.programs = programs;
    this.#planning = {
      ...request,
      outlines: readOutlines(`${request.store.dir}/cache/bundles`),
      contents: this.#contents,
      environmentOf: environments(request.provider, request.jobs),
      outputsOf: (node) => outputsOf?.(node) ?? knownOutputs(this.planned.get(node)),
      memberOf: memberFinder((digest) => this.#files(digest) ?? []),
    };
  }

  /** Takes over what is planned already. */
  take({ nodes, partial }: Plan): void {
    for (const planned of [...partial?.given ?? [], ...nodes]) {
      this.planned.set(planned.node, planned);
      this.#ids.add(planned.node.id);
    }
  }

  /** Plans all that the targets need and that is not planned. @returns what is new. */
  async add(targets: readonly Artifact[]): Promise<readonly PlannedNode[]> {
    const nodes = nodesOf(targets, this.planned);
    await this.#prepare(nodes);
    const hasMaps = nodes.some(({ work }) => work.type === "map");
    const before = this.planned.size;
    for (const node of hasMaps ? topological(targets, this.planned, this.#ids) : nodes) {
      if (node.work.type !== "map") {
        this.planned.set(node, planNode(node, this.programs.of(node), this.#planning));
      } else if (!await this.#expand(node, node.work)) {
        this.planned.set(node, pendingMap(node, node.work));
      }
    }
    return [...this.planned.values()].slice(before);
  }

  /** Plans a node again, as the request says. */
  again(node: Node, request: Pick<PlanRequest, "force">): void {
    if (node.work.type === "map") return;
    const planning = { ...this.#planning, ...request };
    this.planned.set(node, planNode(node, this.programs.of(node), planning));
  }

  /** Plans what comes of a fan-out whose list is there now. @throws {DamagedObject} when it cannot be read. */
  async expand(node: Node): Promise<readonly PlannedNode[]> {
    const work = node.work as MapWork;
    const list = this.#listOf(work);
    const made = expand(node, this.#request.store.treeFiles?.(list!) ?? []);
    return await this.add(made);
  }

  async #expand(node: Node, work: MapWork): Promise<boolean> {
    const list = this.#listOf(work);
    const files = list === null ? null : this.#files(list);
    if (files === null) return false;
    this.expanded.push(node);
    await this.#prepare(nodesOf(expand(node, files), this.planned));
    return true;
  }

  #listOf({ list }: MapWork): Digest | null {
    return this.#planning.outputsOf(list.node)?.[list.output] ?? null;
  }

  /** Null when the list cannot be read: whoever needs it while running repairs it. */
  #files(list: Digest): readonly TreeFile[] | null {
    try {
      return this.#request.store.treeFiles?.(list) ?? null;
    } catch (error) {
      if (error instanceof DamagedObject) return null;
      throw error;
    }
  }

  async #prepare(nodes: readonly Node[]): Promise<void> {
    await this.programs.add(nodes);
    for (const [node, content] of await observeSources(nodes, this.#request)) {
      this.#contents.set(node, content);
    }
  }
}

function pendingMap(node: Node, { list }: MapWork): PlannedNode {
  const of = `${list.node.id}.${list.output}`;
  const text = `one node for each item of ${of}, known when ${list.node.id} has run`;
  const changes = [{ component: "inputs", text }] as const;
  return { node, status: "pending", changes, key: null, record: null };
}

/** Looks at all local data of a pipeline. */
async function observeSources(
  nodes: readonly Node[],
  { pipeline, root, store }: PlanRequest,
): Promise<Map<Node, Observed>> {
  const contents = new Map<Node, Observed>();
  const files: LocalSource[] = [];
  const where = { root: directoryOf(root), cacheDir: `${store.dir}/cache/sources` };
  const manifestOf = (tree: Digest) => store.manifestBytes?.(tree) ?? null;
  const place = { ...where, host: store.host, manifestOf };
  for (const { work } of nodes) {
    if (work.type === "source" && work.source.form === "file") files.push(work.source);
  }
  // Loaded only when there is local data.
  const fileContents = files.length === 0
    ? null
    : await (await import("../sources/local_files.ts")).observeFiles(files, place, pipeline.name);
  for (const node of nodes) {
    if (node.work.type !== "source") continue;
    const { source } = node.work;
    contents.set(
      node,
      fileContents?.get(source) ??
        await (await import("../sources/local_source.ts")).observe(source, place),
    );
  }
  return contents;
}

function directoryOf(url: URL): string {
  return decodeURIComponent(url.pathname).replace(/(?<=.)\/+$/, "");
}
