/** The DAG behind a pipeline's targets: its nodes in a deterministic topological order. */

import { describeKind, isMany } from "./artifact.ts";
import { Failed } from "./failure.ts";
import type { Artifact, Node } from "./types.ts";

/**
 * All nodes that the targets need, each after the nodes it reads from. The order depends only on
 * the order of targets and inputs as written.
 *
 * @throws {Failed} `graph-duplicate` when two nodes share an id, `graph-cycle` naming the cycle as
 * `a → b → a`, `graph-kind` when an input is wired to an artifact of another kind.
 */
export function nodesOf(targets: Iterable<Artifact>): readonly Node[] {
  const order: Node[] = [];
  const state = new Map<Node, "open" | "done">();
  // An explicit stack: chains of thousands of stages must not overflow the call stack.
  const stack: { node: Node; upstream: readonly Node[]; next: number }[] = [];
  const enter = (node: Node) => {
    if (state.get(node) === "done") return;
    if (state.get(node) === "open") throw cycle(stack.map((frame) => frame.node), node);
    state.set(node, "open");
    checkKinds(node);
    stack.push({ node, upstream: upstreamOf(node), next: 0 });
  };
  for (const target of targets) {
    enter(target.node);
    while (stack.length > 0) {
      const frame = stack[stack.length - 1];
      if (frame.next < frame.upstream.length) {
        enter(frame.upstream[frame.next++]);
      } else {
        stack.pop();
        state.set(frame.node, "done");
        order.push(frame.node);
      }
    }
  }
  checkIds(order);
  return order;
}

/** Nodes never change, and each is asked several times in a run. */
const upstream = new WeakMap<Node, readonly Node[]>();

/** The distinct nodes that a node reads from, in the order of its inputs. */
export function upstreamOf(node: Node): readonly Node[] {
  let known = upstream.get(node);
  if (known === undefined) {
    const distinct = new Set<Node>();
    for (const name in node.inputs) {
      for (const artifact of asList(node.inputs[name])) distinct.add(artifact.node);
    }
    known = [...distinct];
    upstream.set(node, known);
  }
  return known;
}

/** The artifacts that a node reads, one entry each, with the name of the input. */
export function inputArtifacts(
  node: Node,
): readonly { readonly name: string; readonly artifact: Artifact }[] {
  return Object.entries(node.inputs).flatMap(([name, value]) =>
    asList(value).map((artifact) => ({ name, artifact }))
  );
}

/** One artifact or a list of them, as a list. */
export function asList(value: Artifact | readonly Artifact[]): readonly Artifact[] {
  return Array.isArray(value) ? value : [value as Artifact];
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

function checkIds(nodes: readonly Node[]): void {
  const seen = new Set<string>();
  for (const { id, stage } of nodes) {
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
}

function checkKinds(node: Node): void {
  for (const name in node.inputKinds) {
    const declared = node.inputKinds[name];
    const kind = isMany(declared) ? declared.many : declared;
    for (const { kind: given, output, node: producer } of asList(node.inputs[name] ?? [])) {
      if (given.form === kind.form && given.media === kind.media) continue;
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
