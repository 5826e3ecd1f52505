/** The DAG behind a pipeline's targets: its nodes in a deterministic topological order. */

import { describeKind, isMany, isSameKind } from "../declare/artifact.ts";
import { Failed } from "../failure.ts";
import type { Artifact, FanOut, Input, Node } from "../types.ts";

/**
 * All nodes that the targets need, each after the nodes it reads from. The order depends only on
 * the order of targets and inputs as written. A fan-out whose list is not known is one node; when it is
 * known, the nodes made from its items are there in its place.
 *
 * @throws {Failed} `graph-duplicate` when two nodes share an id, `graph-cycle` naming the cycle as
 * `a → b → a`, `graph-kind` when an input is wired to an artifact of another kind.
 */
export function nodesOf(
  targets: Iterable<Pick<Artifact, "node">>,
  known?: { has(node: Node): boolean },
): readonly Node[] {
  return [...topological(targets, known)];
}

/**
 * {@link nodesOf}, one after the other. A fan-out that is expanded while it is the current node is followed
 * by the nodes that came of it.
 *
 * @param known Nodes that are left out with all that they need.
 * @param ids The ids of those; the others' are added.
 */
export function* topological(
  targets: Iterable<Pick<Artifact, "node">>,
  known: { has(node: Node): boolean } = new Set<Node>(),
  ids: Set<string> = new Set(),
): Generator<Node> {
  const state = new Map<Node, "open" | "done">();
  // An explicit stack: chains of thousands of stages must not overflow the call stack.
  const stack: { node: Node; upstream: readonly Node[]; next: number; told: boolean }[] = [];
  const enter = (node: Node) => {
    if (state.get(node) === "done" || known.has(node) && !state.has(node)) return;
    if (state.get(node) === "open") throw cycle(stack.map((frame) => frame.node), node);
    state.set(node, "open");
    checkKinds(node);
    stack.push({ node, upstream: upstreamOf(node), next: 0, told: false });
  };
  for (const target of targets) {
    enter(target.node);
    while (stack.length > 0) {
      const frame = stack[stack.length - 1];
      const { node } = frame;
      if (frame.next < frame.upstream.length) {
        enter(frame.upstream[frame.next++]);
        continue;
      }
      if (!frame.told) {
        frame.told = true;
        checkId(node, ids);
        yield node;
        const made = node.work.type === "map" ? node.work.made.artifacts : null;
        if (made !== null) {
          frame.upstream = [...new Set(made.map((artifact) => artifact.node))];
          frame.next = 0;
          continue;
        }
      }
      stack.pop();
      state.set(node, "done");
      // What its fan-outs gave could not be seen before.
      if (hasFanOut(node)) checkKinds(node);
    }
  }
}

/** What a node reads from does not change, fan-outs apart, and is asked several times in a run. */
const upstream = new WeakMap<Node, readonly Node[]>();

/**
 * The distinct nodes that a node reads from, in the order of its inputs. A fan-out whose list is not known
 * stands for what will come of it.
 */
export function upstreamOf(node: Node): readonly Node[] {
  const known = upstream.get(node);
  if (known !== undefined) return known;
  const distinct = new Set<Node>();
  let open = false;
  for (const name in node.inputs) {
    for (const part of partsOf(node.inputs[name])) {
      if (!isFanOut(part)) distinct.add(part.node);
      else if (madeOf(part) === null) {
        open = true;
        distinct.add(part.fan);
      } else for (const artifact of madeOf(part)!) distinct.add(artifact.node);
    }
  }
  const found = [...distinct];
  if (!open) upstream.set(node, found);
  return found;
}

/** The artifacts that a node reads, one entry each, with the name of the input. */
export function inputArtifacts(
  node: Node,
): readonly { readonly name: string; readonly artifact: Artifact }[] {
  return Object.entries(node.inputs).flatMap(([name, value]) =>
    asList(value).map((artifact) => ({ name, artifact }))
  );
}

/** The artifacts of one input, as a list. A fan-out whose list is not known yet adds none. */
export function asList(value: Input): readonly Artifact[] {
  const parts = partsOf(value);
  if (!parts.some(isFanOut)) return parts as readonly Artifact[];
  return parts.flatMap((part) => isFanOut(part) ? madeOf(part) ?? [] : [part]);
}

/** True while an input waits for the list of a fan-out. */
export function isOpen(value: Input): boolean {
  return partsOf(value).some((part) => isFanOut(part) && madeOf(part) === null);
}

/** Tells fan-outs from artifacts. */
export function isFanOut(value: unknown): value is FanOut {
  return typeof value === "object" && value !== null && "fan" in value;
}

function partsOf(value: Input): readonly (Artifact | FanOut)[] {
  return Array.isArray(value) ? value : [value as Artifact | FanOut];
}

function madeOf({ fan }: FanOut): readonly Artifact[] | null {
  return fan.work.type === "map" ? fan.work.made.artifacts : null;
}

function hasFanOut(node: Node): boolean {
  return Object.values(node.inputs).some((value) => partsOf(value).some(isFanOut));
}

function cycle(open: readonly Node[], again: Node): Failed {
  const names = [...open.slice(open.indexOf(again)), again].map((node) => node.id);
  return new Failed({
    code: "graph-cycle",
    message: `the pipeline has a cycle: ${names.join(" → ")}`,
    where: again.id,
    mend: "Remove one of these connections: a stage cannot need its own result.",
  });
}

function checkId({ id, stage }: Node, seen: Set<string>): void {
  if (seen.has(id)) {
    throw new Failed({
      code: "graph-duplicate",
      message: `two nodes are called ${JSON.stringify(id)}`,
      where: `stage ${stage}`,
      mend: 'Tell them apart where the stage is applied, e.g. id: "seed-1".',
    });
  }
  seen.add(id);
}

/** @throws {Failed} `graph-kind` when an input is connected to an artifact of another kind. */
export function checkKinds(node: Node): void {
  for (const name in node.inputKinds) {
    const declared = node.inputKinds[name];
    const kind = isMany(declared) ? declared.many : declared;
    for (const { kind: given, output, node: producer } of asList(node.inputs[name] ?? [])) {
      if (isSameKind(given, kind)) continue;
      throw new Failed({
        code: "graph-kind",
        message: `input "${name}" expects ${describeKind(kind)}, but output "${output}" of ` +
          `${producer.id} is ${describeKind(given)}`,
        where: node.id,
        mend: "Connect an output of the expected kind.",
      });
    }
  }
}
