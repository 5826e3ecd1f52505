/** Tests of pipeline/cli/board.ts and pipeline/cli/progress.ts. */

import assert from "node:assert/strict";
import { Board } from "../../../pipeline/cli/board.ts";
import { blockLines, LiveDisplay, PlainDisplay } from "../../../pipeline/cli/progress.ts";
import { painter, type Terminal } from "../../../pipeline/cli/terminal.ts";
import type { Node, Outcome, Plan, RunEvent } from "../../../pipeline/types.ts";

function node(id: string): Node {
  return {
    id,
    stage: id.replace(/\[.*/, ""),
    describe: "",
    work: { type: "module", implementation: new URL("file:///x.ts"), provider: false },
    inputs: {},
    inputKinds: {},
    params: {},
    outputs: {},
    cores: 1,
  };
}

const ids = ["prepare", "train[1]", "train[2]", "train[3]", "judge"];

function planned(cached: readonly string[] = []): RunEvent {
  const nodes: Plan["nodes"] = ids.map((id) => ({
    node: node(id),
    status: cached.includes(id) ? "cached" : "run",
    changes: [],
    key: null,
    record: null,
  }));
  return { type: "planned", plan: { paper: "toy", preset: "small", provider: "cpu", nodes } };
}

function finished(id: string, status: Outcome["status"], seconds = 1): RunEvent {
  const n = node(id);
  return {
    type: "finished",
    node: n,
    outcome: { id, stage: n.stage, status, reason: "because", seconds, key: null, outputs: {} },
  };
}

const started = (id: string): RunEvent => ({ type: "started", node: node(id), reason: "because" });

function screen(live: boolean, width = 80): Terminal & { text: string } {
  return {
    text: "",
    live,
    paint: painter(false),
    width: () => width,
    write(text) {
      this.text += text;
    },
  };
}

Deno.test("Board counts each node once, cached ones from the plan on", () => {
  const board = new Board(0, 1);
  board.apply(planned(["prepare"]), 0);
  board.apply(finished("prepare", "cached"), 1);
  board.apply(started("train[1]"), 1);
  board.apply(finished("train[1]", "ran", 4), 2);
  board.apply(finished("train[2]", "failed"), 3);
  assert.deepEqual(board.totals(), { total: 5, ran: 1, cached: 1, failed: 1, left: 2 });
  assert.equal(board.running.size, 0);
});

Deno.test("Board knows a node's time left from its step rate", () => {
  const board = new Board(0, 1);
  board.apply(planned(), 0);
  board.apply(started("prepare"), 0);
  const at = (step: number, now: number) =>
    board.apply({ type: "progress", node: node("prepare"), progress: { step, steps: 100 } }, now);
  at(0, 5000);
  const running = board.running.get("prepare")!;
  assert.equal(board.nodeSecondsLeft(running, 5000), null);
  at(20, 9000);
  assert.equal(board.nodeSecondsLeft(running, 9000), 16);
});

Deno.test("Board says no time left while a stage of unknown duration is left", () => {
  const board = new Board(0, 2);
  board.apply(planned(["prepare", "judge"]), 0);
  assert.equal(board.secondsLeft(0), null);
  board.apply(started("train[1]"), 0);
  board.apply(finished("train[1]", "ran", 10), 10_000);
  // Two nodes of ten seconds on two cores.
  assert.equal(board.secondsLeft(10_000), 10);
});

Deno.test("blockLines() keeps to the width and shows step, loss and totals", () => {
  for (const width of [24, 40, 80]) {
    const board = new Board(0, 1);
    board.apply(planned(["prepare"]), 0);
    board.apply(started("train[1]"), 0);
    board.apply({
      type: "progress",
      node: node("train[1]"),
      progress: { step: 3, steps: 9, loss: 0.1234567 },
    }, 5000);
    const lines = blockLines(board, "toy · small · cpu", 65_000, screen(true, width));
    for (const line of lines) assert.ok([...line].length < width, `${width}: ${line}`);
    if (width === 80) {
      assert.match(lines[0], /^toy · small · cpu +1:05$/);
      assert.match(lines[1], /train\[1\] +step 3\/9 +loss 0\.123/);
      assert.match(lines[2], /0 done · 1 cached · 4 left/);
    }
  }
});

Deno.test("LiveDisplay erases what it drew and leaves only finished stages", () => {
  const terminal = screen(true);
  let now = 0;
  const display = new LiveDisplay({ terminal, title: "toy", jobs: 1, clock: () => now });
  for (const event of [planned(), started("prepare"), finished("prepare", "ran", 2)]) {
    display.event(event);
    now += 1000;
  }
  display.close();
  assert.deepEqual(visible(terminal.text), ["✓ prepare  2.0 s"]);
});

Deno.test("PlainDisplay writes a line a finished node and one for all cached ones", () => {
  const terminal = screen(false);
  const display = new PlainDisplay({ terminal, title: "toy", jobs: 1, clock: () => 0 });
  display.event(planned(["prepare"]));
  display.event(finished("prepare", "cached"));
  for (const id of ["train[1]", "train[2]", "train[3]"]) {
    display.event(started(id));
    display.event(finished(id, "ran"));
  }
  display.event(finished("judge", "cached"));
  display.close();
  assert.deepEqual(terminal.text.trimEnd().split("\n"), [
    "toy: 5 nodes, 1 cached, 4 to do",
    "done   train[1]  1.0 s  (1/3)",
    "done   train[2]  1.0 s  (2/3)",
    "done   train[3]  1.0 s  (3/3)",
    "cached judge  (because)",
  ]);
  assert.ok(!terminal.text.includes("\x1b"));
});

Deno.test("PlainDisplay says nothing of a plan with nothing to do", () => {
  const terminal = screen(false);
  const display = new PlainDisplay({ terminal, title: "toy", jobs: 1, clock: () => 0 });
  display.event(planned(ids));
  for (const id of ids) display.event(finished(id, "cached"));
  display.close();
  assert.equal(terminal.text, "");
});

Deno.test("PlainDisplay.report() has one line a running node", () => {
  const terminal = screen(false);
  let now = 0;
  const display = new PlainDisplay({ terminal, title: "toy", jobs: 1, clock: () => now });
  display.event(planned());
  display.event(started("train[1]"));
  display.event({ type: "progress", node: node("train[1]"), progress: { step: 1, steps: 4 } });
  now = 10_000;
  terminal.text = "";
  display.report();
  display.close();
  assert.match(terminal.text, /^… +train\[1\] +step 1\/4/);
});

/** What a terminal shows in the end: understands the cursor movements that LiveDisplay uses. */
function visible(text: string): string[] {
  const lines = [""];
  const escape = String.fromCharCode(27);
  for (const part of text.split(new RegExp(`(${escape}\\[\\d*[AJ]|\\n|\\r)`))) {
    const isUp = part.startsWith(escape) && part.endsWith("A");
    if (isUp) lines.splice(lines.length - 1 - parseInt(part.slice(2)));
    else if (part === "\n") lines.push("");
    else if (part.startsWith("\x1b") || part === "\r") {
      if (part.endsWith("J") && lines[lines.length - 1] !== "") lines.push("");
    } else if (part) {
      if (!lines.length) lines.push("");
      lines[lines.length - 1] += part;
    }
    if (!lines.length) lines.push("");
  }
  return lines.filter((l) => l !== "");
}
