/** Runs the nodes of a plan in parallel under core slots, with early cut-off and failures as data. */

import type { Finished } from "./executor.ts";
import { keyOf } from "../plan/key.ts";
import { acquireLease } from "../store/lease.ts";
import { isReady, NodeStates, type State } from "./node_states.ts";
import {
  componentsOf,
  contentDigests,
  digestsOf,
  environments,
  threadsOf,
} from "../plan/components.ts";
import { attemptsOf, inTime, mayPass, waitBefore } from "./retry.ts";
import { changedList, checkUnchanged, failureFrom, type Schedule, type Task } from "./schedule.ts";
import { type Amounts, needsOf, SlotQueue } from "./slots.ts";
import { DamagedObject } from "../store/store.ts";
import { rememberLast } from "./up_to_date.ts";
import type {
  Digest,
  Failure,
  KeyComponents,
  Node,
  Outcome,
  Progress,
  RecordSummary,
  StageRecord,
} from "../types.ts";

export type { Schedule, Task };

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
  readonly #states: NodeStates;
  /** Fan-outs are expanded one after the other: nodes of one may be those of another. */
  #expanding: Promise<void> = Promise.resolve();
  readonly #environmentOf: ReturnType<typeof environments>;
  /** Keys computed by this run: with `force`, the only ones whose records count. */
  readonly #made = new Set<Digest>();
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
    this.#states = new NodeStates(request.plan, (list) => request.store.treeFiles(list));
    this.#limits = { cores: jobs, memory, slots };
    this.#queue = new SlotQueue(this.#limits, (index, needs) => {
      const state = this.#states.all[index];
      return isReady(state) && state.needs === needs;
    });
  }

  async run(): Promise<Outcome[]> {
    for (const state of this.#states.all) {
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
    return this.#states.outcomes();
  }

  /** Brings all nodes whose inputs are there as far as they come now, in the plan's order. */
  #advance(): void {
    while (true) {
      const next = this.#queue.first();
      const { all, ready } = this.#states;
      if (ready.first !== Infinity && ready.first <= next) this.#resolve(all[ready.pop()]);
      else if (next !== Infinity) this.#tryStart(all[this.#queue.shift()]);
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
      if (error instanceof DamagedObject && this.#states.repair(state, error)) return;
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
    const recordOf = (upstream: Node) => this.#states.recordOf(upstream);
    const turn = this.#expanding.then(() => expand!(node, recordOf)).then((planned) => {
      const made = this.#states.replace(state, planned);
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
      if (error instanceof DamagedObject && this.#states.repair(state, error)) return;
      this.#failed(state, failureFrom(error, node, this.#request));
    }).finally(() => {
      this.#running--;
      this.#wake();
    });
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
    const inputs = this.#states.inputDigests(node);
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
      for (const { index } of this.#same.get(key)!) this.#states.ready.push(index);
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
      this.#states.ready.push(state.index);
      this.#wake();
    });
    return true;
  }

  async #work(state: State, key: Digest, components: KeyComponents): Promise<void> {
    const { store, signal, onEvent, programOf } = this.#request;
    const { node, attempt } = state;
    const reason = this.#reason(state);
    const again = `attempt ${attempt} of ${attemptsOf(node)}`;
    const started = () => onEvent({ type: "started", node, reason: attempt > 1 ? again : reason });
    const onProgress = (progress: Progress) => onEvent({ type: "progress", node, progress });
    const before = this.#hit(state, key) !== null;
    // What is in the store already is not started, unless it turns out to be damaged.
    if (!before) started();
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
    if (before) started();
    const say = (message: string) => onProgress({ message });
    const forced = this.#request.force && node.work.type === "module";
    // Local data is at hand, and nobody asked for it to leave this machine.
    const remote = node.work.type === "source" ? undefined : this.#request.remote;
    const far = forced ? null : await remote?.fetch(key, node, components, say) ?? null;
    if (far !== null) return this.#cached(state, far, "from the remote cache");
    const start = performance.now();
    let finished: Finished;
    try {
      finished = await inTime(node, store.host, signal, (signal) =>
        this.#request.execute({
          node,
          key,
          content: state.planned.content,
          program: programOf(node),
          inputs: this.#states.inputs(node),
          // The key says how many, so every attempt gets the same.
          threads: threadsOf(node, this.#request.jobs),
          signal,
          onProgress,
          onLog: (line) => onEvent({ type: "log", node, line }),
        }));
    } catch (error) {
      if (error instanceof DamagedObject && this.#states.repair(state, error)) return;
      throw error;
    }
    checkUnchanged(node, components);
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

  #reason(state: State): string {
    if (state.again !== null) return state.again;
    const { status, changes } = state.planned;
    // The last change of a pending node says what it waits for, which is over.
    const own = status === "pending" ? changes.slice(0, -1) : changes;
    return own.map(({ text }) => text).join("; ") || "its inputs changed";
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
    rememberLast(store, plan, state.node.id, record.key);
    this.#finish(state, { ...how, key: record.key, outputs: digestsOf(record) });
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
    state.outcome = { id: state.node.id, stage: state.node.stage, ...rest };
    this.#states.done(state);
    this.#request.onEvent({ type: "finished", node: state.node, outcome: state.outcome });
  }
}
