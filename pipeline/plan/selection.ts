/** Partial runs: which nodes `--only`, `--from` and `--until` choose. */

import { Failed, nearest } from "../failure.ts";
import { upstreamOf } from "./graph.ts";
import type { Node } from "../types.ts";

/**
 * What to run of a pipeline. Each list holds patterns; a node is meant when any of them matches.
 *
 * `until`: the nodes meant and all that they need. `from`: the nodes meant and all that depends on
 * them. Both: what lies on the way from the ones to the others. `only`: just the nodes meant.
 */
export interface Selection {
  readonly only?: readonly string[];
  readonly from?: readonly string[];
  readonly until?: readonly string[];
}

/** True when something is left out. */
export function isPartial(selection: Selection | undefined): selection is Selection {
  return selection?.only !== undefined || selection?.from !== undefined ||
    selection?.until !== undefined;
}

/**
 * Splits a list of patterns at its commas. Those inside brackets belong to a node's id:
 * `distill[policy=a,seed=1],evaluate` are two patterns.
 */
export function splitPatterns(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let part = "";
  for (const character of text) {
    if (character === "[") depth++;
    if (character === "]") depth = Math.max(0, depth - 1);
    if (character === "," && depth === 0) {
      parts.push(part);
      part = "";
    } else part += character;
  }
  return [...parts, part].map((p) => p.trim()).filter((p) => p !== "");
}

/**
 * Whether a pattern means a node. It must fit the whole id or the whole name of the stage. `*` stands
 * for any characters, also none; everything else, brackets included, stands for itself.
 */
export function matcher(pattern: string): (node: Pick<Node, "id" | "stage">) => boolean {
  if (!pattern.includes("*")) return ({ id, stage }) => id === pattern || stage === pattern;
  const parts = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  const expression = new RegExp(`^${parts.join(".*")}$`, "s");
  return ({ id, stage }) => expression.test(id) || expression.test(stage);
}

/** The selection as typed, e.g. `--only train`. */
export function describeSelection(selection: Selection): string {
  return (["only", "from", "until"] as const)
    .flatMap((name) => selection[name] ? [`--${name} ${selection[name].join(",")}`] : []).join(" ");
}

/**
 * The selected nodes.
 *
 * @param nodes All nodes of the pipeline, each after those that it reads from.
 * @param expanded Fan-outs that nodes among them came of: to mean one is to mean these.
 * @throws {Failed} `usage` when a pattern means no node, or `only` is combined with another.
 */
export function selectNodes(
  nodes: readonly Node[],
  selection: Selection,
  expanded: readonly Node[] = [],
): ReadonlySet<Node> {
  const { only, from, until } = selection;
  if (only !== undefined) {
    if (from !== undefined || until !== undefined) {
      throw new Failed({
        code: "usage",
        message: "--only chooses the nodes itself, so it cannot be combined with --from or --until",
        mend: "Use --from and --until together for what lies between, or --only alone.",
      });
    }
    return meant(nodes, only, "only", expanded);
  }
  let selected: ReadonlySet<Node> = new Set(nodes);
  if (until !== undefined) selected = withUpstream(nodes, meant(nodes, until, "until", expanded));
  if (from !== undefined) {
    const below = withDownstream(nodes, meant(nodes, from, "from", expanded));
    selected = new Set(nodes.filter((node) => selected.has(node) && below.has(node)));
    if (selected.size === 0) {
      throw new Failed({
        code: "usage",
        message: `nothing lies between --from ${from.join(",")} and --until ${until!.join(",")}`,
        mend: "What --until names must depend on what --from names.",
      });
    }
  }
  return selected;
}

/** The nodes that the selected ones need and that are not selected, in order. */
export function neededBy(nodes: readonly Node[], selected: ReadonlySet<Node>): readonly Node[] {
  const closed = withUpstream(nodes, selected);
  return nodes.filter((node) => closed.has(node) && !selected.has(node));
}

function meant(
  nodes: readonly Node[],
  patterns: readonly string[],
  option: keyof Selection,
  expanded: readonly Node[],
): ReadonlySet<Node> {
  if (patterns.length === 0) {
    throw new Failed({
      code: "usage",
      message: `--${option} names no node`,
      mend: `Name nodes or stages, e.g. --${option} ${nodes[0]?.stage ?? "train"}.`,
    });
  }
  const found = new Set<Node>();
  for (const pattern of patterns) {
    const matches = matcher(pattern);
    let any = false;
    for (const node of nodes) {
      if (!matches(node)) continue;
      any = true;
      found.add(node);
    }
    for (const fan of expanded) {
      if (!matches(fan)) continue;
      any = true;
      const made = fan.work.type === "map" ? fan.work.made.artifacts ?? [] : [];
      for (const { node } of made) found.add(node);
    }
    if (!any) throw noSuchNode(nodes, pattern, option);
  }
  return found;
}

function noSuchNode(nodes: readonly Node[], pattern: string, option: keyof Selection): Failed {
  const stages = [...new Set(nodes.map(({ stage }) => stage))];
  const names = [...stages, ...nodes.map(({ id }) => id)];
  const close = closest(pattern, names);
  const listed = stages.length > LISTED
    ? `${stages.slice(0, LISTED).join(", ")} and ${stages.length - LISTED} more`
    : stages.join(", ");
  return new Failed({
    code: "usage",
    message: `--${option} ${pattern} means no node`,
    mend: close.length > 0 ? `Did you mean ${close.join(" or ")}?` : `The stages are: ${listed}.`,
  });
}

const LISTED = 12;

/** Up to three names that are near the pattern. */
function closest(pattern: string, names: readonly string[]): string[] {
  const left = new Set(names);
  const found: string[] = [];
  // A misspelt name, or one inside a pattern such as `tarin[*]`.
  for (const word of [pattern, pattern.replace(/\[.*$/s, "").replaceAll("*", "")]) {
    while (found.length < 3) {
      const name = nearest(word, left);
      if (name === null) break;
      left.delete(name);
      found.push(name);
    }
  }
  return found;
}

function withUpstream(nodes: readonly Node[], selected: ReadonlySet<Node>): ReadonlySet<Node> {
  const closed = new Set(selected);
  // Backwards through an order in which each node comes after what it reads.
  for (const node of nodes.toReversed()) {
    if (closed.has(node)) { for (const upstream of upstreamOf(node)) closed.add(upstream); }
  }
  return closed;
}

function withDownstream(nodes: readonly Node[], selected: ReadonlySet<Node>): ReadonlySet<Node> {
  const closed = new Set(selected);
  for (const node of nodes) {
    if (upstreamOf(node).some((upstream) => closed.has(upstream))) closed.add(node);
  }
  return closed;
}
