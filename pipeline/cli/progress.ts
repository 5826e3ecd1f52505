/** Shows a run while it runs: one redrawn block on a terminal, plain lines everywhere else. */

import type { Outcome, RunEvent } from "../types.ts";
import { Board, type RunningNode, type StageTally } from "./board.ts";
import { clip, duration, number, plural, roughly } from "../report/format.ts";
import { isCancelled } from "./summary.ts";
import type { Terminal } from "./terminal.ts";

/** Takes the events of one run; `close` takes the redrawn block away. */
export interface Display {
  event(event: RunEvent): void;
  /** A line of our own, e.g. after Ctrl-C, that must not be torn by the block. */
  say(line: string): void;
  close(): void;
}

/** What a display needs to know before the first event. */
export interface DisplayOptions {
  readonly terminal: Terminal;
  readonly title: string;
  readonly jobs: number;
  /** Milliseconds. @default performance.now */
  readonly clock?: () => number;
}

/** The display that suits the terminal; `quiet` shows nothing but what `say` is given. */
export function displayFor(options: DisplayOptions, quiet: boolean): Display {
  if (quiet) return new QuietDisplay(options.terminal);
  return options.terminal.live ? new LiveDisplay(options) : new PlainDisplay(options);
}

class QuietDisplay implements Display {
  readonly #terminal: Terminal;
  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }
  event(): void {}
  say(line: string): void {
    this.#terminal.write(line + "\n");
  }
  close(): void {}
}

/** Milliseconds between drawings of the live block. */
const REDRAW = 120;
/** Milliseconds between progress lines where there is no terminal. */
const REPORT = 10_000;
/** Running nodes shown at once. */
const SHOWN = 8;

/** One block, redrawn in place; finished stages scroll away above it. */
export class LiveDisplay implements Display {
  readonly #options: DisplayOptions;
  readonly #board: Board;
  readonly #clock: () => number;
  readonly #told = new Set<string>();
  #drawn = 0;
  #lastDraw = -Infinity;
  #changed = false;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(options: DisplayOptions) {
    this.#options = options;
    this.#clock = options.clock ?? (() => performance.now());
    this.#board = new Board(this.#clock(), options.jobs);
  }

  event(event: RunEvent): void {
    const now = this.#clock();
    this.#board.apply(event, now);
    if (event.type === "planned" && this.#board.totals().left > 0) {
      this.#timer ??= setInterval(() => this.#tick(), REDRAW);
      this.#draw();
    }
    if (event.type === "finished") this.#finished(event.outcome);
    if (event.type === "retry") {
      this.say(this.#options.terminal.paint.warn(`↻ ${event.node.id}`) + `  ${retryText(event)}`);
    }
    if (event.type !== "log") this.#changed = true;
  }

  say(line: string): void {
    this.#options.terminal.write(this.#erase() + line + "\n");
    this.#draw();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#options.terminal.write(this.#erase());
  }

  /** Draws when there is news, and once a second for the clock. */
  #tick(): void {
    if (this.#changed || this.#clock() - this.#lastDraw >= 1000) this.#draw();
  }

  #finished(outcome: Outcome): void {
    const { paint } = this.#options.terminal;
    if (isCancelled(outcome)) return;
    if (outcome.status === "failed") {
      this.say(paint.bad(`✗ ${outcome.id}`) + `  ${outcome.failure?.message ?? outcome.reason}`);
      return;
    }
    const tally = this.#board.stages.get(outcome.stage);
    if (!tally || this.#told.has(tally.stage)) return;
    if (tally.ran > 0 && tally.ran + tally.cached === tally.total) {
      this.#told.add(tally.stage);
      this.say(`${paint.good("✓")} ${stageLine(tally)}`);
    }
  }

  #erase(): string {
    const lines = this.#drawn;
    this.#drawn = 0;
    return lines ? `\x1b[${lines}A\r\x1b[J` : "";
  }

  #draw(): void {
    this.#lastDraw = this.#clock();
    this.#changed = false;
    const { terminal, title } = this.#options;
    const lines = blockLines(this.#board, title, this.#lastDraw, terminal);
    terminal.write(this.#erase() + lines.map((l) => l + "\n").join(""));
    this.#drawn = lines.length;
  }
}

/** The live block: title and clock, running nodes, a bar with totals. Never wider than the terminal. */
export function blockLines(
  board: Board,
  title: string,
  now: number,
  terminal: Pick<Terminal, "paint" | "width">,
): string[] {
  // The last column stays empty: some terminals wrap when it is written.
  const width = terminal.width() - 1;
  const { paint } = terminal;
  const seconds = Math.floor((now - board.startedAt) / 1000);
  const elapsed = seconds < 60 ? `${seconds} s` : duration(seconds);
  const head = clip(title, width - elapsed.length - 1);
  const lines = [
    paint.strong(head) + " ".repeat(Math.max(1, width - head.length - elapsed.length)) + elapsed,
  ];
  if (board.message && !board.running.size) lines.push(clip(`  ${board.message}`, width));
  const running = [...board.running.values()];
  for (const r of running.slice(0, SHOWN)) {
    lines.push(clip(`  ${runningLine(board, r, now)}`, width));
  }
  if (running.length > SHOWN) lines.push(`  and ${running.length - SHOWN} more`);
  if (board.plan) lines.push(totalsLine(board, now, width));
  return lines;
}

