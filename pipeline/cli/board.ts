/** What is known about a run while it runs: counts per stage, running nodes, time left. No output. */

import type { Node, Outcome, Plan, PlannedNode, Progress, RunEvent } from "../types.ts";

/** Counts and seconds of the nodes of one stage. */
export interface StageTally {
  readonly stage: string;
  total: number;
  ran: number;
  cached: number;
  failed: number;
  skipped: number;
  /** Seconds of the nodes that ran now, summed. */
  ranSeconds: number;
  /** Seconds that the cached nodes took when they ran, summed. */
  cachedSeconds: number;
}

/** A node that runs now. Times in milliseconds. */
export interface RunningNode {
  readonly node: Node;
  readonly since: number;
  progress: Progress;
  /** Where the step rate is measured from: the first step that was reported. */
  first: { readonly step: number; readonly at: number } | null;
}

/** Follows `RunEvent`s. Times are handed in as milliseconds, so that tests need no clock. */
export class Board {
  readonly stages = new Map<string, StageTally>();
  readonly running = new Map<string, RunningNode>();
  plan: Plan | null = null;
  /** The last setup message; null once nodes run. */
  message: string | null = null;
  readonly startedAt: number;
  /** Nodes that may run at once. */
  readonly jobs: number;
  readonly #settled = new Set<string>();

  constructor(startedAt: number, jobs: number) {
    this.startedAt = startedAt;
    this.jobs = jobs;
  }

  /** Takes one event. Cached nodes count from the plan on, whether or not an event follows. */
  apply(event: RunEvent, now: number): void {
    switch (event.type) {
      case "setup":
        this.message = event.message;
        break;
      case "planned":
        this.#planned(event.plan);
        break;
      case "started":
        this.message = null;
        this.running.set(event.node.id, {
          node: event.node,
          since: now,
          progress: {},
          first: null,
        });
        break;
      case "progress": {
        const running = this.running.get(event.node.id);
        if (!running) break;
        running.progress = { ...running.progress, ...event.progress };
        const step = event.progress.step;
        if (step !== undefined && (!running.first || step < running.first.step)) {
          running.first = { step, at: now };
        }
        break;
      }
      case "finished":
        this.running.delete(event.node.id);
        this.#settle(event.node.id, event.outcome);
        break;
      case "expanded":
        this.#expanded(event.node, event.nodes);
        break;
      case "retry":
        this.running.delete(event.node.id);
        break;
      case "log":
        break;
    }
  }

  #planned(plan: Plan): void {
    this.plan = plan;
    this.stages.clear();
    this.#settled.clear();
    this.#count(plan.nodes);
  }

  /** The nodes that came of a fan-out take its place. */
  #expanded(fan: Node, nodes: readonly PlannedNode[]): void {
    const tally = this.stages.get(fan.stage);
    if (tally && --tally.total === 0) this.stages.delete(fan.stage);
    this.#count(nodes);
  }

  #count(nodes: readonly PlannedNode[]): void {
    for (const { node, status, record } of nodes) {
      let tally = this.stages.get(node.stage);
      if (!tally) {
        tally = {
          stage: node.stage,
          total: 0,
          ran: 0,
          cached: 0,
          failed: 0,
          skipped: 0,
          ranSeconds: 0,
          cachedSeconds: 0,
        };
        this.stages.set(node.stage, tally);
      }
      tally.total++;
      if (status === "cached") {
        tally.cached++;
        tally.cachedSeconds += record?.seconds ?? 0;
        this.#settled.add(node.id);
      }
    }
  }

  #settle(id: string, outcome: Outcome): void {
    const tally = this.stages.get(outcome.stage);
    if (!tally || this.#settled.has(id)) return;
    this.#settled.add(id);
    tally[outcome.status]++;
    if (outcome.status === "ran") tally.ranSeconds += outcome.seconds;
    if (outcome.status === "cached") tally.cachedSeconds += outcome.seconds;
  }

  /** Whether the node is done, or was cached from the start. */
  isSettled(id: string): boolean {
    return this.#settled.has(id);
  }

  /** Nodes by what became of them; `left` are those that run or wait. */
  totals(): { total: number; ran: number; cached: number; failed: number; left: number } {
    let [total, ran, cached, failed, skipped] = [0, 0, 0, 0, 0];
    for (const t of this.stages.values()) {
      total += t.total;
      ran += t.ran;
      cached += t.cached;
      failed += t.failed;
      skipped += t.skipped;
    }
    return { total, ran, cached, failed, left: total - ran - cached - failed - skipped };
  }

  /** Seconds until this node is done at its present rate, or null when that cannot be said. */
  nodeSecondsLeft(running: RunningNode, now: number): number | null {
    const { step, steps } = running.progress;
    if (step === undefined || steps === undefined || !running.first) return null;
    const made = step - running.first.step;
    const elapsed = (now - running.first.at) / 1000;
    if (made <= 0 || elapsed < 1) return null;
    return Math.max(0, (elapsed / made) * (steps - step));
  }

  /**
   * Seconds until the run is done, or null while a stage that is left has no known duration.
   * A stage's nodes are taken to last as long as those that ran, now or when they were cached.
   */
  secondsLeft(now: number): number | null {
    let work = 0;
    let longest = 0;
    for (const t of this.stages.values()) {
      const running = [...this.running.values()].filter((r) => r.node.stage === t.stage);
      const left = t.total - t.ran - t.cached - t.failed - t.skipped;
      if (left === 0) continue;
      const finished = t.ran > 0
        ? t.ranSeconds / t.ran
        : t.cached > 0
        ? t.cachedSeconds / t.cached
        : null;
      for (const r of running) {
        const own = this.nodeSecondsLeft(r, now) ??
          (finished === null ? null : Math.max(0, finished - (now - r.since) / 1000));
        if (own === null) return null;
        work += own;
        longest = Math.max(longest, own);
      }
      const waiting = left - running.length;
      if (waiting > 0) {
        if (finished === null) return null;
        work += waiting * finished;
        longest = Math.max(longest, finished);
      }
    }
    return Math.max(longest, work / this.jobs);
  }
}
