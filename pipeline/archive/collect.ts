/** Collects what a bundle holds: the records of a finished plan, its programs and every object they name. */

import { Failed } from "../failure.ts";
import { nodesOf } from "../plan/graph.ts";
import { type Pipeline, targetsByName } from "../declare/pipeline.ts";
import { programsOf } from "../plan/plan.ts";
import { selectNodes } from "../plan/selection.ts";
import type { Store } from "../store/store.ts";
import type { Artifact, Digest, Node, Plan, StageRecord } from "../types.ts";
import { type PlanFile, planNode, planVersion } from "./plan_file.ts";

/** What to collect. */
export interface CollectRequest {
  readonly pipeline: Pipeline;
  readonly config: unknown;
  readonly preset: string;
  readonly root: URL;
  readonly store: Store;
  /** As planned now; every node that is wanted must be cached. */
  readonly plan: Plan;
  /** How to make what is missing, e.g. `deno task reproduce toy`. */
  readonly command: string;
  /** Names of the targets whose closure is taken; all when not given. */
  readonly targets?: readonly string[];
  /** Patterns of nodes that are taken with all that they need, instead of targets; see `selection.ts`. */
  readonly until?: readonly string[];
}

/** An object of a bundle. */
export interface Blob {
  readonly digest: Digest;
  readonly bytes: number;
  /** The npm package and the path in it from which it can be had again. */
  readonly origin: Origin | null;
}

/** Where a data file comes from. */
export interface Origin {
  readonly url: string;
}

/** The contents of a bundle that come from the store. */
export interface Collected {
  readonly plan: PlanFile;
  /** By node, in the plan's order; nodes that do the same work share one. */
  readonly records: ReadonlyMap<string, StageRecord>;
  readonly blobs: ReadonlyMap<Digest, Blob>;
  /** Code of programs, which a store may lack when it was filled from elsewhere. */
  readonly programs: ReadonlyMap<Digest, Uint8Array<ArrayBuffer>>;
  readonly implementations: readonly URL[];
}

/**
 * Collects the records and objects of a plan.
 * @throws {Failed} `not-cached` when something has not run, with the command that runs it.
 */
