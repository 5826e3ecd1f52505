/** Runs the nodes of a plan in parallel under core slots, with early cut-off and failures as data. */

import { storeFailure } from "./child_failure.ts";
import type { Bundle } from "./code_identity.ts";
import type { Finished } from "./executor.ts";
import { asList, upstreamOf } from "./graph.ts";
import { Failed } from "./failure.ts";
import { isSystemError } from "./host.ts";
import { IndexHeap } from "./index_heap.ts";
import { keyOf } from "./key.ts";
import { acquireLease } from "./lease.ts";
import { componentsOf, digestsOf, environments, inputDigestsOf, threadsOf } from "./plan.ts";
import type { RemoteCache } from "./remote/types.ts";
import { DamagedObject, type Store } from "./store.ts";
import type {
  Digest,
  Failure,
  KeyComponents,
  Node,
  Outcome,
  OutputEntry,
  Plan,
  PlannedNode,
  Progress,
  RunEvent,
  StageRecord,
} from "./types.ts";

/** One node, ready to run. */
export interface Task {
  readonly node: Node;
  readonly program: Bundle | null;
  /** Input name → contents. */
  readonly inputs: Readonly<Record<string, readonly OutputEntry[]>>;
  readonly threads: number;
  onProgress(progress: Progress): void;
  onLog(line: string): void;
}

/** What to schedule and how to run one node. */
export interface Schedule {
  readonly plan: Plan;
  /** Core slots. */
  readonly jobs: number;
  /** Run modules even where a record exists. */
  readonly force: boolean;
  readonly store: Store;
  readonly signal: AbortSignal;
  /** Asked before a stage runs, unless forced; offered what ran. */
  readonly remote?: RemoteCache;
  programOf(node: Node): Bundle | null;
  /** @throws {Failed} or {@link DamagedObject}. */
  execute(task: Task): Promise<Finished>;
  onEvent(event: RunEvent): void;
}

/** How often an input may turn out damaged before the node gives up. */
const REPAIRS = 3;

/** Where one node stands. */
interface State {
  readonly node: Node;
  readonly planned: PlannedNode;
  /** Its place in the plan. */
  readonly index: number;
  readonly upstream: readonly State[];
  /** The nodes that read from it. */
  readonly downstream: State[];
  /** How many of `upstream` are not done. */
  missing: number;
  stage: "waiting" | "running" | "done";
  record: StageRecord | null;
  outcome: Outcome | null;
  /** Known once all that it reads is there. */
  key: Digest | null;
  /** What `key` was made from, until the node runs. */
  components: KeyComponents | null;
  repairs: number;
  /** Why it runs again although it was done. */
  again: string | null;
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
  readonly #environmentOf: ReturnType<typeof environments>;
  /** Keys computed by this run: with `force`, the only ones whose records count. */
  readonly #made = new Set<Digest>();
  /** Nodes, by index, whose inputs are all there and whose keys are not made yet. */
  readonly #ready = new IndexHeap();
  /** Nodes, by index, that only wait for free cores. */
  readonly #held = new IndexHeap();
  /** Key under way → nodes with the same work, which wait for its record. */
  readonly #same = new Map<Digest, State[]>();
  #running = 0;
  #free: number;
  /** Ends the wait for a running node. */
  #wake: () => void = () => {};

  constructor(request: Schedule) {
    this.#request = request;
    this.#environmentOf = environments(request.plan.provider, request.jobs);
    this.#free = request.jobs;
    for (const planned of request.plan.partial?.given ?? []) this.#give(planned);
    for (const planned of request.plan.nodes) this.#add(planned);
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
      repairs: 0,
      again: null,
      given: false,
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
    return this.#states.filter(({ given }) => !given).map(({ outcome }) => outcome!);
  }

