/** The numbers in what a run was for: its kept JSON artifacts and its verdicts. */

import { formatPath } from "../canonical.ts";
import { DamagedObject, type Store } from "../store/store.ts";
import type { Digest, OutputEntry } from "../types.ts";
import type { PastRun, PastVerdict } from "./past_run.ts";

/** Path of a number → the number; an infinity is null. */
export type Metrics = Readonly<Record<string, number | null>>;

/** Numbers taken from one artifact: beyond that they are data, not metrics. */
const MOST = 200;
/** Larger artifacts are data, not metrics. */
const LARGEST = 4 << 20;

/**
 * All numbers of the kept JSON artifacts of moderate size, as `keep.<name>.<path>`.
 * @returns the numbers, and names of the artifacts that were passed over because they are lost.
 */
export async function keptMetrics(
  store: Store,
  targets: Readonly<Record<string, Pick<OutputEntry, "digest" | "form" | "media">>>,
): Promise<{ metrics: Metrics; lost: string[] }> {
  const metrics: Record<string, number | null> = {};
  const lost: string[] = [];
  for (const [name, { digest, form, media }] of Object.entries(targets)) {
    if (!name.startsWith("keep.") || form !== "file" || media !== "application/json") continue;
    try {
      if (Deno.statSync(store.objectPath(digest)).size > LARGEST) continue;
      Object.assign(metrics, await numbersIn(store, digest, name));
    } catch (error) {
      const isGone = error instanceof DamagedObject || error instanceof Deno.errors.NotFound;
      if (!isGone && !(error instanceof SyntaxError)) throw error;
      lost.push(name);
    }
  }
  return { metrics, lost };
}

async function numbersIn(store: Store, digest: Digest, name: string): Promise<Metrics> {
  const found: Record<string, number> = {};
  const value = JSON.parse(new TextDecoder().decode(await store.readObject(digest)));
  return collect(value, [name], found, { left: MOST }) ? found : {};
}

/** @returns false when there are too many. */
function collect(
  value: unknown,
  path: PropertyKey[],
  found: Record<string, number>,
  budget: { left: number },
): boolean {
  if (typeof value === "number") {
    const [artifact, ...rest] = path;
    const text = rest.length === 0 ? "" : formatPath(rest);
    found[String(artifact) + (text === "" || text.startsWith("[") ? text : `.${text}`)] = value;
    return budget.left-- > 0;
  }
  if (typeof value !== "object" || value === null) return true;
  const isList = Array.isArray(value);
  return Object.entries(value).every(([key, part]) =>
    collect(part, [...path, isList ? Number(key) : key], found, budget)
  );
}

/** The numbers of verdicts, as `<claim>.effect` and so on. */
export function verdictMetrics(verdicts: readonly PastVerdict[]): Metrics {
  return Object.fromEntries(verdicts.flatMap(({ claim, effect, interval, p, n }) => [
    [`${claim}.effect`, effect],
    [`${claim}.interval[0]`, interval[0]],
    [`${claim}.interval[1]`, interval[1]],
    [`${claim}.p`, p],
    [`${claim}.n`, n],
  ]));
}

/** All metrics of a past run. */
export async function metricsOf(
  store: Store,
  run: PastRun,
): Promise<{ metrics: Metrics; lost: string[] }> {
  const { metrics, lost } = await keptMetrics(store, run.targets);
  return { metrics: { ...verdictMetrics(run.verdicts), ...metrics }, lost };
}
