/** The HTML report of a bundle: rendered from its records alone, so that anyone can render it again and compare. */

import { collectNodes } from "../report/collect.ts";
import { measurementsSchema, sectionsSchema, verdictsSchema } from "../run/target_schema.ts";
import type { Digest, Plan, ReportSection, StageRecord, Verdict } from "../types.ts";
import { nodesOfPlan, type PlanFile } from "./plan_file.ts";

/** What the report is made from. */
export interface ReportSource {
  readonly plan: PlanFile;
  /** By node. */
  readonly records: ReadonlyMap<string, StageRecord>;
  read(digest: Digest): Promise<Uint8Array>;
}

/** The page, or null when the bundle holds no verdicts or no report. */
export async function reportPage({ plan, records, read }: ReportSource): Promise<string | null> {
  const { verdicts, report, measurements } = plan.targets;
  if (verdicts === undefined || report === undefined) return null;
  const value = async ({ node, output }: { node: string; output: string }) =>
    JSON.parse(new TextDecoder().decode(await read(records.get(node)!.outputs[output].digest)));
  const nodes = nodesOfPlan(plan, () => null);
  const planned: Plan = {
    paper: plan.paper,
    preset: plan.preset,
    provider: plan.provider,
    nodes: plan.nodes.map(({ id, key }) => ({
      node: nodes.get(id)!,
      status: "cached",
      changes: [],
      key,
      record: records.get(id)!,
    })),
  };
  const outcomes = plan.nodes.map(({ id, stage, key }) => ({
    id,
    stage,
    status: "cached" as const,
    reason: "",
    seconds: 0,
    key,
    outputs: Object.fromEntries(
      Object.entries(records.get(id)!.outputs).map(([name, { digest }]) => [name, digest]),
    ),
  }));
  const byKey = new Map([...records.values()].map((record) => [record.key, record]));
  const collected = collectNodes(planned, outcomes, (key) => byKey.get(key) ?? null);
  const all = [...records.values()];
  const environment = (name: string) =>
    [...new Set(all.flatMap(({ components }) => components.environment[name] ?? []))].sort();
  const { renderReport } = await import("../report/render.ts");
  return await renderReport({
    paper: plan.paper,
    preset: plan.preset,
    provider: plan.provider,
    seconds: all.reduce((sum, { seconds }) => sum + seconds, 0),
    nodes: collected.nodes,
    verdicts: verdictsSchema.parse(await value(verdicts)) as Verdict[],
    sections: sectionsSchema.parse(await value(report)) as ReportSection[],
    ...(measurements === undefined
      ? {}
      : { measurements: measurementsSchema.parse(await value(measurements)) }),
  }, {
    title: plan.title,
    citation: plan.citation,
    summary: plan.summary,
    packages: collected.packages,
    deno: environment("deno").join(" and "),
    system: environment("system").join(" and ") || "any",
    command:
      `deno task reproduce ${plan.paper} --preset ${plan.preset} --provider ${plan.provider}`,
    // Of the results, not of this page: a bundle must not depend on when it was made, nor on which checkout.
    date: all.map(({ finished }) => finished).sort().at(-1)!,
    commit: null,
  });
}