  /** Brings all nodes whose inputs are there as far as they come now, in the plan's order. */
  #advance(): void {
    // A wide node that waits keeps narrow ones behind it from taking its cores again and again.
    let blocked = false;
    while (true) {
      if (this.#ready.first !== Infinity && (blocked || this.#ready.first <= this.#held.first)) {
        this.#resolve(this.#states[this.#ready.pop()]);
      } else if (this.#held.first !== Infinity && !blocked) {
        blocked = !this.#tryStart(this.#states[this.#held.first]);
        if (!blocked) this.#held.pop();
      } else return;
    }
  }

  /** Makes the key of a node whose inputs are all there; what has no record yet waits for cores. */
  #resolve(state: State): void {
    if (!isReady(state)) return;
    const broken = state.upstream.find(({ record }) => record === null);
    if (broken !== undefined) {
      const failed = broken.outcome?.status === "failed";
      this.#skip(state, `needs ${broken.node.id}, which ${failed ? "failed" : "was skipped"}`);
      return;
    }
    state.components = this.#components(state);
    state.key = keyOf(state.components);
    if (!this.#settle(state, state.key)) this.#held.push(state.index);
  }

  /** Starts a node when its cores are free. @returns false when it must go on waiting for them. */
  #tryStart(state: State): boolean {
    if (!isReady(state)) return true;
    const key = state.key!;
    // Its work may have been done, or begun, for another node since its key was made.
    if (this.#same.has(key) || this.#made.has(key) || this.#request.signal.aborted) {
      if (this.#settle(state, key)) return true;
    }
    const cores = threadsOf(state.node, this.#request.jobs);
    if (cores > this.#free) return false;
    this.#start(state, key, state.components!, cores);
    return true;
  }

  /** Brings a node to an outcome that needs no work. @returns false when it must run. */
  #settle(state: State, key: Digest): boolean {
    const under = this.#same.get(key);
    if (under !== undefined) {
      under.push(state);
      return true;
    }
    const record = this.#hit(state, key);
    if (record !== null) {
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

  #components({ node }: State): KeyComponents {
    const { programOf } = this.#request;
    const inputs = inputDigestsOf(node, (upstream) => digests(this.#byNode.get(upstream)!.record))!;
    return componentsOf(node, programOf(node), inputs, this.#environmentOf(node));
  }

  #hit({ node }: State, key: Digest): StageRecord | null {
    const forced = this.#request.force && node.work.type === "module" && !this.#made.has(key);
    return forced ? null : this.#request.store.hit(key);
  }

  #start(state: State, key: Digest, components: KeyComponents, cores: number): void {
    state.stage = "running";
    state.components = null;
    this.#same.set(key, []);
    this.#running++;
    this.#free -= cores;
    this.#work(state, key, components, cores).catch((error) => {
      this.#failed(state, failureFrom(error, state.node, this.#request));
    }).finally(() => {
      this.#free += cores;
      this.#running--;
      for (const { index } of this.#same.get(key)!) this.#ready.push(index);
      this.#same.delete(key);
      this.#wake();
    });
  }

  async #work(state: State, key: Digest, components: KeyComponents, cores: number): Promise<void> {
    const { store, signal, onEvent, programOf } = this.#request;
    const { node } = state;
    const reason = this.#reason(state);
    onEvent({ type: "started", node, reason });
    const onProgress = (progress: Progress) => onEvent({ type: "progress", node, progress });
    using _lease = await acquireLease(
      store,
      key,
      signal,
      (who) => onProgress({ message: who }),
    );
    const theirs = this.#hit(state, key);
    if (theirs !== null) return this.#cached(state, theirs, "computed by another run");
    const say = (message: string) => onProgress({ message });
    const forced = this.#request.force && node.work.type === "module";
    const far = forced
      ? null
      : await this.#request.remote?.fetch(key, node, components, say) ?? null;
    if (far !== null) return this.#cached(state, far, "from the remote cache");
    const start = performance.now();
    let finished: Finished;
    try {
      finished = await this.#request.execute({
        node,
        program: programOf(node),
        inputs: this.#inputs(node),
        threads: cores,
        onProgress,
        onLog: (line) => onEvent({ type: "log", node, line }),
      });
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
    this.#request.remote?.offer(record);
    this.#done(state, record, { status: "ran", reason, seconds });
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
        asList(value).map(({ node, output }) => this.#byNode.get(node)!.record!.outputs[output]),
      ]),
    );
  }

  /** Sends the producers of a damaged object back to work. @returns false when nobody makes it. */
  #repair(state: State, damage: DamagedObject): boolean {
    const lost = (entry: OutputEntry) =>
      entry.digest === damage.digest || entry.digest === damage.part;
    const makers = state.upstream.filter(({ record }) =>
      record !== null && Object.values(record.outputs).some(lost)
    );
    // Another reader may have noticed first.
    const underway = state.upstream.some(({ stage }) => stage !== "done");
    if (makers.some(({ given }) => given)) return false;
    if (makers.length === 0 && !underway || ++state.repairs > REPAIRS) return false;
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

  #cached(state: State, record: StageRecord, reason: string): void {
    this.#done(state, record, { status: "cached", reason, seconds: 0 });
  }

  #done(
    state: State,
    record: StageRecord,
    how: Pick<Outcome, "status" | "reason" | "seconds">,
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

function digests(record: StageRecord | null): Record<string, Digest> | null {
  if (record === null) return null;
  return digestsOf(record);
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
