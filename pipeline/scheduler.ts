/** Runs the nodes of a plan in parallel under core slots, with early cut-off and failures as data. */

import { storeFailure } from "./child_failure.ts";
import type { Bundle } from "./code_identity.ts";
import type { Finished } from "./executor.ts";
import { memberFinder } from "./fan_out.ts";
import { asList, checkKinds, upstreamOf } from "./graph.ts";
import { Failed } from "./failure.ts";
import { isSystemError } from "./host.ts";
import { IndexHeap } from "./index_heap.ts";
import { attemptsOf, mayPass, timedOut, waitBefore } from "./retry.ts";
import { type Amounts, needsOf, SlotQueue } from "./slots.ts";
import { keyOf } from "./key.ts";
import { acquireLease } from "./lease.ts";
import {
  componentsOf,
  contentDigests,
  digestsOf,
  environments,
  inputDigestsOf,
  threadsOf,
} from "./plan.ts";
import type { RemoteCache } from "./remote/types.ts";
import { DamagedObject, type Store } from "./store.ts";
import type { TreeFile } from "./tree_manifest.ts";
import type {
  Artifact,
  Digest,
  Failure,
  KeyComponents,
  Node,
  Outcome,
  OutputEntry,
  Plan,
  PlannedNode,
  Progress,
  RecordSummary,
  RunEvent,
  SourceContent,
  StageRecord,
} from "./types.ts";

/** One node, ready to run. */
export interface Task {
  readonly node: Node;
  readonly key: Digest;
  readonly program: Bundle | null;
  /** Of local data: what it held when the run was planned. */
  readonly content?: SourceContent;
  /** Input name → contents. */
  readonly inputs: Readonly<Record<string, readonly OutputEntry[]>>;
  readonly threads: number;
  /** Stops this attempt. */
  readonly signal: AbortSignal;
  onProgress(progress: Progress): void;
  onLog(line: string): void;
}

/** What to schedule and how to run one node. */
export interface Schedule {
  readonly plan: Plan;
  /** Core slots. */
  readonly jobs: number;
  /** MiB. @default without bound */
  readonly memory?: number;
  /** Named slots. @default none */
  readonly slots?: Readonly<Record<string, number>>;
  /** Run modules even where a record exists. */
  readonly force: boolean;
  /** Ids of nodes whose outputs people read without a stage in between: checked in full before they count. */
  readonly finals?: ReadonlySet<string>;
  /** Tells `gc` that this run counts on records. @returns false when it knew. */
  pin?(keys: readonly Digest[]): boolean;
  readonly store: Store;
  readonly signal: AbortSignal;
  /** Asked before a stage runs, unless forced; offered what ran. */
  readonly remote?: RemoteCache;
  programOf(node: Node): Bundle | null;
  /**
   * Makes the nodes of a fan-out whose list is known, and plans them.
   * @param recordOf The record of a node that is done.
   * @throws {Failed} or {@link DamagedObject}.
   */
  expand?(
    map: Node,
    recordOf: (node: Node) => RecordSummary | null,
  ): Promise<readonly PlannedNode[]>;
  /** @throws {Failed} or {@link DamagedObject}. */
  execute(task: Task): Promise<Finished>;
  onEvent(event: RunEvent): void;
}

/** How often one object among its inputs may turn out damaged before a node gives up. */
const REPAIRS = 3;

/** Where one node stands. */
interface State {
  readonly node: Node;
  readonly planned: PlannedNode;
  /** Its place in the plan. */
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
  given: boolean;
}

/**
 * Brings every node of a plan to an outcome, in the plan's order.
 *
 * A node starts when everything it reads is there and its cores are free; the key of a node that waited is
 * made from what its inputs turned out to be, so unchanged bytes stop a change. A failure skips only what
 * depends on it. When the signal aborts, nothing starts any more and what runs is stopped.
 */
export function schedule(request: Schedule): Promise<Outcome[]> {
  return new Scheduler(request).run();
}

