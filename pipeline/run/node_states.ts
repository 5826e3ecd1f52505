/** Where each node of a run stands, and what that means for the nodes that read from it. */

import type { DamagedObject } from "../store/damaged_object.ts";
import { memberFinder } from "../declare/fan_out.ts";
import { asList, checkKinds, upstreamOf } from "../plan/graph.ts";
import { IndexHeap } from "./index_heap.ts";
import { digestsOf, inputDigestsOf } from "../plan/components.ts";
import type { Amounts } from "./slots.ts";
import type { TreeFile } from "../store/tree_manifest.ts";
import type {
  Artifact,
  Digest,
  KeyComponents,
  Node,
  Outcome,
  OutputEntry,
  Plan,
  PlannedNode,
  RecordSummary,
} from "../types.ts";

/** Where one node stands. */
export interface State {
  readonly node: Node;
  readonly planned: PlannedNode;
  /** Its place in the plan; nodes that came of a fan-out follow all others. */
  readonly index: number;
  upstream: readonly State[];
  /** The nodes that read from it. */
  readonly downstream: State[];
  /** How many of `upstream` are not done. */
  missing: number;
  /** `resting`: between two attempts. */
  stage: "waiting" | "running" | "resting" | "done";
  /** The present or next attempt, from 1. */
  attempt: number;
  /** What it occupies, or waits for. */
  needs: Amounts | null;
  record: RecordSummary | null;
  outcome: Outcome | null;
  /** Known once all that it reads is there. */
  key: Digest | null;
  /** What `key` was made from, until the node runs. */
  components: KeyComponents | null;
  /** Damaged object → how often it was found so. */
  readonly repairs: Map<Digest, number>;
  /** Why it runs again although it was done. */
  again: string | null;
  /** Of a fan-out: the nodes in its place, once its list is known. */
  made: readonly State[] | null;
  /** It is outside a partial run, which only reads from it. */
  readonly given: boolean;
}

/** How often one object among its inputs may turn out damaged before a node gives up. */
const REPAIRS = 3;

/** All nodes of a run. */
export class NodeStates {
  /** By index. */
  readonly all: State[] = [];
  /** Nodes, by index, whose inputs are all there and whose keys are not made yet. */
  readonly ready = new IndexHeap();
  readonly #byNode = new Map<Node, State>();
  /** How many are of the plan; those after them came of fan-outs. */
  readonly #planned: number;
  readonly #memberOf: (list: Digest, artifact: Artifact) => TreeFile | null;

  constructor(plan: Plan, treeFiles: (list: Digest) => readonly TreeFile[]) {
    this.#memberOf = memberFinder(treeFiles);
    // Done, and nobody is told.
    for (const planned of plan.partial?.given ?? []) this.#add(planned, true);
    for (const planned of plan.nodes) this.#add(planned, false);
    this.#planned = this.all.length;
  }

  #add(planned: PlannedNode, given: boolean): State {
    const { node } = planned;
    const upstream = upstreamOf(node).map((upstream) => this.#byNode.get(upstream)!);
    const state: State = {
      node,
      planned,
      index: this.all.length,
      upstream,
      downstream: [],
      missing: 0,
      stage: given ? "done" : "waiting",
      record: given ? planned.record : null,
      outcome: null,
      key: given ? planned.key : null,
      components: null,
      repairs: new Map(),
      again: null,
      made: null,
      given,
      attempt: 1,
      needs: null,
    };
    for (const above of upstream) {
      above.downstream.push(state);
      if (above.stage !== "done") state.missing++;
    }
    this.all.push(state);
    this.#byNode.set(node, state);
    if (isReady(state)) this.ready.push(state.index);
    return state;
  }

  /** The record of a node that is done; null of others, and of nodes that are not known. */
  recordOf(node: Node): RecordSummary | null {
    return this.#byNode.get(node)?.record ?? null;
  }

