/** `bundle verify --rerun`: runs everything in an empty store, from the bundle alone, and compares. */

import type { z } from "zod";
import type { Bundle } from "../code/code_identity.ts";
import { environmentOf } from "../plan/environment.ts";
import { Failed } from "../failure.ts";
import { schedule, type Task } from "../run/scheduler.ts";
import { Store } from "../store/store.ts";
import { verdictsSchema } from "../run/target_schema.ts";
import type { Digest, Node, Outcome, OutputEntry, Plan, Provider, StageRecord } from "../types.ts";
import { programOf } from "./checks.ts";
import { missingPackages, runConfined } from "./confined.ts";
import { limitedHost, type Limits } from "./limited_host.ts";
import { compareNumbers, type NumbersCompared, relativeDifference } from "./numbers.ts";
import { type OpenBundle, parseJson, recordsByNode, threadsIn } from "./open_bundle.ts";
import { nodesOfPlan, type PlanNode } from "./plan_file.ts";
import { lockFileOf, type Running } from "./recompute.ts";

/** How to run a bundle again. */
export interface RerunRequest extends Running {
  /** Null: `wasm` where tensors are computed. */
  readonly provider: Provider | null;
  /** Lets the bundle run native code, and use the variables and programs that it declares. */
  readonly trust: boolean;
  readonly limits: Limits;
  /** Core slots. */
  readonly jobs: number;
  /** How far numbers of verdicts may be off, relative to their size, where bytes cannot be equal. */
  readonly tolerance: number;
  onOutcome(outcome: Outcome): void;
}

/** One node, run again. */
export interface NodeRerun {
  readonly id: string;
  /**
   * `same`: every output has the same bytes. `differs`: it should have, and has not. `expected`: it has
   * other bytes, as it may on another provider or instruction set, or because it measures. `failed`, `skipped`: it did not run.
   */
  readonly status: "same" | "differs" | "expected" | "failed" | "skipped";
  readonly text: string;
  readonly outputs: Readonly<Record<string, { before: Digest; after: Digest | null }>>;
}

/** A kept JSON artifact or the verdicts, number by number. */
export interface ArtifactRerun extends NumbersCompared {
  readonly target: string;
}

/** What came of running a bundle again. */
export interface Rerun {
  readonly provider: Provider;
  readonly nodes: readonly NodeRerun[];
  readonly artifacts: readonly ArtifactRerun[];
  /** Verdicts that are not the same, or whose numbers are off by more than the tolerance. */
  readonly verdicts: readonly string[];
  readonly claims: number;
  readonly ok: boolean;
}

/** Ids of nodes whose data are not in the bundle (`fetch.txt` lists them), without which nothing can run. */
export function dataOutside(bundle: OpenBundle): string[] {
  const records = recordsByNode(bundle);
  return bundle.plan.nodes.filter(({ id, work }) =>
    work.type !== "module" &&
    Object.values(records.get(id)!.outputs).some((entry) => !bundle.store.has(entry))
  ).map(({ id }) => id);
}

/** @throws {Failed} `rerun` when it cannot start: packages or data are missing. */
export async function rerunBundle(bundle: OpenBundle, request: RerunRequest): Promise<Rerun> {
  const { plan } = bundle;
  const records = recordsByNode(bundle);
  const tensors = plan.nodes.some(({ work }) => work.type === "module" && work.provider);
  const provider = request.provider ?? (tensors ? "wasm" : plan.provider);
  checkTrust(bundle, provider, request.trust);
  const host = limitedHost(request.limits);
  const store = await Store.open(`${bundle.dir}/rerun`, host);
  const lockFile = lockFileOf(bundle);
  await preparePackages(bundle, provider, { ...request, store, lockFile });
  const byId = new Map(plan.nodes.map((node) => [node.id, node]));
  const nodes = nodesOfPlan(plan, ({ id }) => threadsIn(records.get(id)));
  const programs = new Map(plan.nodes.map((node) => [node.id, codeOf(bundle, node, records)]));
  const turns = new Turns(request.jobs);
  const outcomes = await schedule({
    plan: coldPlan(bundle, nodes, provider),
    // Threads are part of results: a node gets those that it had, however few cores there are. Processes
    // take turns, because a stranger may state any number.
    jobs: Math.max(request.jobs, ...[...nodes.values()].map(({ cores }) => cores)),
    force: false,
    store,
    signal: request.signal,
    programOf: ({ id }) => programs.get(id)!,
    async execute({ node, program, inputs, threads, signal }: Task) {
      const { work } = byId.get(node.id)!;
      if (work.type !== "module") return await dataOf(bundle, store, records.get(node.id)!, node);
      return await turns.take(() =>
        runConfined(store, {
          node,
          code: program!.code,
          specifiers: program!.specifiers,
          inputs,
          provider,
          threads,
          lockFile,
          timeoutSeconds: request.timeoutSeconds,
          signal,
        })
      );
    },
    onEvent(event) {
      if (event.type === "finished") request.onOutcome(event.outcome);
    },
  });
  request.signal.throwIfAborted();
  const compared = compareNodes(bundle, records, outcomes, provider);
  const final = new Map(outcomes.map(({ id, outputs }) => [id, outputs]));
  const artifacts = await compareTargets(bundle, records, store, final);
  const verdicts = await compareVerdicts(bundle, records, store, final, request.tolerance);
  const good = compared.every(({ status }) => status === "same" || status === "expected");
  return {
    provider,
    nodes: compared,
    artifacts,
    verdicts: verdicts.problems,
    claims: verdicts.claims,
    ok: good && verdicts.problems.length === 0,
  };
}

