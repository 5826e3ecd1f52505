/** Retries and time-outs: which failures get another attempt, what it occupies, and what is told. */

import assert from "node:assert/strict";
import { canConfine } from "../../../pipeline/run/child.ts";
import { type Host, systemHost } from "../../../pipeline/host.ts";
import { Failed } from "../../../pipeline/mod.ts";
import { mayPass, waitBefore } from "../../../pipeline/run/retry.ts";
import type { RunEvent } from "../../../pipeline/types.ts";
import { outcomeOf, Rig, statuses } from "./run_rig.ts";
import { node, Place } from "./schedule_bench.ts";

/** Notes how long it was asked to wait and goes on at once. */
function quickHost(): Host & { readonly waits: number[] } {
  const waits: number[] = [];
  const delay = (milliseconds: number) => {
    waits.push(milliseconds);
    return Promise.resolve();
  };
  return { ...systemHost, delay, waits };
}

const retries = (events: readonly RunEvent[]) =>
  events.flatMap((e) => e.type === "retry" ? [`${e.node.id} ${e.attempt}/${e.attempts}`] : []);

Deno.test("a failure that may pass gets the declared attempts, with growing waits and resources", async () => {
  using place = new Place();
  const host = quickHost();
  const events: RunEvent[] = [];
  const asked: number[] = [];
  let runs = 0;
  const flaky = node("flaky", [], {
    retries: 3,
    resources: (attempt) => {
      asked.push(attempt);
      return { memory: 100 * attempt };
    },
  });
  const outcomes = await place.schedule([flaky, node("after", [flaky])], {
    host,
    onEvent: (event) => events.push(event),
    work({ node }) {
      if (node.id === "flaky" && ++runs < 4) {
        throw new Failed({ code: "out-of-memory", message: "no memory" });
      }
      return node.id;
    },
  });
  assert.deepEqual(outcomes.map(({ status }) => status), ["ran", "ran"]);
  assert.equal(outcomes[0].attempts, 4);
  assert.equal(outcomes[1].attempts, undefined);
  assert.deepEqual(retries(events), ["flaky 1/4", "flaky 2/4", "flaky 3/4"]);
  assert.deepEqual(host.waits, [1000, 2000, 4000]);
  assert.deepEqual(asked, [1, 2, 3, 4]);
  const started = events.flatMap((e) => e.type === "started" ? [e.reason] : []);
  assert.deepEqual(started.slice(1, 4), ["attempt 2 of 4", "attempt 3 of 4", "attempt 4 of 4"]);
});

Deno.test("the last failure counts when the attempts are used up", async () => {
  using place = new Place();
  let runs = 0;
  const [outcome, after] = await place.schedule(
    [node("a", [], { retries: 2 }), node("b")],
    {
      host: quickHost(),
      work({ node }) {
        if (node.id === "b") return "b";
        throw new Failed({ code: "stage-exit", message: `failure ${++runs}` });
      },
    },
  );
  assert.equal(outcome.status, "failed");
  assert.equal(outcome.failure!.message, "failure 3");
  assert.equal(outcome.attempts, 3);
  assert.equal(after.status, "ran");
});

Deno.test("what a declaration forbids, damage, cancelling and a full disk are not tried again", async () => {
  const codes = ["undeclared-access", "missing-output", "undeclared-output", "bad-output"];
  for (const code of [...codes, "no-space", "store", "cancelled", "package-missing", "internal"]) {
    assert.equal(mayPass({ code, message: "" }), false, code);
    using place = new Place();
    let runs = 0;
    await place.schedule([node("a", [], { retries: 5 })], {
      host: quickHost(),
      work() {
        runs++;
        throw new Failed({ code, message: "" });
      },
    });
    assert.equal(runs, 1, code);
  }
  assert.deepEqual([2, 3, 4, 9].map(waitBefore), [1, 2, 4, 60]);
});

Deno.test("aborting ends the wait for the next attempt", async () => {
  using place = new Place();
  const controller = new AbortController();
  const [outcome] = await place.schedule([node("a", [], { retries: 1 })], {
    signal: controller.signal,
    onEvent: (e) => e.type === "retry" && controller.abort(),
    work() {
      throw new Failed({ code: "killed", message: "killed" });
    },
  });
  assert.equal(outcome.status, "skipped");
});