  /** In the plan's order, the nodes of a fan-out in its place. */
  outcomes(): Outcome[] {
    const outcomes: Outcome[] = [];
    const tell = (state: State) => {
      if (state.made !== null) state.made.forEach(tell);
      else if (!state.given) outcomes.push(state.outcome!);
    };
    this.all.slice(0, this.#planned).forEach(tell);
    return outcomes;
  }

  /** A node is done: those that read from it may be ready. */
  done(state: State): void {
    state.stage = "done";
    state.components = null;
    for (const reader of state.downstream) this.#arrived(reader);
  }

  /**
   * Puts nodes in the place of a fan-out, whose readers wait for them from now on.
   * @throws {Failed} when a reader expects artifacts of another kind.
   */
  replace(fan: State, planned: readonly PlannedNode[]): readonly State[] {
    for (const reader of fan.downstream) checkKinds(reader.node);
    fan.made = planned.map((one) => this.#add(one, false));
    fan.stage = "done";
    for (const reader of fan.downstream) {
      const above = new Set(reader.upstream);
      above.delete(fan);
      for (const node of upstreamOf(reader.node)) {
        const state = this.#byNode.get(node)!;
        if (above.has(state)) continue;
        above.add(state);
        state.downstream.push(reader);
        if (state.stage !== "done") reader.missing++;
      }
      reader.upstream = [...above];
      this.#arrived(reader);
    }
    return fan.made;
  }

  #arrived(reader: State): void {
    if (--reader.missing === 0) this.ready.push(reader.index);
  }

  /** Input name → digests; null when one is an item that its list does not have. */
  inputDigests(node: Node): Record<string, readonly Digest[]> | null {
    const outputsOf = (upstream: Node) => {
      const record = this.recordOf(upstream);
      return record === null ? null : digestsOf(record);
    };
    return inputDigestsOf(node, outputsOf, this.#memberOf);
  }

  /** Input name → contents, of a node whose inputs are all there. */
  inputs(node: Node): Record<string, OutputEntry[]> {
    return Object.fromEntries(
      Object.entries(node.inputs).map(([name, value]) => [
        name,
        asList(value).map((artifact) => this.#entryOf(artifact)!),
      ]),
    );
  }

  /** What an artifact is now; null while it is not there. */
  #entryOf(artifact: Artifact): OutputEntry | null {
    const entry = this.recordOf(artifact.node)?.outputs[artifact.output];
    if (entry === undefined || artifact.member === undefined) return entry ?? null;
    const file = this.#memberOf(entry.digest, artifact);
    const { form, media } = artifact.kind;
    return file === null ? null : { digest: file.digest, form, media, bytes: file.bytes };
  }

  /** Sends the producers of a damaged object back to work. @returns false when nobody makes it. */
  repair(state: State, damage: DamagedObject): boolean {
    const makers = this.#makersOf(state.node, damage);
    // Another reader may have noticed first.
    const underway = state.upstream.some(({ stage }) => stage !== "done");
    if (makers.some(({ given }) => given)) return false;
    if (makers.length === 0 && !underway) return false;
    const times = (state.repairs.get(damage.digest) ?? 0) + 1;
    state.repairs.set(damage.digest, times);
    if (times > REPAIRS) return false;
    for (const maker of makers) {
      maker.record = null;
      maker.outcome = null;
      maker.again = "a stored output was damaged";
      maker.stage = "waiting";
      for (const reader of maker.downstream) reader.missing++;
      if (maker.missing === 0) this.ready.push(maker.index);
    }
    state.stage = "waiting";
    state.key = null;
    return true;
  }

  #makersOf(node: Node, damage: DamagedObject): State[] {
    const isLost = (digest?: Digest) => digest === damage.digest || digest === damage.part;
    const makers = new Set<State>();
    for (const value of Object.values(node.inputs)) {
      for (const artifact of asList(value)) {
        const maker = this.#byNode.get(artifact.node)!;
        if (maker.record === null) continue;
        const lost = isLost(maker.record.outputs[artifact.output]?.digest) ||
          artifact.member !== undefined && isLost(this.#entryOf(artifact)?.digest);
        if (lost) makers.add(maker);
      }
    }
    return [...makers];
  }
}

/** A number in a queue may be out of date: the node went on, or an input of it is made again. */
export function isReady({ stage, missing }: State): boolean {
  return stage === "waiting" && missing === 0;
}
