/** `deno task explain`: for every node, would it run, and why. Runs nothing. */

import { upstreamOf } from "../plan/graph.ts";
import { plural, wrap } from "../report/format.ts";
import type { Change, Node, PartialPlan, Plan, PlannedNode } from "../types.ts";
import type { Command } from "./command.ts";
import { type ExplainJson, partialJson, plannedStatus } from "./json.ts";
import { mayComeLines, remoteOf, remoteOptions } from "./remote_options.ts";
import { openSession, planOptions } from "./session.ts";
import type { Paint } from "./terminal.ts";

const command: Command = {
  spec: {
    name: "explain",
    describe: "Says which stages would run and why, without running anything.",
    positional: { name: "paper", optional: false },
    options: {
      ...planOptions,
      ...remoteOptions,
      all: {
        type: "flag",
        describe: "One entry a node, with every change, also for cached nodes.",
      },
      json: { type: "flag", describe: "Print one JSON object." },
    },
    examples: ["deno task explain optima", "deno task explain optima --preset smoke --all"],
  },
  async run(args, io) {
    const remote = remoteOf(args);
    const session = await openSession(command.spec, args, io.place);
    session.store.close();
    const { plan } = session;
    if (args.flags.has("json")) {
      const json: ExplainJson = {
        paper: plan.paper,
        preset: plan.preset,
        provider: plan.provider,
        ...partialJson(plan),
        nodes: plan.nodes.map((p) => ({
          id: p.node.id,
          stage: p.node.stage,
          status: plannedStatus(p),
          changes: p.changes,
          key: p.key,
        })),
      };
      io.out.write(JSON.stringify(json) + "\n");
      return 0;
    }
    const width = io.out.width();
    const lines = args.flags.has("all")
      ? plan.nodes.flatMap((p) => groupLines([p], io.out.paint, width, true))
      : explainLines(plan, io.out.paint, width);
    io.out.write([...lines, ...mayComeLines(plan, remote)].join("\n") + "\n");
    return 0;
  },
};
export default command;

/** The plan in words: nodes of one stage with the same cause are one entry; a closing count. */
export function explainLines(plan: Plan, paint: Paint, width: number): string[] {
  const groups = new Map<string, PlannedNode[]>();
  const unfinished = new Set(plan.nodes.filter((p) => p.status !== "cached").map((p) => p.node));
  for (const planned of plan.nodes) {
    const p = waitingForStages(planned, unfinished);
    const id = JSON.stringify([p.node.stage, p.status, p.changes.map((c) => c.text)]);
    const group = groups.get(id);
    if (group) group.push(p);
    else groups.set(id, [p]);
  }
  const lines = [...groups.values()].flatMap((g) => groupLines(g, paint, width, false));
  const count = (status: PlannedNode["status"]) =>
    plan.nodes.filter((p) => p.status === status).length;
  const [run, pending, cached] = [count("run"), count("pending"), count("cached")];
  return [
    ...lines,
    "",
    ...(plan.partial ? [partialText(plan.partial)] : []),
    run + pending === 0
      ? `Nothing would run: ${plural(cached, "node")} cached.`
      : `${run} would run, ${pending} pending, ${cached} cached.` +
        (pending ? " A pending node runs unless what it waits for comes out the same." : ""),
  ];
}

/**
 * A pending node with what it waits for named by stage instead of node: those of one stage then have
 * the same cause and become one entry.
 */
function waitingForStages(planned: PlannedNode, unfinished: ReadonlySet<Node>): PlannedNode {
  if (planned.status !== "pending") return planned;
  const upstream = upstreamOf(planned.node).filter((n) => unfinished.has(n));
  const stages = [...new Set(upstream.map((n) => n.stage))];
  const changes = planned.changes.map((c): Change =>
    c.text.startsWith("waits for ") ? { ...c, text: `waits for ${stages.join(", ")}` } : c
  );
  return { ...planned, changes };
}

function partialText({ text, given }: PartialPlan): string {
  const rest = given.length === 0 ? "" : ` It reads ${plural(given.length, "node")} of the store.`;
  return `This is what ${text} chooses.${rest}`;
}

/** Ids listed for a group before the rest is only counted. */
const LISTED = 6;

function groupLines(
  group: readonly PlannedNode[],
  paint: Paint,
  width: number,
  all: boolean,
): string[] {
  const [first] = group;
  const words = {
    run: paint.warn("would run"),
    pending: paint.muted("pending"),
    cached: paint.good("cached"),
  };
  const name = group.length > 1 ? `${first.node.stage} ×${group.length}` : first.node.id;
  const indent = (text: string, mark: string) =>
    wrap(text, width - 4).map((line, i) => `${i === 0 ? mark : "    "}${line}`);
  const lines = [`${name}  ${words[first.status]}`];
  if (group.length > 1 && first.status !== "cached") {
    const ids = group.slice(0, LISTED).map((p) => p.node.id.slice(p.node.stage.length))
      .map((id) => id.replace(/^\[|\]$/g, ""));
    const more = group.length > LISTED ? ` and ${group.length - LISTED} more` : "";
    lines.push(...indent(ids.join(" · ") + more, "    "));
  }
  for (const change of all ? first.changes : first.changes.slice(0, 3)) {
    lines.push(...indent(change.text, "  • "));
    const { before, after } = change;
    // Two digests differ; that says nothing more.
    const isTelling = before !== undefined && after !== undefined && !isDigestLike(before + after);
    if (isTelling && !change.text.includes("→")) {
      lines.push(...indent(`${before} → ${after}`, "    "));
    }
  }
  if (!all && first.changes.length > 3) {
    lines.push(`    and ${plural(first.changes.length - 3, "more change")} (--all shows them)`);
  }
  return lines;
}

function isDigestLike(text: string): boolean {
  return /^[0-9a-f]{16,}$/.test(text);
}
