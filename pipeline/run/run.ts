/** Carries out a plan and reads the verdicts and report sections that came out of it. */

import { formatPath } from "../canonical.ts";
import { Failed, failureOf } from "../failure.ts";
import { remember } from "../history/remember.ts";
import { limitsOf } from "../plan/limits.ts";
import { targetsByName } from "../declare/pipeline.ts";
import { nodesOf } from "../plan/graph.ts";
import { checkAllResources, digestsOf, type PlanRequest } from "../plan/plan.ts";
import { Planner } from "../plan/planner.ts";
import { Programs } from "../code/programs.ts";
import type { RemoteCache } from "../remote/types.ts";
import { Packages, prepare } from "./run_packages.ts";
import { schedule } from "./scheduler.ts";
import type { InUse } from "../gc/in_use.ts";
import { DamagedObject, type Store } from "../store/store.ts";
import { checkWritable } from "../store/store_access.ts";
import type {
  Artifact,
  Digest,
  Node,
  Outcome,
  Plan,
  PlannedNode,
  Provider,
  RecordSummary,
  ReportSection,
  RunEvent,
  Verdict,
} from "../types.ts";

/** What to run. */
export interface RunRequest extends PlanRequest {
  readonly store: Store;
  /** Made by `plan` from the same request. */
  readonly plan: Plan;
  /** Local copies of data: packages as `DIR/NAME@VERSION/`, downloads as `DIR/SHA256` or `DIR/FILE_NAME`. */
  readonly packagesDir?: string;
  /**
   * Runs each stage twice, or once more where its result is stored, and fails those whose bytes differ. Plan with
   * `force`, so that stages with a stored result run. @default false
   */
  readonly checkDeterminism?: boolean;
  /** Results made elsewhere. @default none */
  readonly remote?: RemoteCache;
  /** Why this provider, for the history. */
  readonly providerReason?: string;
  /** The command line as it was typed, without passwords, for the history. */
  readonly typed?: string;
  readonly signal: AbortSignal;
  onEvent(event: RunEvent): void;
}

/** What came of a run. */
export interface RunResult {
  readonly paper: string;
  readonly preset: string;
  readonly provider: Provider;
  /** One a node, in the plan's order. */
  readonly outcomes: readonly Outcome[];
  /** True when every node ran or was cached. */
  readonly ok: boolean;
  readonly seconds: number;
  /** Empty while the verdict stage has not run. */
  readonly verdicts: readonly Verdict[];
  readonly sections: readonly ReportSection[];
  /** What was run, or found to be cached. */
  readonly plan: Plan;
  /** What the pipeline promises, by name: `verdicts`, `report`, `keep.<name>`. */
  readonly targets: Readonly<Record<string, Artifact>>;
  /** False for a partial run that leaves out a target. */
  readonly complete: boolean;
  /** Stages that gave the same bytes as before, when that was checked, by what they were compared with. */
  readonly sameBytes?: { readonly again: number; readonly stored: number };
}

/**
 * Runs what a plan says must run. Failures of nodes are in the outcomes; finished work is kept whatever happens.
 *
 * @throws {Failed} `package-missing` when stages cannot start at all.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { json, pipeline, plan, run, stage, Store } from "../mod.ts";
 * import { z } from "zod";
 *
 * // A project: a folder with deno.json and the modules of its stages.
 * const dir = await Deno.realPath(await Deno.makeTempDir());
 * const root = new URL(`file://${dir}/`);
 * await Deno.writeTextFile(new URL("deno.json", root), "{}");
 * await Deno.writeTextFile(
 *   new URL("square.ts", root),
 *   "export const run = ({ params, outputs }) => outputs.square.write(params.x ** 2);",
 * );
 * const square = stage({
 *   name: "square",
 *   describe: "Squares x",
 *   implementation: new URL("square.ts", root),
 *   inputs: {},
 *   params: z.object({ x: z.number() }),
 *   outputs: { square: json<number>() },
 * });
 * const paper = pipeline({
 *   name: "squares",
 *   title: "Squares",
 *   citation: "Folklore",
 *   summary: "Is the square of 3 equal to 9?",
 *   config: z.object({ x: z.number() }),
 *   build: ({ config }) => ({ keep: square({ inputs: {}, params: config }) }),
 * });
 *
 * const store = await Store.open(`${dir}/store`);
 * const where = { pipeline: paper, preset: "small", config: { x: 3 }, provider: "cpu", jobs: 1 } as const;
 * const request = { ...where, root, store };
 * const { signal } = new AbortController();
 * const { ok, outcomes } = await run({
 *   ...request,
 *   plan: await plan(request),
 *   signal,
 *   onEvent() {},
 * });
 * assert.ok(ok);
 * const bytes = await store.readObject(outcomes[0].outputs.square);
 * assert.equal(new TextDecoder().decode(bytes).trim(), "9");
 * ```
 */