/** Lets so many run at a time. */
class Turns {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = Math.max(1, count);
  }

  async take<T>(run: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await run();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }
}

/** What needs no trust: WebAssembly, and nothing of this machine. */
function checkTrust({ plan }: OpenBundle, provider: Provider, trust: boolean): void {
  if (trust) return;
  const refuse = (message: string, where?: string) => {
    throw new Failed({
      code: "untrusted",
      message,
      where,
      mend: "Add --trust if you trust whoever made this bundle as you trust a program you install.",
    });
  };
  if (
    provider !== "wasm" && plan.nodes.some(({ work }) => work.type === "module" && work.provider)
  ) {
    refuse(`the provider ${provider} runs native code`);
  }
  for (const { id, work } of plan.nodes) {
    if (work.type === "module" && (work.env ?? work.programs) !== undefined) {
      refuse("it wants variables or programs of this machine", id);
    }
  }
}

/** A plan in which nothing has run. */
function coldPlan(
  { plan }: OpenBundle,
  nodes: ReadonlyMap<string, Node>,
  provider: Provider,
): Plan {
  return {
    paper: plan.paper,
    preset: plan.preset,
    provider,
    nodes: plan.nodes.map(({ id, work }) => ({
      node: nodes.get(id)!,
      status: "run",
      changes: [],
      key: null,
      record: null,
      ...(work.type === "source" ? { content: work.source } : {}),
    })),
  };
}

function codeOf(
  { store }: OpenBundle,
  node: PlanNode,
  records: ReadonlyMap<string, StageRecord>,
): Bundle | null {
  const program = programOf(node, records.get(node.id));
  if (program === null) return null;
  return { ...program, code: Deno.readFileSync(store.objectPath(program.digest)) };
}

async function preparePackages(
  { plan }: OpenBundle,
  provider: Provider,
  access: Parameters<typeof missingPackages>[1],
): Promise<void> {
  const specifiers = new Set(
    plan.nodes.flatMap(({ work }) => work.type === "module" ? work.program.specifiers : []),
  );
  // A program names both runtimes and loads one; the native one is of no use without native code.
  if (provider !== "cpu" && provider !== "cuda") {
    for (const specifier of specifiers) {
      if (specifier.startsWith("npm:onnxruntime-node@")) specifiers.delete(specifier);
    }
  }
  const missing = await missingPackages([...specifiers].sort(), access);
  if (missing.length === 0) return;
  throw new Failed({
    code: "rerun",
    message: `packages are missing: ${missing.join("; ")}`,
    mend: access.network ? "Check the network." : "Run without --offline, or fill Deno's cache.",
  });
}

/** Data: its files come from the bundle; what they must be is pinned. */
async function dataOf(bundle: OpenBundle, store: Store, record: StageRecord, node: Node) {
  const outputs: Record<string, OutputEntry> = {};
  for (const [name, entry] of Object.entries(record.outputs)) {
    if (!bundle.store.has(entry)) {
      throw new Failed({
        code: "rerun",
        message: `its data are outside the bundle (fetch.txt)`,
        where: node.id,
        mend: "Make the bundle with its data, or import it and run `deno task reproduce`.",
      });
    }
    const path = `${store.dir}/tmp/${store.host.unique()}`;
    await bundle.store.materialize(entry, path);
    const [stored] = await store.put([{ path, form: entry.form }]);
    store.host.files.remove(path);
    outputs[name] = { ...entry, ...stored };
  }
  return { outputs, log: null };
}

