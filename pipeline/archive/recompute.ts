/** Computes the verdicts of a bundle again, from the bundled program and inputs, and compares bytes. */

import { Failed } from "../failure.ts";
import { hasProcessLimits } from "./limited_host.ts";
import type { OutputEntry } from "../types.ts";
import { type Check, short } from "./checks.ts";
import { missingPackages, runConfined } from "./confined.ts";
import { inputEntries } from "./inputs.ts";
import { type OpenBundle, recordsByNode, threadsIn } from "./open_bundle.ts";
import { nodesOfPlan, type PlanNode } from "./plan_file.ts";
import { reportPage } from "./report_page.ts";

/** How stages of a bundle may be run. */
export interface Running {
  /** Fetch npm packages that Deno has not cached. */
  readonly network: boolean;
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
}

/** The targets that people read. */
const TARGETS = ["verdicts", "report"] as const;

/** Runs the stages of the verdicts and of the report again. The bundle's contents must be consistent. */
export async function recomputed(bundle: OpenBundle, running: Running): Promise<Check[]> {
  const { plan } = bundle;
  const checks: Check[] = [];
  const seen = new Set<string>();
  for (const target of TARGETS) {
    const id = plan.targets[target]?.node;
    const node = plan.nodes.find((node) => node.id === id);
    if (node === undefined || seen.has(node.id)) continue;
    seen.add(node.id);
    checks.push(await recompute(bundle, target, node, running));
  }
  if (checks.length === 0) {
    const problems: string[] = [];
    checks.push({ name: "verdicts", status: "skipped", what: "the bundle has none", problems });
  }
  return checks;
}

async function recompute(
  bundle: OpenBundle,
  name: string,
  planned: PlanNode,
  running: Running,
): Promise<Check> {
  const { plan, store } = bundle;
  const { id, work } = planned;
  const what = `computed again by ${id}`;
  const open = (...problems: string[]): Check => ({ name, status: "open", what, problems });
  if (work.type !== "module") return open(`${id} is no stage`);
  if (work.provider) {
    return open(`${id} computes tensors; "verify --rerun" runs it with the others`);
  }
  if ((work.env ?? work.programs) !== undefined) {
    return open(`${id} uses variables or programs of the machine, which no bundle is given`);
  }
  const records = recordsByNode(bundle);
  const record = records.get(id)!;
  const inputs: Record<string, OutputEntry[]> = {};
  for (const [name, entries] of Object.entries(inputEntries(bundle, planned))) {
    inputs[name] = entries.filter((entry) => entry !== null);
    const here = inputs[name].filter((entry) => store.has(entry)).length;
    if (here < entries.length) return open(`${id}: input ${name} is outside the bundle`);
  }
  const lock = lockFileOf(bundle);
  const access = { ...running, store, lockFile: lock };
  const missing = await missingPackages(work.program.specifiers, access);
  if (missing.length > 0) return open(...missing);
  try {
    const { outputs } = await runConfined(store, {
      node: nodesOfPlan(plan, () => null).get(id)!,
      code: Deno.readFileSync(store.objectPath(work.program.digest)),
      specifiers: work.program.specifiers,
      inputs,
      provider: plan.provider,
      threads: threadsIn(record) ?? 1,
      lockFile: lock,
      timeoutSeconds: running.timeoutSeconds,
      signal: running.signal,
    });
    const problems = Object.entries(record.outputs).flatMap(([output, { digest }]) => {
      const now = outputs[output]?.digest;
      if (now === digest) return [];
      return [`${id}: ${output} is ${short(now ?? "nothing")}, the bundle says ${short(digest)}`];
    });
    const ran = record.components.environment.deno;
    if (problems.length > 0 && ran !== Deno.version.deno) {
      problems.push(`it was made with Deno ${ran}; this is ${Deno.version.deno}`);
    }
    return { name, status: problems.length === 0 ? "ok" : "failed", what, problems };
  } catch (error) {
    if (!(error instanceof Failed)) throw error;
    const limits = hasProcessLimits() ? "" : " (this system has no prlimit)";
    return { name, status: "failed", what, problems: [error.failure.message + limits] };
  }
}

/** The lock file in a bundle's sources. */
export function lockFileOf({ dir, payload }: OpenBundle): string | null {
  return payload.has("sources/deno.lock") ? `${dir}/sources/deno.lock` : null;
}

/** Whether `report.html` is what the records give, as far as this engine is the one that made it. */
export async function reportRendered(bundle: OpenBundle): Promise<Check> {
  const name = "report.html";
  const what = "rendered again from the records";
  const page = bundle.texts.get(name);
  const expected = await reportPage({
    plan: bundle.plan,
    records: recordsByNode(bundle),
    read: (digest) => bundle.store.readObject(digest),
  });
  if (expected === null) {
    return page === undefined
      ? { name, status: "skipped", what: "the bundle has none", problems: [] }
      : { name, status: "failed", what, problems: ["there is a page, but no verdicts or report"] };
  }
  if (page === undefined) return { name, status: "failed", what, problems: ["it is missing"] };
  if (new TextDecoder().decode(page) === expected) {
    return { name, status: "ok", what, problems: [] };
  }
  return sameRenderer(bundle)
    ? { name, status: "failed", what, problems: ["it says something else than the records"] }
    : {
      name,
      status: "skipped",
      what: "not compared: another version of the engine made it",
      problems: [],
    };
}

/** True when the bundle's own sources of the report are those that run here. */
function sameRenderer({ dir, payload }: OpenBundle): boolean {
  const own = new URL("../report/", import.meta.url);
  for (const entry of Deno.readDirSync(own)) {
    if (!entry.isFile) continue;
    const path = `sources/pipeline/report/${entry.name}`;
    if (!payload.has(path)) return false;
    const [here, there] = [Deno.readFileSync(new URL(entry.name, own)), `${dir}/${path}`];
    if (new TextDecoder().decode(here) !== Deno.readTextFileSync(there)) return false;
  }
  return true;
}
