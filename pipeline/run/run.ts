/** Carries out a plan and reads the verdicts and report sections that came out of it. */

import { formatPath } from "../canonical.ts";
import { targetsByName } from "../declare/pipeline.ts";
import { Failed } from "../failure.ts";
import type { InUse } from "../gc/in_use.ts";
import type { PastRun } from "../history/past_run.ts";
import { remember } from "../history/remember.ts";
import type { PlanRequest } from "../plan/plan.ts";
import type { RemoteCache } from "../remote/types.ts";
import { DamagedObject, type Store } from "../store/store.ts";
import type {
  Artifact,
  Digest,
  MeasurementTable,
  Outcome,
  Plan,
  PlannedNode,
  Provider,
  ReportSection,
  RunEvent,
  Verdict,
} from "../types.ts";
import { upToDate, withoutVanished } from "./up_to_date.ts";

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
  readonly measurements: readonly MeasurementTable[];
  /** What was run, or found to be cached. */
  readonly plan: Plan;
  /** What the pipeline promises, by name: `verdicts`, `report`, `measurements`, `keep.<name>`. */
  readonly targets: Readonly<Record<string, Artifact>>;
  /** False for a partial run that leaves out a target. */
  readonly complete: boolean;
  /** Stages that gave the same bytes as before, when that was checked, by what they were compared with. */
  readonly sameBytes?: { readonly again: number; readonly stored: number };
  /** As the history has it; null when it could not be written. */
  readonly past: PastRun | null;
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
  try {
    return await runOnce(request, false);
  } catch (error) {
    // A target was found sound, and then damaged or removed before it was read: it is made again.
    const lost = error instanceof Failed && error.cause instanceof DamagedObject;
    if (!lost || request.force || request.signal.aborted) throw error;
    return await runOnce(request, true);
  }
}

/** @param always Mark the store as in use also when there is nothing to run. */
async function runOnce(request: RunRequest, always: boolean): Promise<RunResult> {
  const { store, onEvent } = request;
  const began = store.host.now();
  const start = performance.now();
  // Not built again: what fan-outs gave is known to the plan's own artifacts.
  const targets = request.plan.targets ?? targetsByName(request.pipeline.build(request));
  const sound = await withSoundTargets(request.plan, store, Object.values(targets));
  using mark = await markUse(sound, store, always);
  const whole = mark === null ? sound : { ...sound, nodes: withoutVanished(sound.nodes, store) };
  onEvent({ type: "planned", plan: whole });
  const idle = whole.nodes.every(({ status, record }) => status === "cached" && record !== null);
  const { plan, outcomes, sameBytes } = idle
    ? {
      plan: whole,
      outcomes: upToDate(whole, store, onEvent),
      sameBytes: nothingCompared(request),
    }
    : await (await import("./carry_out.ts")).carryOut(request, whole, { mark, began, start });
  const seconds = (performance.now() - start) / 1000;
  const planned = new Set(plan.nodes.map(({ node }) => node.id));
  const result: Omit<RunResult, "past"> = {
    paper: plan.paper,
    preset: plan.preset,
    provider: plan.provider,
    outcomes,
    ok: outcomes.every(({ status }) => status === "ran" || status === "cached"),
    seconds,
    verdicts: await readOutput<Verdict>(store, outcomes, targets.verdicts, "verdictsSchema"),
    sections: await readOutput<ReportSection>(store, outcomes, targets.report, "sectionsSchema"),
    measurements: await readOutput<MeasurementTable>(
      store,
      outcomes,
      targets.measurements,
      "measurementsSchema",
    ),
    plan,
    targets,
    ...(sameBytes === null ? {} : { sameBytes }),
    complete: Object.values(targets).every(({ node }) => planned.has(node.id)),
  };
  return { ...result, past: await remember(request, began, result) };
}

/** What a determinism check found when there was nothing to run. */
function nothingCompared({ checkDeterminism }: RunRequest): RunResult["sameBytes"] | null {
  return checkDeterminism ? { again: 0, stored: 0 } : null;
}

/** Keeps `gc` from what a run counts on, unless it has nothing to do and all of it is rooted anyway. */
async function markUse(plan: Plan, store: Store, always: boolean): Promise<InUse | null> {
  const { paper, preset, nodes, partial } = plan;
  const rooted = ({ status, key, node }: PlannedNode) =>
    status === "cached" && store.lastKey(paper, preset, node.id) === key;
  if (!always && nodes.every(rooted)) return null;
  const { InUse } = await import("../gc/in_use.ts");
  const mark = InUse.open(store);
  mark?.pin(
    [...nodes, ...partial?.given ?? []].flatMap(({ key, record }) =>
      key !== null && record !== null ? [key] : []
    ),
  );
  return mark;
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
  schema: "verdictsSchema" | "sectionsSchema" | "measurementsSchema",
): Promise<readonly T[]> {
  if (target === undefined) return [];
  const { node, output } = target;
  const digest = outcomes.find(({ id }) => id === node.id)?.outputs[output];
  if (digest === undefined) return [];
  const value = JSON.parse(new TextDecoder().decode(await readTarget(store, digest, node.id)));
  const { [schema]: expected } = await import("./target_schema.ts");
  // Compiling the schema costs more than this one use of it.
  const { error } = expected.safeParse(value, { jitless: true });
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
