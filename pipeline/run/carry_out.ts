/** Runs the nodes of a plan that are not up to date. Loaded only when there are some. */

import { Programs } from "../code/programs.ts";
import { targetsByName } from "../declare/pipeline.ts";
import { failureOf } from "../failure.ts";
import type { InUse } from "../gc/in_use.ts";
import { remember } from "../history/remember.ts";
import { nodesOf } from "../plan/graph.ts";
import { limitsOf } from "../plan/limits.ts";
import { checkMeasuring } from "../plan/measuring.ts";
import { checkAllResources, digestsOf } from "../plan/plan.ts";
import { Planner } from "../plan/planner.ts";
import { checkWritable } from "../store/store_access.ts";
import type { Node, Outcome, Plan, RecordSummary } from "../types.ts";
import type { RunRequest, RunResult } from "./run.ts";
import { Packages, prepare } from "./run_packages.ts";
import { schedule } from "./scheduler.ts";
import { withoutVanished } from "./up_to_date.ts";

/** A run that is under way. */
export interface UnderWay {
  /** Keeps `gc` from what the run counts on. */
  readonly mark: InUse | null;
  readonly began: Date;
  /** By `performance.now()`. */
  readonly start: number;
}

/** What came of the nodes. */
export interface CarriedOut {
  /** With the nodes that fan-outs gave. */
  readonly plan: Plan;
  readonly outcomes: readonly Outcome[];
  readonly sameBytes: RunResult["sameBytes"] | null;
}

/**
 * Brings every node of a plan to an outcome.
 *
 * @throws {Failed} `package-missing` when stages cannot start at all.
 */
export async function carryOut(
  request: RunRequest,
  whole: Plan,
  { mark, began, start }: UnderWay,
): Promise<CarriedOut> {
  const { store, signal, onEvent } = request;
  const targets = whole.targets ?? targetsByName(request.pipeline.build(request));
  const nodes = whole.nodes.map(({ node }) => node);
  const programs = new Programs(request.root, store);
  await programs.add(nodes);
  const programOf = programs.of;
  const root = directoryOf(request.root);
  const lockFile = await isFile(`${root}/deno.lock`) ? `${root}/deno.lock` : null;
  const packages = new Packages(
    (nodes) => prepare(nodes, programOf, { store, root, lockFile, signal, onEvent }),
    request.remote !== undefined,
  );
  if (whole.nodes.some(({ status }) => status !== "cached")) {
    checkWritable(store.dir, store.host);
    const { sweep } = await import("./attempt.ts");
    sweep(store);
    try {
      await packages.need(whole.nodes);
    } catch (error) {
      const failure = failureOf(error);
      const { paper, preset, provider } = whole;
      const seconds = (performance.now() - start) / 1000;
      const nothing = {
        paper,
        preset,
        provider,
        seconds,
        outcomes: [],
        verdicts: [],
        plan: whole,
        targets,
      };
      if (failure !== null) await remember(request, began, nothing, failure);
      throw error;
    }
  }
  const limits = limitsOf(request);
  const sameBytes = request.checkDeterminism ? { again: 0, stored: 0 } : null;
  let planner: Planner | null = null;
  const scheduled = await schedule({
    plan: whole,
    jobs: request.jobs,
    memory: limits.memory,
    slots: limits.slots,
    force: request.force ?? false,
    pin: (keys) => mark?.pin(keys) ?? false,
    finals: new Set(Object.values(targets).map(({ node }) => node.id)),
    store,
    signal,
    remote: request.remote,
    programOf,
    onEvent,
    async expand(map, recordOf) {
      planner ??= plannerOf(request, whole, programs, recordOf);
      const found = await planner.expand(map);
      checkMeasuring(found.map(({ node }) => node), targets);
      mark?.pin(found.flatMap(({ key, record }) => key !== null && record !== null ? [key] : []));
      const made = withoutVanished(found, store);
      checkAllResources(made, request);
      await packages.need(made);
      return made;
    },
    async execute({ node, key, program, content, ...task }) {
      if (content !== undefined) {
        const { importSource } = await import("../sources/local_import.ts");
        return await importSource(store, { node, content, signal });
      }
      if (node.work.type === "npm") {
        // Loaded only when something is to be downloaded.
        const { download } = await import("../sources/download.ts");
        const { packagesDir } = request;
        const { source } = node.work;
        return await download(store, { node, source, packagesDir, root, ...task });
      }
      if (node.work.type === "download") {
        const { downloadFile } = await import("../sources/download_work.ts");
        const { packagesDir } = request;
        return await downloadFile(store, { node, source: node.work.source, packagesDir, ...task });
      }
      await packages.ready();
      // Likewise: most runs have nothing to do, and loading is most of what they cost.
      const { execute } = await import("./executor.ts");
      const { provider } = whole;
      const attempt = { node, program: program!, provider, lockFile, ...task };
      const compared = sameBytes !== null && node.id !== targets.measurements?.node.id;
      if (!compared) return await execute(store, attempt);
      const { executeTwice } = await import("./determinism.ts");
      const stored = store.hit(key)?.outputs ?? null;
      const { finished, against } = await executeTwice(store, attempt, stored);
      sameBytes[against]++;
      return finished;
    },
  });
  const [plan, outcomes] = planner === null
    ? [whole, scheduled]
    : inOrder(whole, planner, scheduled);
  return { plan, outcomes, sameBytes };
}

/** Plans what comes of fan-outs while a plan runs. */
function plannerOf(
  request: RunRequest,
  plan: Plan,
  programs: Programs,
  recordOf: (node: Node) => RecordSummary | null,
): Planner {
  const outputsOf = (node: Node) => {
    const record = recordOf(node);
    return record === null ? null : digestsOf(record);
  };
  const planner = new Planner(request, outputsOf, programs);
  planner.take(plan);
  return planner;
}

/** The plan and its outcomes with the nodes of fan-outs in their place, each after those that it reads from. */
function inOrder(
  plan: Plan,
  { planned }: Planner,
  scheduled: readonly Outcome[],
): [Plan, readonly Outcome[]] {
  const byId = new Map(scheduled.map((outcome) => [outcome.id, outcome]));
  const nodes = nodesOf(plan.nodes).filter(({ id }) => byId.has(id));
  return [
    { ...plan, nodes: nodes.map((node) => planned.get(node)!) },
    nodes.map(({ id }) => byId.get(id)!),
  ];
}

function directoryOf(url: URL): string {
  return decodeURIComponent(url.pathname).replace(/(?<=.)\/+$/, "");
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch {
    return false;
  }
}