export async function run(request: RunRequest): Promise<RunResult> {
  const { store, signal, onEvent } = request;
  const began = store.host.now();
  const start = performance.now();
  // Not built again: what fan-outs gave is known to the plan's own artifacts.
  const targets = request.plan.targets ?? targetsByName(request.pipeline.build(request));
  const sound = await withSoundTargets(request.plan, store, Object.values(targets));
  using mark = await markUse(sound, store);
  const whole = mark === null ? sound : { ...sound, nodes: withoutVanished(sound.nodes, store) };
  onEvent({ type: "planned", plan: whole });
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
      if (sameBytes === null) return await execute(store, attempt);
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
  const seconds = (performance.now() - start) / 1000;
  const planned = new Set(plan.nodes.map(({ node }) => node.id));
  const result: RunResult = {
    paper: plan.paper,
    preset: plan.preset,
    provider: plan.provider,
    outcomes,
    ok: outcomes.every(({ status }) => status === "ran" || status === "cached"),
    seconds,
    verdicts: await readOutput<Verdict>(store, outcomes, targets.verdicts, "verdictsSchema"),
    sections: await readOutput<ReportSection>(store, outcomes, targets.report, "sectionsSchema"),
    plan,
    targets,
    ...(sameBytes === null ? {} : { sameBytes }),
    complete: Object.values(targets).every(({ node }) => planned.has(node.id)),
  };
  await remember(request, began, result);
  return result;
}

/** Keeps `gc` from what a run counts on, unless it has nothing to do and all of it is rooted anyway. */
async function markUse(plan: Plan, store: Store): Promise<InUse | null> {
  const { paper, preset, nodes, partial } = plan;
  const rooted = ({ status, key, node }: PlannedNode) =>
    status === "cached" && store.lastKey(paper, preset, node.id) === key;
  if (nodes.every(rooted)) return null;
  const { InUse } = await import("../gc/in_use.ts");
  const mark = InUse.open(store);
  mark?.pin(
    [...nodes, ...partial?.given ?? []].flatMap(({ key, record }) =>
      key !== null && record !== null ? [key] : []
    ),
  );
  return mark;
}

/** What `gc` removed before the mark was made must run. */
function withoutVanished(nodes: readonly PlannedNode[], store: Store): readonly PlannedNode[] {
  const text = "its record is not in the store any more";
  return nodes.map((planned) =>
    planned.key === null || planned.record === null || store.hasRecord(planned.key)
      ? planned
      : { ...planned, status: "run", record: null, changes: [{ component: "missing", text }] }
  );
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

/** Targets are read by people without a stage in between, so damaged ones must run again first. */
async function withSoundTargets(
  plan: Plan,
  store: Store,
  targets: readonly Artifact[],
): Promise<Plan> {
  const ids = new Set(targets.map(({ node }) => node.id));
  const nodes: PlannedNode[] = [];
  for (const planned of plan.nodes) {
    const damage = ids.has(planned.node.id) ? await damageOf(planned, store) : null;
    const text = "a stored output was damaged";
    nodes.push(
      damage === null
        ? planned
        : { ...planned, status: "run", record: null, changes: [{ component: "missing", text }] },
    );
  }
  return { ...plan, nodes };
}

async function damageOf({ record }: PlannedNode, store: Store): Promise<DamagedObject | null> {
  try {
    for (const entry of Object.values(record?.outputs ?? {})) await store.verifyEntry(entry);
    return null;
  } catch (error) {
    if (error instanceof DamagedObject) return error;
    throw error;
  }
}

/** The list in a JSON output, empty when its node did not finish. */
async function readOutput<T>(
  store: Store,
  outcomes: readonly Outcome[],
  target: Artifact | undefined,
  schema: "verdictsSchema" | "sectionsSchema",
): Promise<readonly T[]> {
  if (target === undefined) return [];
  const { node, output } = target;
  const digest = outcomes.find(({ id }) => id === node.id)?.outputs[output];
  if (digest === undefined) return [];
  const value = JSON.parse(new TextDecoder().decode(await readTarget(store, digest, node.id)));
  const { [schema]: expected } = await import("./target_schema.ts");
  const { error } = expected.safeParse(value);
  if (error) {
    const { path, message } = error.issues[0];
    throw new Failed({
      code: "bad-output",
      message: `output "${output}"${path.length > 0 ? ` at ${formatPath(path)}` : ""}: ${message}`,
      where: node.id,
      mend: "Write what pipeline/types.ts describes; deno check finds most such mistakes.",
    });
  }
  return value;
}

/** What was found sound before may be damaged, or removed, by the time it is read. */
async function readTarget(store: Store, digest: Digest, where: string) {
  try {
    return await store.readObject(digest);
  } catch (error) {
    if (!(error instanceof DamagedObject)) throw error;
    const mend = "Run the same command again: it will be made again. Check the disk of the store.";
    throw new Failed({ code: "damaged", message: error.message, where, mend }, { cause: error });
  }
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
