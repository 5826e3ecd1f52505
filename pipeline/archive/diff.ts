/** `bundle diff`: what two bundles have in common and what not, node by node. */

import { changesSince } from "../plan/change.ts";
import { verdictsSchema } from "../run/target_schema.ts";
import type { Change, Digest } from "../types.ts";
import { compareNumbers, type NumbersCompared } from "./numbers.ts";
import { type OpenBundle, parseJson, recordsByNode } from "./open_bundle.ts";

/** A node that is in both bundles and is not the same. */
export interface NodeDifference {
  readonly id: string;
  /** Null when the key is the same. */
  readonly key: { readonly before: Digest; readonly after: Digest } | null;
  /** What the keys differ in; the first is the cause. */
  readonly changes: readonly Change[];
  /** Outputs with other bytes. */
  readonly outputs: Readonly<Record<string, { before: Digest | null; after: Digest | null }>>;
}

/** A verdict that is not the same. */
export interface VerdictDifference {
  readonly claim: string;
  readonly before: string | null;
  readonly after: string | null;
  /** Fields with other numbers. */
  readonly fields: Readonly<Record<string, { before: unknown; after: unknown }>>;
}

/** The differences between two bundles. */
export interface BundleDifference {
  readonly same: boolean;
  readonly about: Readonly<Record<string, { before: string; after: string }>>;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly unchanged: number;
  readonly nodes: readonly NodeDifference[];
  readonly verdicts: readonly VerdictDifference[];
  /** JSON targets with other bytes, number by number. */
  readonly metrics: readonly ({ readonly target: string } & NumbersCompared)[];
}

/** Compares two bundles; `a` came before. */
export async function diffBundles(a: OpenBundle, b: OpenBundle): Promise<BundleDifference> {
  const [before, after] = [recordsByNode(a), recordsByNode(b)];
  const nodes: NodeDifference[] = [];
  let unchanged = 0;
  for (const [id, was] of before) {
    const is = after.get(id);
    if (is === undefined) continue;
    const names = new Set([...Object.keys(was.outputs), ...Object.keys(is.outputs)]);
    const outputs: Record<string, { before: Digest | null; after: Digest | null }> = {};
    for (const name of names) {
      const pair = {
        before: was.outputs[name]?.digest ?? null,
        after: is.outputs[name]?.digest ?? null,
      };
      if (pair.before !== pair.after) outputs[name] = pair;
    }
    if (was.key === is.key && Object.keys(outputs).length === 0) {
      unchanged++;
      continue;
    }
    nodes.push({
      id,
      key: was.key === is.key ? null : { before: was.key, after: is.key },
      changes: changesSince(was.components, is.components),
      outputs,
    });
  }
  const about: Record<string, { before: string; after: string }> = {};
  for (const field of ["paper", "preset", "provider", "title"] as const) {
    const pair = { before: a.plan[field], after: b.plan[field] };
    if (pair.before !== pair.after) about[field] = pair;
  }
  const added = [...after.keys()].filter((id) => !before.has(id));
  const removed = [...before.keys()].filter((id) => !after.has(id));
  const verdicts = await verdictDifferences(a, b);
  const metrics = await metricDifferences(a, b);
  const count = nodes.length + added.length + removed.length + verdicts.length + metrics.length;
  const same = count === 0 && Object.keys(about).length === 0;
  return { same, about, added, removed, unchanged, nodes, verdicts, metrics };
}

async function targetJson(bundle: OpenBundle, name: string): Promise<unknown> {
  const target = Object.hasOwn(bundle.plan.targets, name) ? bundle.plan.targets[name] : undefined;
  if (target === undefined) return undefined;
  const { digest, media } = recordsByNode(bundle).get(target.node)!.outputs[target.output];
  if (media !== "application/json") return undefined;
  return parseJson(await bundle.store.readObject(digest), `object ${digest.slice(0, 12)}`);
}

async function verdictDifferences(a: OpenBundle, b: OpenBundle): Promise<VerdictDifference[]> {
  const read = async (bundle: OpenBundle) => {
    const value = await targetJson(bundle, "verdicts");
    const list = value === undefined ? [] : verdictsSchema.parse(value);
    return new Map(list.map((verdict) => [verdict.claim, verdict]));
  };
  const [before, after] = [await read(a), await read(b)];
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((claim) => {
    const [was, is] = [before.get(claim), after.get(claim)];
    const fields: Record<string, { before: unknown; after: unknown }> = {};
    for (const name of ["effect", "interval", "p", "statistic", "n", "test"] as const) {
      const pair = { before: was?.[name] ?? null, after: is?.[name] ?? null };
      if (JSON.stringify(pair.before) !== JSON.stringify(pair.after)) fields[name] = pair;
    }
    const labels = { before: was?.verdict ?? null, after: is?.verdict ?? null };
    return labels.before === labels.after && Object.keys(fields).length === 0
      ? []
      : [{ claim, ...labels, fields }];
  });
}

async function metricDifferences(
  a: OpenBundle,
  b: OpenBundle,
): Promise<({ readonly target: string } & NumbersCompared)[]> {
  const found: ({ readonly target: string } & NumbersCompared)[] = [];
  for (const target of Object.keys(a.plan.targets)) {
    if (!target.startsWith("keep.")) continue;
    const [before, after] = [await targetJson(a, target), await targetJson(b, target)];
    if (before === undefined || after === undefined) continue;
    const numbers = compareNumbers(before, after);
    if (numbers.different > 0 || numbers.other.length > 0) found.push({ target, ...numbers });
  }
  return found;
}