/** A host on which time-outs of 77 s are over when `expire` is called. */
function hostWithTimer(): Host & { expire(): void } {
  let waiting: (() => void)[] = [];
  return {
    ...systemHost,
    delay(milliseconds, signal) {
      if (milliseconds !== 77_000) return systemHost.delay(milliseconds, signal);
      return new Promise((resolve) => {
        waiting.push(resolve);
        signal.addEventListener("abort", () => resolve());
      });
    },
    expire() {
      waiting.forEach((resolve) => resolve());
      waiting = [];
    },
  };
}

Deno.test("a stage beyond its time-out is killed, and the message names the declaration", async () => {
  const make = `export const run = async () => {
    console.log("still here");
    await new Promise((r) => setTimeout(r, 60000));
  };`;
  const host = hostWithTimer();
  using rig = Rig.create({ make }, host);
  const events: RunEvent[] = [];
  const result = await rig.run({
    make: { timeout: 77, retries: 1 },
    onEvent(event) {
      events.push(event);
      if (event.type === "log" && event.line === "still here") host.expire();
    },
  });
  assert.deepEqual(statuses(result), {
    make: "failed",
    judge: "skipped",
    tell: "skipped",
    side: "skipped",
  });
  const { failure, attempts } = outcomeOf(result, "make");
  assert.equal(attempts, 2);
  assert.equal(failure!.code, "timed-out");
  assert.match(failure!.message, /stopped after 77 s/);
  assert.match(failure!.mend!, /Raise `timeout: 77` in the declaration of stage "make"/);
  const first = events.find((e) => e.type === "retry")!;
  assert.notEqual(first.failure.log, failure!.log);
  for (const { log } of [first.failure, failure!]) {
    assert.equal(Deno.readTextFileSync(log!), "still here\n");
  }
  // Neither is part of the key.
  rig.write({
    make: `export const run = async ({ outputs }) => {
      await outputs.numbers.write({ seed: 1, random: 1 });
      await outputs.files.write("a/one.txt", new Uint8Array(1));
    };`,
  });
  assert.equal(outcomeOf(await rig.run({ make: { timeout: 600 } }), "make").status, "ran");
  // More than a timer can wait.
  for (const timeout of [1e9, Infinity]) {
    assert.equal(
      outcomeOf(await rig.run({ make: { timeout }, force: true }), "make").status,
      "ran",
    );
  }
  assert.equal(outcomeOf(await rig.run({ make: { retries: 2 } }), "make").status, "cached");
});

Deno.test({
  name: "a time-out takes along the programs that a stage started",
  ignore: !await canConfine(),
  async fn() {
    const seconds = String(86_400 + Deno.pid);
    const make = `export const run = async () => {
      new Deno.Command("sleep", { args: ["${seconds}"] }).spawn();
      console.log("asleep");
      await new Promise((r) => setTimeout(r, 60000));
    };`;
    const host = hostWithTimer();
    using rig = Rig.create({ make }, host);
    const alive = () =>
      [...Deno.readDirSync("/proc")].filter(({ name }) => {
        if (!/^\d+$/.test(name)) return false;
        try {
          return Deno.readTextFileSync(`/proc/${name}/cmdline`).endsWith(`sleep\0${seconds}\0`);
        } catch {
          return false;
        }
      }).length;
    let before = 0;
    const result = await rig.run({
      make: { timeout: 77, programs: ["sleep"] },
      onEvent(event) {
        if (event.type !== "log" || event.line !== "asleep") return;
        // A new process is a copy of its parent until it has loaded its program.
        (async () => {
          for (let i = 0; i < 500 && (before = alive()) === 0; i++) {
            await new Promise((resolve) => setTimeout(resolve, 10));
          }
          host.expire();
        })();
      },
    });
    assert.equal(outcomeOf(result, "make").failure!.code, "timed-out");
    assert.equal(before, 1, "it was started");
    for (let i = 0; alive() > 0; i++) {
      assert.ok(i < 500, "it lives on");
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  },
});