export async function collect(request: CollectRequest): Promise<Collected> {
  const { pipeline, store, root, plan } = request;
  // Those of the plan, whose fan-outs are expanded.
  const all = plan.targets ?? targetsByName(pipeline.build(request));
  const { targets, wanted } = chosen(all, request);
  const planned = plan.nodes.filter(({ node }) => wanted.has(node));
  const missing = planned.filter(({ status }) => status !== "cached").map(({ node }) => node.id);
  if (missing.length > 0) {
    const some = missing.length > 3 ? [...missing.slice(0, 3), "…"] : missing;
    throw new Failed({
      code: "not-cached",
      message: `${missing.length} of ${planned.length} nodes have no result in the store ` +
        `(${some.join(", ")})`,
      where: `${plan.paper} (${plan.preset}, ${plan.provider})`,
      mend: `Run them first: ${request.command}`,
    });
  }
  const nodes = planned.map(({ node }) => node);
  const programOf = await programsOf(nodes, root, store);
  const rootPath = decodeURIComponent(root.pathname).replace(/\/+$/, "");
  const records = new Map<string, StageRecord>();
  const blobs = new Map<Digest, Blob>();
  const programs = new Map<Digest, Uint8Array<ArrayBuffer>>();
  const planNodes: PlanFile["nodes"] = [];
  const add = (digest: Digest, bytes: number, origin: Origin | null = null) => {
    if (!blobs.has(digest) || origin === null) blobs.set(digest, { digest, bytes, origin });
  };
  for (const { node, key } of planned) {
    // The plan holds a summary; `hit` has found the whole to be there.
    const record = store.getRecord(key!)!;
    records.set(node.id, record);
    const program = programOf(node);
    if (program !== null) {
      programs.set(program.digest, program.code);
      add(program.digest, program.code.length);
    }
    const summary = program && { ...program, bytes: program.code.length };
    planNodes.push(planNode(node, { record, program: summary, root: rootPath }));
    for (const [name, entry] of Object.entries(record.outputs)) {
      await verified(() => store.verifyEntry(entry), node, name, request);
      if (entry.form === "file") {
        add(entry.digest, entry.bytes, originOf(node, ""));
        continue;
      }
      add(entry.digest, sizeOf(store, entry.digest)!);
      for (const file of store.treeFiles(entry.digest)) {
        const known = blobs.get(file.digest);
        if (known === undefined) add(file.digest, file.bytes, originOf(node, file.path));
        // What a stage made counts as its own, though a package holds the same bytes.
        else if (known.origin !== null && originOf(node, file.path) === null) {
          add(file.digest, file.bytes);
        }
      }
    }
    // A log says nothing that a result depends on; an old one may have been removed.
    const { log } = record;
    const logBytes = log === null ? null : sizeOf(store, log);
    if (log !== null && logBytes !== null) {
      await verified(() => store.verify(log), node, "log", request);
      add(log, logBytes);
    }
  }
  return {
    plan: {
      version: planVersion,
      paper: plan.paper,
      title: pipeline.title,
      citation: pipeline.citation,
      summary: pipeline.summary,
      preset: plan.preset,
      provider: plan.provider,
      targets: Object.fromEntries(
        Object.entries(targets).map(([name, a]) => [name, { node: a.node.id, output: a.output }]),
      ),
      nodes: planNodes,
    },
    records,
    blobs,
    programs,
    implementations: nodes.flatMap(({ work }) =>
      work.type === "module" ? [work.implementation] : []
    ),
  };
}

/** The targets that are taken, and the nodes. */
function chosen(
  all: Readonly<Record<string, Artifact>>,
  { targets: names, until, plan }: CollectRequest,
): { targets: Record<string, Artifact>; wanted: ReadonlySet<Node> } {
  if (until !== undefined) {
    const wanted = selectNodes(plan.nodes.map(({ node }) => node), { until });
    const within = Object.entries(all).filter(([, { node }]) => wanted.has(node));
    return { targets: Object.fromEntries(within), wanted };
  }
  for (const name of names ?? []) {
    if (Object.hasOwn(all, name)) continue;
    throw new Failed({
      code: "unknown-target",
      message: `there is no target "${name}"`,
      where: plan.paper,
      mend: `The targets are ${Object.keys(all).join(", ")}.`,
    });
  }
  const targets = Object.fromEntries(
    Object.entries(all).filter(([name]) => names === undefined || names.includes(name)),
  );
  return { targets, wanted: new Set(nodesOf(Object.values(targets))) };
}

async function verified(
  check: () => Promise<void>,
  node: Node,
  what: string,
  { command }: CollectRequest,
): Promise<void> {
  try {
    await check();
  } catch (error) {
    if (!(error instanceof Error && error.name === "DamagedObject")) throw error;
    throw new Failed({
      code: "damaged",
      message: `"${what}" cannot be bundled: ${error.message}`,
      where: node.id,
      mend: `Make it again: ${command}`,
    }, { cause: error });
  }
}

function sizeOf(store: Store, digest: Digest): number | null {
  try {
    return Deno.statSync(store.objectPath(digest)).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** Where a node's file can be had without this bundle; null for what was computed. */
function originOf({ work }: Node, path: string): Origin | null {
  switch (work.type) {
    case "npm": {
      const { package: name, version } = work.source;
      // A mirror of the registry that serves single files of packages.
      const parts = path.split("/").map(encodeURIComponent).join("/");
      return { url: `https://unpkg.com/${name}@${version}/${parts}` };
    }
    case "download":
      return { url: work.source.url };
    case "module":
    case "source":
    case "map":
      return null;
  }
}