function totalsLine(board: Board, now: number, width: number): string {
  const t = board.totals();
  const left = board.secondsLeft(now);
  const text = [
    `${t.ran} done`,
    `${t.cached} cached`,
    ...(t.failed ? [`${t.failed} failed`] : []),
    `${t.left} left`,
    ...(t.left && left !== null ? [`about ${roughly(left)}`] : []),
  ].join(" · ");
  const room = Math.min(30, width - text.length - 4);
  if (room < 8) return clip(`  ${text}`, width);
  const full = Math.round(room * (t.total ? (t.total - t.left) / t.total : 0));
  return `  ${"█".repeat(full)}${"░".repeat(room - full)}  ${text}`;
}

/** "distill[a-3]  step 120/600  loss 0.412  12 s left" */
function runningLine(board: Board, running: RunningNode, now: number): string {
  const { step, steps, loss, message } = running.progress;
  const left = board.nodeSecondsLeft(running, now);
  return [
    running.node.id,
    step !== undefined ? `step ${step}${steps !== undefined ? `/${steps}` : ""}` : null,
    loss !== undefined ? `loss ${number(loss)}` : null,
    left !== null ? `${roughly(left)} left` : duration((now - running.since) / 1000),
    message ?? null,
  ].filter((part) => part !== null).join("  ");
}

/** "distill ×300  120 ran, 180 cached  4:12" */
function stageLine(t: StageTally): string {
  if (t.total === 1) return `${t.stage}  ${duration(t.ranSeconds)}`;
  const counts = t.cached ? `${t.ran} ran, ${t.cached} cached` : `${t.ran} ran`;
  return `${t.stage} ×${t.total}  ${counts}  ${duration(t.ranSeconds)}`;
}

/** "count ×12, from the items of split.documents" */
function expansionText({ node, nodes }: RunEvent & { type: "expanded" }): string {
  const stages = Map.groupBy(nodes, (p) => p.node.stage);
  const counts = [...stages].map(([stage, list]) => `${stage} ×${list.length}`).join(", ");
  return `${counts || "no nodes"}, from the items of ${node.id.replace(/^each\[|(#\d+)?\]$/g, "")}`;
}

function retryText({ failure, attempt, attempts, wait }: RunEvent & { type: "retry" }): string {
  const first = failure.message.split("\n")[0];
  return `${first}; attempt ${attempt + 1} of ${attempts} in ${wait} s`;
}

/** Lines that only ever get appended: for logs, continuous integration, pipes. */
export class PlainDisplay implements Display {
  readonly #options: DisplayOptions;
  readonly #board: Board;
  readonly #clock: () => number;
  #timer: ReturnType<typeof setInterval> | undefined;
  /** Nodes found cached while running, by stage and reason, not yet told. */
  #unchanged = new Map<string, { stage: string; reason: string; n: number }>();

  constructor(options: DisplayOptions) {
    this.#options = options;
    this.#clock = options.clock ?? (() => performance.now());
    this.#board = new Board(this.#clock(), options.jobs);
  }

  event(event: RunEvent): void {
    // Nodes that the plan calls cached are in its one line already.
    const waiting = event.type === "finished" && !this.#board.isSettled(event.node.id);
    this.#board.apply(event, this.#clock());
    switch (event.type) {
      case "setup":
        this.say(event.message);
        break;
      case "planned": {
        const { total, cached, left } = this.#board.totals();
        if (left === 0) break;
        this.say(
          `${this.#options.title}: ${plural(total, "node")}, ${cached} cached, ${left} to do`,
        );
        this.#timer ??= setInterval(() => this.report(), REPORT);
        break;
      }
      case "started":
        // One line a node is enough where a stage has many: the one that says it is done.
        if (this.#tally(event.node.stage).total === 1) {
          this.say(`start  ${event.node.id}  (${event.reason})`);
        }
        break;
      case "expanded":
        this.say(`known  ${expansionText(event)}`);
        break;
      case "retry":
        this.say(`retry  ${event.node.id}: ${retryText(event)}`);
        break;
      case "finished":
        if (waiting) this.#finished(event.outcome);
        break;
    }
  }

  say(line: string): void {
    this.#flush();
    this.#options.terminal.write(line + "\n");
  }

  /** One line for each node that runs; called every ten seconds. */
  report(): void {
    const now = this.#clock();
    const running = [...this.#board.running.values()];
    for (const r of running.slice(0, SHOWN)) this.say(`…      ${runningLine(this.#board, r, now)}`);
    if (running.length > SHOWN) this.say(`…      and ${running.length - SHOWN} more`);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#flush();
  }

  #tally(stage: string): StageTally | { total: number } {
    return this.#board.stages.get(stage) ?? { total: 1 };
  }

  #finished(outcome: Outcome): void {
    if (outcome.status === "cached") {
      const { stage, reason } = outcome;
      const known = this.#unchanged.get(`${stage} ${reason}`);
      this.#unchanged.set(`${stage} ${reason}`, { stage, reason, n: (known?.n ?? 0) + 1 });
    } else if (outcome.status === "ran") {
      const t = this.#board.stages.get(outcome.stage);
      const count = t && t.total > 1 ? `  (${t.ran + t.cached}/${t.total})` : "";
      this.say(`done   ${outcome.id}  ${duration(outcome.seconds)}${count}`);
    } else if (outcome.status === "failed" && !isCancelled(outcome)) {
      this.say(`FAILED ${outcome.id}: ${outcome.failure?.message ?? outcome.reason}`);
    }
  }

  #flush(): void {
    const lines = [...this.#unchanged.values()].map(({ stage, reason, n }) =>
      `cached ${stage}${n > 1 ? ` ×${n}` : ""}  (${reason})\n`
    );
    this.#unchanged.clear();
    for (const line of lines) this.#options.terminal.write(line);
  }
}