class Scheduler {
  readonly #request: Schedule;
  readonly #states: State[] = [];
  readonly #byNode = new Map<Node, State>();
  /** Fan-outs are expanded one after the other: nodes of one may be those of another. */
  #expanding: Promise<void> = Promise.resolve();
  /** How many states are of the plan; those after them came of fan-outs. */
  readonly #planned: number;
  readonly #memberOf: (list: Digest, artifact: Artifact) => TreeFile | null;
  readonly #environmentOf: ReturnType<typeof environments>;
  /** Keys computed by this run: with `force`, the only ones whose records count. */
  readonly #made = new Set<Digest>();
  /** Nodes, by index, whose inputs are all there and whose keys are not made yet. */
  readonly #ready = new IndexHeap();
  readonly #limits: Amounts;
  /** Nodes that only wait for free resources. */
  readonly #queue: SlotQueue;
  /** Key under way → nodes with the same work, which wait for its record. */
  readonly #same = new Map<Digest, State[]>();
  #running = 0;
  /** Ends the wait for a running node. */
  #wake: () => void = () => {};

  constructor(request: Schedule) {
    this.#request = request;
    this.#environmentOf = environments(request.plan.provider, request.jobs);
    const { jobs, memory = Infinity, slots = {} } = request;
    this.#memberOf = memberFinder((digest) => request.store.treeFiles(digest));
    this.#limits = { cores: jobs, memory, slots };
    this.#queue = new SlotQueue(this.#limits, (index, needs) => {
      const state = this.#states[index];
      return isReady(state) && state.needs === needs;
    });
    for (const planned of request.plan.partial?.given ?? []) this.#give(planned);
    for (const planned of request.plan.nodes) this.#add(planned);
    this.#planned = this.#states.length;
  }

  /** A node outside a partial run: done, and nobody is told. */
  #give(planned: PlannedNode): void {
    const state = this.#add(planned);
    state.given = true;
    state.stage = "done";
    state.record = planned.record;
    state.key = planned.key;
  }

  #add(planned: PlannedNode): State {
    const { node } = planned;
    const upstream = upstreamOf(node).map((upstream) => this.#byNode.get(upstream)!);
    const state: State = {
      node,
      planned,
      index: this.#states.length,
      upstream,
      downstream: [],
      missing: 0,
      stage: "waiting",
      record: null,
      outcome: null,
      key: null,
      components: null,
      repairs: new Map(),
      again: null,
      made: null,
      given: false,
      attempt: 1,
      needs: null,
    };
    for (const above of upstream) {
      above.downstream.push(state);
      if (above.stage !== "done") state.missing++;
    }
    this.#states.push(state);
    this.#byNode.set(node, state);
    if (state.missing === 0) this.#ready.push(state.index);
    return state;
  }

  async run(): Promise<Outcome[]> {
    for (const state of this.#states) {
      if (state.given) continue;
      const { status, record } = state.planned;
      if (status === "cached" && record !== null) this.#cached(state, record, "up to date");
    }
    while (true) {
      const woken = new Promise<void>((resolve) => this.#wake = resolve);
      this.#advance();
      if (this.#running === 0) break;
      await woken;
    }
    return this.#outcomes();
  }

  /** In the plan's order, the nodes of a fan-out in its place. */
  #outcomes(): Outcome[] {
    const outcomes: Outcome[] = [];
    const tell = (state: State) => {
      if (state.made !== null) state.made.forEach(tell);
      else if (!state.given) outcomes.push(state.outcome!);
    };
    this.#states.slice(0, this.#planned).forEach(tell);
    return outcomes;
  }

  /** Brings all nodes whose inputs are there as far as they come now, in the plan's order. */
  #advance(): void {
    while (true) {
      const next = this.#queue.first();
      if (this.#ready.first !== Infinity && this.#ready.first <= next) {
        this.#resolve(this.#states[this.#ready.pop()]);
      } else if (next !== Infinity) this.#tryStart(this.#states[this.#queue.shift()]);
      else return;
    }
  }

  /** Makes the key of a node whose inputs are all there; what has no record yet waits for resources. */
  #resolve(state: State): void {
    if (!isReady(state)) return;
    const broken = state.upstream.find(({ record }) => record === null);
    if (broken !== undefined) {
      const failed = broken.outcome?.status === "failed";
      this.#skip(state, `needs ${broken.node.id}, which ${failed ? "failed" : "was skipped"}`);
      return;
    }
    if (state.node.work.type === "map") return this.#expand(state);
    try {
      state.components = this.#components(state);
    } catch (error) {
      // The list that an item is in.
      if (error instanceof DamagedObject && this.#repair(state, error)) return;
      return this.#failed(state, failureFrom(error, state.node, this.#request));
    }
    if (state.components === null) return this.#failed(state, changedList(state.node));
    state.key = keyOf(state.components);
    if (this.#settle(state, state.key)) return;
    // The queue's own object for equal needs, so that a node out of date is told by identity.
    const needs = needsOf(state.node, state.attempt, this.#limits);
    state.needs = this.#queue.push(state.index, needs);
  }

  /** Puts the nodes of a fan-out in its place, now that its list is known. */
  #expand(state: State): void {
    const { signal, expand, onEvent } = this.#request;
    if (signal.aborted) return this.#skip(state, "the run was stopped");
    const { node } = state;
    state.stage = "running";
    this.#running++;
    const recordOf = (upstream: Node) => this.#byNode.get(upstream)?.record ?? null;
    const turn = this.#expanding.then(() => expand!(node, recordOf)).then((planned) => {
      for (const reader of state.downstream) checkKinds(reader.node);
      const made = planned.map((one) => this.#add(one));
      state.made = made;
      for (const reader of state.downstream) this.#rewire(reader, state);
      state.stage = "done";
      onEvent({ type: "expanded", node, nodes: planned });
      for (const one of made) {
        const { status, record } = one.planned;
        if (status === "cached" && record !== null) this.#cached(one, record, "up to date");
      }
    });
    this.#expanding = turn.catch(() => {});
    turn.catch((error) => {
      // What could not be planned is not there.
      if (node.work.type === "map") node.work.made.artifacts = null;
      if (error instanceof DamagedObject && this.#repair(state, error)) return;
      this.#failed(state, failureFrom(error, node, this.#request));
    }).finally(() => {
      this.#running--;
      this.#wake();
    });
  }

  /** Lets a node that waited for a fan-out wait for what came of it. */
  #rewire(reader: State, fan: State): void {
    const above = new Set(reader.upstream);
    above.delete(fan);
    reader.missing--;
    for (const node of upstreamOf(reader.node)) {
      const state = this.#byNode.get(node)!;
      if (above.has(state)) continue;
      above.add(state);
      state.downstream.push(reader);
      if (state.stage !== "done") reader.missing++;
    }
    reader.upstream = [...above];
    if (reader.missing === 0) this.#ready.push(reader.index);
  }

  /** Starts a node whose resources are free, unless its work is done or under way by now. */
  #tryStart(state: State): void {
    const key = state.key!;
    // Its work may have been done, or begun, for another node since its key was made.
    if (this.#same.has(key) || this.#made.has(key) || this.#request.signal.aborted) {
      if (this.#settle(state, key)) return;
    }
    this.#start(state, key, state.components!, state.needs!);
  }

  /** Brings a node to an outcome that needs no work. @returns false when it must run. */
  #settle(state: State, key: Digest): boolean {
    const under = this.#same.get(key);
    if (under !== undefined) {
      under.push(state);
      return true;
    }
    const record = this.#hit(state, key);
    // What nobody reads in a stage is read in full before it counts, which takes its turn in #work.
    if (record !== null && (this.#made.has(key) || !this.#isFinal(state))) {
      const why = this.#made.has(key)
        ? "same work as another node"
        : "inputs have the same content";
      this.#cached(state, record, why);
      return true;
    }
    if (!this.#request.signal.aborted) return false;
    this.#skip(state, "the run was stopped");
    return true;
  }

  /** Null when an input is an item that its list does not have. */
  #components({ node, planned }: State): KeyComponents | null {
    const { programOf } = this.#request;
    if (planned.content !== undefined) {
      return componentsOf(node, null, contentDigests(planned.content), {});
    }
    const outputsOf = (upstream: Node) => digests(this.#byNode.get(upstream)!.record);
    const inputs = inputDigestsOf(node, outputsOf, this.#memberOf);
    if (inputs === null) return null;
    return componentsOf(node, programOf(node), inputs, this.#environmentOf(node));
  }

  #hit({ node }: State, key: Digest): StageRecord | null {
    const forced = this.#request.force && node.work.type === "module" && !this.#made.has(key);
    if (forced) return null;
    const record = this.#request.store.hit(key);
    // A damaged record may lack an output.
    const whole = record !== null &&
      Object.keys(node.outputs).every((name) => Object.hasOwn(record.outputs, name));
    if (!whole) return null;
    // It may go between the look and the mark, which keeps it from then on.
    return this.#request.pin?.([key]) && !this.#request.store.hasRecord(key) ? null : record;
  }

  #isFinal({ node }: State): boolean {
    return this.#request.finals?.has(node.id) ?? false;
  }

  /** Whether a record's outputs are what their names say; only final nodes are looked at here. */
  async #isSound(state: State, record: StageRecord): Promise<boolean> {
    if (!this.#isFinal(state)) return true;
    try {
      for (const entry of Object.values(record.outputs)) {
        await this.#request.store.verifyEntry(entry);
      }
      return true;
    } catch (error) {
      if (error instanceof DamagedObject) return false;
      throw error;
    }
  }

  #start(state: State, key: Digest, components: KeyComponents, needs: Amounts): void {
    state.stage = "running";
    state.components = null;
    this.#same.set(key, []);
    this.#running++;
    this.#queue.take(needs);
    this.#work(state, key, components).catch((error) => {
      const failure = failureFrom(error, state.node, this.#request);
      if (!this.#rest(state, failure)) this.#failed(state, failure);
    }).finally(() => {
      this.#queue.give(needs);
      this.#running--;
      for (const { index } of this.#same.get(key)!) this.#ready.push(index);
      this.#same.delete(key);
      this.#wake();
    });
  }

  /** After a failure that may pass, lets a node wait for its next attempt. @returns false when it has none. */
  #rest(state: State, failure: Failure): boolean {
    const { store, signal, onEvent } = this.#request;
    const { node, attempt } = state;
    const attempts = attemptsOf(node);
    if (attempt >= attempts || signal.aborted || !mayPass(failure)) return false;
    const wait = waitBefore(attempt + 1);
    state.attempt++;
    state.stage = "resting";
    onEvent({ type: "retry", node, failure, attempt, attempts, wait });
    // It holds no resources meanwhile, but the run is not over.
    this.#running++;
    store.host.delay(wait * 1000, signal).then(() => {
      this.#running--;
      state.stage = "waiting";
      this.#ready.push(state.index);
      this.#wake();
    });
    return true;
  }

  async #work(state: State, key: Digest, components: KeyComponents): Promise<void> {
    const { store, signal, onEvent, programOf } = this.#request;
    const { node, attempt } = state;
    const reason = this.#reason(state);
    const again = `attempt ${attempt} of ${attemptsOf(node)}`;
    onEvent({ type: "started", node, reason: attempt > 1 ? again : reason });
    const onProgress = (progress: Progress) => onEvent({ type: "progress", node, progress });
    const before = this.#hit(state, key) !== null;
    using _lease = await acquireLease(
      store,
      key,
      signal,
      (who) => onProgress({ message: who }),
    );
    const theirs = this.#hit(state, key);
    if (theirs !== null && await this.#isSound(state, theirs)) {
      const why = before ? "inputs have the same content" : "computed by another run";
      return this.#cached(state, theirs, why);
    }
    const say = (message: string) => onProgress({ message });
    const forced = this.#request.force && node.work.type === "module";
    // Local data is at hand, and nobody asked for it to leave this machine.
    const remote = node.work.type === "source" ? undefined : this.#request.remote;
    const far = forced ? null : await remote?.fetch(key, node, components, say) ?? null;
    if (far !== null) return this.#cached(state, far, "from the remote cache");
    const start = performance.now();
    let finished: Finished;
    try {
      finished = await this.#inTime(node, (signal) =>
        this.#request.execute({
          node,
          key,
          content: state.planned.content,
          program: programOf(node),
          inputs: this.#inputs(node),
          // The key says how many, so every attempt gets the same.
          threads: threadsOf(node, this.#request.jobs),
          signal,
          onProgress,
          onLog: (line) => onEvent({ type: "log", node, line }),
        }));
    } catch (error) {
      if (error instanceof DamagedObject && this.#repair(state, error)) return;
      throw error;
    }
    const seconds = (performance.now() - start) / 1000;
    const record: StageRecord = {
      version: 1,
      key,
      node: node.id,
      stage: node.stage,
      components,
      outputs: finished.outputs,
      seconds,
      finished: store.host.now().toISOString(),
      log: finished.log,
    };
    await store.putRecord(record);
    this.#made.add(key);
    remote?.offer(record);
    const attempts = attempt > 1 ? { attempts: attempt } : {};
    this.#done(state, record, { status: "ran", reason, seconds, ...attempts });
  }

  /** Runs an attempt and stops it when its time is over. */
  async #inTime(
    node: Node,
    attempt: (signal: AbortSignal) => Promise<Finished>,
  ): Promise<Finished> {
    const { signal, store } = this.#request;
    const { timeout } = node;
    if (timeout === undefined) return await attempt(signal);
    const stop = new AbortController();
    const ended = new AbortController();
    const either = AbortSignal.any([signal, stop.signal]);
    const timer = store.host.delay(timeout * 1000, AbortSignal.any([signal, ended.signal]))
      .then(() => {
        if (!signal.aborted && !ended.signal.aborted) stop.abort();
      });
    try {
      return await attempt(either);
    } catch (error) {
      if (!stop.signal.aborted || signal.aborted) throw error;
      throw new Failed(timedOut(node, timeout, error), { cause: error });
    } finally {
      ended.abort();
      await timer;
    }
  }

  #reason(state: State): string {
    if (state.again !== null) return state.again;
    const { status, changes } = state.planned;
    // The last change of a pending node says what it waits for, which is over.
    const own = status === "pending" ? changes.slice(0, -1) : changes;
    return own.map(({ text }) => text).join("; ") || "its inputs changed";
  }

  #inputs(node: Node): Record<string, OutputEntry[]> {
    return Object.fromEntries(
      Object.entries(node.inputs).map(([name, value]) => [
        name,
        asList(value).map((artifact) => this.#entryOf(artifact)!),
      ]),
    );
  }

  /** What an artifact is now; null while it is not there. */
  #entryOf(artifact: Artifact): OutputEntry | null {
    const entry = this.#byNode.get(artifact.node)?.record?.outputs[artifact.output];
    if (entry === undefined || artifact.member === undefined) return entry ?? null;
    const file = this.#memberOf(entry.digest, artifact);
    const { form, media } = artifact.kind;
    return file === null ? null : { digest: file.digest, form, media, bytes: file.bytes };
  }

  /** Sends the producers of a damaged object back to work. @returns false when nobody makes it. */
  #repair(state: State, damage: DamagedObject): boolean {
    const isLost = (digest?: Digest) => digest === damage.digest || digest === damage.part;
    const makers = new Set<State>();
    for (const value of Object.values(state.node.inputs)) {
      for (const artifact of asList(value)) {
        const maker = this.#byNode.get(artifact.node)!;
        if (maker.record === null) continue;
        const lost = isLost(maker.record.outputs[artifact.output]?.digest) ||
          artifact.member !== undefined && isLost(this.#entryOf(artifact)?.digest);
        if (lost) makers.add(maker);
      }
    }
    // Another reader may have noticed first.
    const underway = state.upstream.some(({ stage }) => stage !== "done");
    if ([...makers].some(({ given }) => given)) return false;
    if (makers.size === 0 && !underway) return false;
    const times = (state.repairs.get(damage.digest) ?? 0) + 1;
    state.repairs.set(damage.digest, times);
    if (times > REPAIRS) return false;
    for (const maker of makers) {
      maker.record = null;
      maker.outcome = null;
      maker.again = "a stored output was damaged";
      maker.stage = "waiting";
      for (const reader of maker.downstream) reader.missing++;
      if (maker.missing === 0) this.#ready.push(maker.index);
    }
    state.stage = "waiting";
    state.key = null;
    return true;
  }

  #cached(state: State, record: RecordSummary, reason: string): void {
    this.#done(state, record, { status: "cached", reason, seconds: 0 });
  }

  #done(
    state: State,
    record: RecordSummary,
    how: Pick<Outcome, "status" | "reason" | "seconds" | "attempts">,
  ): void {
    const { plan, store } = this.#request;
    state.record = record;
    try {
      store.rememberLast(plan.paper, plan.preset, state.node.id, record.key);
    } catch (error) {
      // Only `explain` asks for it, and the record is kept.
      if (!isSystemError(error)) throw error;
    }
    this.#finish(state, { ...how, key: record.key, outputs: digests(record)! });
  }

  #failed(state: State, failure: Failure): void {
    const reason = failure.message;
    this.#finish(state, {
      status: "failed",
      reason,
      seconds: 0,
      key: state.key,
      outputs: {},
      failure,
      ...state.attempt > 1 ? { attempts: state.attempt } : {},
    });
  }

  #skip(state: State, reason: string): void {
    this.#finish(state, { status: "skipped", reason, seconds: 0, key: null, outputs: {} });
  }

  #finish(state: State, rest: Omit<Outcome, "id" | "stage">): void {
    state.stage = "done";
    state.components = null;
    state.outcome = { id: state.node.id, stage: state.node.stage, ...rest };
    for (const reader of state.downstream) {
      if (--reader.missing === 0) this.#ready.push(reader.index);
    }
    this.#request.onEvent({ type: "finished", node: state.node, outcome: state.outcome });
  }
}

/** A number in a queue may be out of date: the node went on, or an input of it is made again. */
function isReady({ stage, missing }: State): boolean {
  return stage === "waiting" && missing === 0;
}

function digests(record: RecordSummary | null): Record<string, Digest> | null {
  if (record === null) return null;
  return digestsOf(record);
}

/** A stage that is run again made another list than before. */
function changedList(node: Node): Failure {
  return {
    code: "list-changed",
    message: "an item that it reads is not in its list any more",
    where: node.id,
    mend:
      "Run the same command again. The stage that makes the list gives another one each time; " +
      "it should depend on its inputs and parameters alone.",
  };
}

function failureFrom(error: unknown, node: Node, { signal, store }: Schedule): Failure {
  if (error instanceof Failed) return error.failure;
  if (signal.aborted) {
    return { code: "cancelled", message: "stopped before it was done", where: node.id };
  }
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof DamagedObject) {
    const mend = "Check the disk that holds the store.";
    return { code: "damaged", message: `an input stays damaged: ${message}`, where: node.id, mend };
  }
  const trouble = storeFailure(error, store.dir);
  if (trouble !== null) return { ...trouble, where: node.id };
  return { code: "internal", message: `unexpected error: ${message}`, where: node.id };
}