function compareNodes(
  { plan: { nodes, targets } }: OpenBundle,
  records: ReadonlyMap<string, StageRecord>,
  outcomes: readonly Outcome[],
  provider: Provider,
): NodeRerun[] {
  const byId = new Map(outcomes.map((outcome) => [outcome.id, outcome]));
  const reasons = new Map<string, string>();
  return nodes.map((node): NodeRerun => {
    const { id } = node;
    const outcome = byId.get(id)!;
    const record = records.get(id)!;
    const outputs = Object.fromEntries(
      Object.entries(record.outputs).map(([name, { digest }]) => [
        name,
        { before: digest, after: outcome.outputs[name] ?? null },
      ]),
    );
    if (outcome.status === "failed" || outcome.status === "skipped") {
      return { id, status: outcome.status, text: outcome.reason, outputs };
    }
    const bound = ownReason(node, record, provider) ?? inherited(node, reasons);
    if (bound !== null) reasons.set(id, bound);
    // Only for itself: what a node reads that it should not have read is compared.
    const why = bound ?? (id === targets.measurements?.node ? "it measures" : null);
    if (Object.values(outputs).every(({ before, after }) => before === after)) {
      return { id, status: "same", text: "", outputs };
    }
    return why === null
      ? { id, status: "differs", text: "other bytes than the bundle says", outputs }
      : { id, status: "expected", text: `differs (${why})`, outputs };
  });
}

/** Why a node may give other bytes here than where the bundle was made; null when it may not. */
function ownReason({ work }: PlanNode, record: StageRecord, provider: Provider): string | null {
  if (work.type !== "module" || !work.provider) return null;
  const before = record.components.environment;
  if (before.provider !== provider) return `other provider: ${before.provider}, now ${provider}`;
  const kept = { type: "module", provider: true, implementation: new URL("bundle:") } as const;
  const now = environmentOf(kept, provider, Number(before.threads ?? 1));
  for (const name of Object.keys(before)) {
    if (name === "deno" || now[name] === before[name]) continue;
    return `other ${name}: ${before[name]}, now ${now[name] ?? "none"}`;
  }
  return null;
}

function inherited({ inputs }: PlanNode, reasons: ReadonlyMap<string, string>): string | null {
  for (const { from } of Object.values(inputs)) {
    for (const { node } of from) {
      const why = reasons.get(node);
      if (why !== undefined) return why;
    }
  }
  return null;
}

type Final = ReadonlyMap<string, Readonly<Record<string, Digest>>>;

async function readJson(store: Store, digest: Digest): Promise<unknown> {
  return parseJson(await store.readObject(digest), `object ${digest.slice(0, 12)}`);
}

async function readVerdicts(
  store: Store,
  digest: Digest,
): Promise<z.output<typeof verdictsSchema>> {
  const { data } = verdictsSchema.safeParse(await readJson(store, digest));
  if (data !== undefined) return data;
  const where = `object ${digest.slice(0, 12)}`;
  throw new Failed({ code: "rerun", message: "these are not verdicts", where });
}

/** Targets that are text for people, or that differ from run to run. */
const UNCOMPARED = new Set(["report", "measurements"]);

/** The JSON targets whose bytes are not the same, number by number. */
async function compareTargets(
  { plan, store: bundled }: OpenBundle,
  records: ReadonlyMap<string, StageRecord>,
  store: Store,
  final: Final,
): Promise<ArtifactRerun[]> {
  const compared: ArtifactRerun[] = [];
  for (const [target, { node, output }] of Object.entries(plan.targets)) {
    const { media, digest } = records.get(node)!.outputs[output];
    const after = final.get(node)?.[output];
    if (media !== "application/json" || after === undefined || UNCOMPARED.has(target)) continue;
    const numbers = after === digest
      ? { numbers: 0, different: 0, largest: null, other: [] }
      : compareNumbers(await readJson(bundled, digest), await readJson(store, after));
    compared.push({ target, ...numbers });
  }
  return compared;
}

async function compareVerdicts(
  { plan, store: bundled }: OpenBundle,
  records: ReadonlyMap<string, StageRecord>,
  store: Store,
  final: Final,
  tolerance: number,
): Promise<{ claims: number; problems: string[] }> {
  const target = plan.targets.verdicts;
  if (target === undefined) return { claims: 0, problems: [] };
  const { digest } = records.get(target.node)!.outputs[target.output];
  const after = final.get(target.node)?.[target.output];
  if (after === undefined) return { claims: 0, problems: ["there are no verdicts"] };
  const before = await readVerdicts(bundled, digest);
  const now = new Map(
    (await readVerdicts(store, after)).map((verdict) => [verdict.claim, verdict]),
  );
  const problems = before.flatMap((verdict) => {
    const again = now.get(verdict.claim);
    if (again === undefined) return [`${verdict.claim}: there is no verdict`];
    if (again.verdict !== verdict.verdict) {
      return [`${verdict.claim}: ${verdict.verdict}, now ${again.verdict}`];
    }
    return (["effect", "statistic"] as const).flatMap((name) => {
      const [a, b] = [verdict[name], again[name]];
      if (a === b || a === null || b === null) return a === b ? [] : [`${verdict.claim}: ${name}`];
      const off = relativeDifference(a, b);
      return off <= tolerance
        ? []
        : [`${verdict.claim}: ${name} ${a}, now ${b} (off by ${(100 * off).toFixed(1)} %)`];
    });
  });
  return { claims: before.length, problems };
}
