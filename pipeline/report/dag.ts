/** Draws the DAG as SVG: one box a stage, however many nodes it has. */

import { instance } from "@viz-js/viz";
import { duration } from "./format.ts";
import type { ReportedNode } from "./model.ts";

/** A stage as drawn. */
export interface StageBox {
  readonly stage: string;
  readonly describe: string;
  readonly nodes: readonly ReportedNode[];
  /** The worst that happened to any node: failed, then skipped, ran, cached. */
  readonly status: ReportedNode["status"];
  /** Seconds of all nodes when they last ran. */
  readonly seconds: number;
  /** Stages that it reads from. */
  readonly inputs: readonly string[];
}

/** Nodes by stage, in topological order. */
export function stageBoxes(nodes: readonly ReportedNode[]): StageBox[] {
  const stageOf = new Map(nodes.map((n) => [n.id, n.stage]));
  const groups = new Map<string, ReportedNode[]>();
  for (const node of nodes) {
    const group = groups.get(node.stage);
    if (group) group.push(node);
    else groups.set(node.stage, [node]);
  }
  return [...groups].map(([stage, group]) => ({
    stage,
    describe: group[0].describe,
    nodes: group,
    status:
      (["failed", "skipped", "ran"] as const).find((s) => group.some((n) => n.status === s)) ??
        "cached",
    seconds: group.reduce((sum, n) => sum + (n.seconds ?? 0), 0),
    inputs: [...new Set(group.flatMap((n) => n.inputs.map((id) => stageOf.get(id) ?? id)))],
  }));
}

/** "300 cached", or "12 ran, 288 cached". */
export function statusCounts(nodes: readonly ReportedNode[]): string {
  if (nodes.length === 1) return nodes[0].status;
  const order = ["ran", "cached", "failed", "skipped"] as const;
  return order
    .map((s) => [nodes.filter((n) => n.status === s).length, s] as const)
    .filter(([n]) => n > 0).map(([n, s]) => `${n} ${s}`).join(", ");
}

/** The DAG as an SVG element whose colours come from the style sheet. */
export async function drawDag(boxes: readonly StageBox[]): Promise<string> {
  const id = new Map(boxes.map((b, i) => [b.stage, `s${i}`]));
  const lines = boxes.map((b) => {
    const title = b.nodes.length > 1 ? `${b.stage} ×${b.nodes.length}` : b.stage;
    const times = b.seconds > 0 ? `${duration(b.seconds)} · ` : "";
    const label = `${title}\n${times}${statusCounts(b.nodes)}`;
    return `${id.get(b.stage)} [label=${quote(label)}, class="${b.status}", tooltip=${
      quote(b.describe)
    }]`;
  });
  const edges = boxes.flatMap((b) =>
    b.inputs.filter((i) => id.has(i) && i !== b.stage).map((i) =>
      `${id.get(i)} -> ${id.get(b.stage)} [tooltip=${quote(`${i} to ${b.stage}`)}]`
    )
  );
  const dot = `digraph {
    bgcolor=transparent; ranksep=0.4; nodesep=0.3;
    node [shape=box, style=rounded, fontname="Helvetica", fontsize=12, margin="0.2,0.08"];
    edge [arrowsize=0.6];
    ${[...lines, ...edges].join(";\n")}
  }`;
  const viz = await instance();
  const svg = viz.renderString(dot, { format: "svg" });
  return svg.slice(svg.indexOf("<svg"))
    .replace("<svg", '<svg role="img" aria-label="Stages and what they read from"')
    // Hover titles of the graph itself ("%3") say nothing.
    .replace(/<title>%3<\/title>\s*/, "")
    .replaceAll(/<title>s\d+(&#45;&gt;s\d+)?<\/title>\s*/g, "")
    .trim();
}

function quote(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}
