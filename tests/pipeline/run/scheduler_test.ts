/** The scheduler on its own, with made-up nodes whose work happens in this process. */

import assert from "node:assert/strict";
import { sha256 } from "../../../pipeline/canonical.ts";
import { Failed } from "../../../pipeline/mod.ts";
import type { Task } from "../../../pipeline/run/scheduler.ts";
import { DamagedObject } from "../../../pipeline/store/store.ts";
import type { Artifact, Node, Outcome, RunEvent } from "../../../pipeline/types.ts";
import { type Bench, node, Place } from "./schedule_bench.ts";

const turn = () => new Promise<void>((resolve) => setTimeout(resolve, 1));
const statusesOf = (outcomes: readonly Outcome[]) => outcomes.map((o) => `${o.id} ${o.status}`);

/** A small generator of numbers, so that random graphs are the same in each run. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}

/** A random DAG of `n` nodes with one to three cores. */
function randomNodes(seed: number, n: number): Node[] {
  const random = numbers(seed);
  const nodes: Node[] = [];
  for (let i = 0; i < n; i++) {
    const upstream = nodes.filter(() => random() < 2 / (i + 1));
    nodes.push(node(`n[${i}]`, upstream, { cores: 1 + Math.floor(random() * 3) }));
  }
  return nodes;
}

Deno.test("schedule() never uses more cores than jobs, and clamps nodes that want more", async () => {
  for (const [seed, jobs] of [[1, 1], [2, 2], [3, 4], [4, 8]]) {
    using place = new Place();
    let used = 0;
    let most = 0;
    const outcomes = await place.schedule(randomNodes(seed, 40), {
      jobs,
      async work({ node, threads }) {
        assert.equal(threads, Math.min(node.cores, jobs));
        used += threads;
        most = Math.max(most, used);
        await turn();
        used -= threads;
        return node.id;
      },
    });
    assert.ok(outcomes.every(({ status }) => status === "ran"));
    assert.ok(most <= jobs, `${most} cores under ${jobs} jobs`);
    assert.ok(most > jobs / 2, `${most} cores under ${jobs} jobs`);
  }
});

Deno.test("schedule() runs a node only after all that it reads", async () => {
  using place = new Place();
  const done = new Set<string>();
  await place.schedule(randomNodes(7, 40), {
    jobs: 3,
    async work({ node }) {
      for (const artifact of node.inputs.all as Artifact[]) assert.ok(done.has(artifact.node.id));
      await turn();
      done.add(node.id);
      return node.id;
    },
  });
  assert.equal(done.size, 40);
});

Deno.test("schedule() lets narrow nodes not starve a wide one", async () => {
  using place = new Place();
  const order: string[] = [];
  const narrow = (i: number) => node(`narrow[${i}]`);
  const nodes = [narrow(0), node("wide", [], { cores: 2 }), ...[1, 2, 3, 4].map(narrow)];
  await place.schedule(nodes, {
    async work({ node }) {
      order.push(node.id);
      await turn();
      return node.id;
    },
  });
  assert.deepEqual(order.slice(0, 2), ["narrow[0]", "wide"]);
});

Deno.test("schedule() skips only what depends on a failure", async () => {
  using place = new Place();
  const nodes = randomNodes(11, 40);
  const bad = new Set(["n[5]", "n[6]", "n[20]"]);
  const outcomes = await place.schedule(nodes, {
    work({ node }) {
      if (bad.has(node.id)) throw new Failed({ code: "stage-exit", message: "no" });
      return node.id;
    },
  });
  const tainted = new Set<Node>();
  for (const [i, n] of nodes.entries()) {
    const below = (n.inputs.all as Artifact[]).some((a) => tainted.has(a.node));
    if (below || bad.has(n.id)) tainted.add(n);
    assert.equal(outcomes[i].status, below ? "skipped" : bad.has(n.id) ? "failed" : "ran", n.id);
  }
  assert.ok(tainted.size > 3 && tainted.size < 40);
});

Deno.test("schedule() makes keys from contents, so equal bytes stop a change", async () => {
  using place = new Place();
  const chain = (version: number) => {
    const a = node("a", [], { params: { version } });
    const b = node("b", [a]);
    return [a, b, node("c", [b])];
  };
  const work = ({ node }: Task) => node.id;
  await place.schedule(chain(1), { work });
  const started: string[] = [];
  const onEvent = (e: RunEvent) => e.type === "started" && started.push(e.node.id);
  assert.deepEqual(statusesOf(await place.schedule(chain(2), { work, onEvent })), [
    "a ran",
    "b cached",
    "c cached",
  ]);
  // What is found in the store is not told as started.
  assert.deepEqual(started, ["a"]);
  const other = ({ node }: Task) => node.id === "a" ? "other" : node.id;
  assert.deepEqual(statusesOf(await place.schedule(chain(3), { work: other })), [
    "a ran",
    "b ran",
    "c cached",
  ]);
});

Deno.test("schedule() computes equal work of two nodes once, also when forced", async () => {
  for (const force of [false, true]) {
    using place = new Place();
    let runs = 0;
    const same = ["x[1]", "x[2]", "x[3]"].map((id) => node(id, [], { params: 1 }));
    const outcomes = await place.schedule(same, {
      jobs: 3,
      force,
      async work() {
        runs++;
        await turn();
        return "x";
      },
    });
    assert.equal(runs, 1);
    assert.deepEqual(statusesOf(outcomes), ["x[1] ran", "x[2] cached", "x[3] cached"]);
  }
});

Deno.test("schedule() runs producers of a damaged input again, and gives up when that does not help", async () => {
  using place = new Place();
  const a = node("a");
  const b = node("b", [a]);
  let runs = 0;
  let damaged = true;
  const bench = (helps: boolean): Bench => ({
    work({ node, inputs }) {
      if (node.id === "a") runs++;
      if (node.id === "b" && damaged) {
        damaged = !helps;
        Deno.removeSync(`${place.path}/objects/sha256/ca/${sha256("a").slice(2)}`);
        throw new DamagedObject(inputs.all[0].digest, "was damaged");
      }
      return node.id;
    },
  });
  assert.equal(sha256("a").slice(0, 2), "ca");
  assert.deepEqual(statusesOf(await place.schedule([a, b], bench(true))), ["a ran", "b ran"]);
  assert.equal(runs, 2);
  damaged = true;
  const c = node("b", [a], { params: "new" });
  const [, outcome] = await place.schedule([a, c], bench(false));
  assert.equal(outcome.failure!.code, "damaged");
  assert.ok(runs < 10);
});

Deno.test("schedule() repairs a damaged input once for all its readers", async () => {
  using place = new Place();
  const a = node("a");
  const readers = [0, 1, 2].map((i) => node(`b[${i}]`, [a]));
  const path = `${place.path}/objects/sha256/ca/${sha256("a").slice(2)}`;
  let runs = 0;
  const tried = new Set<string>();
  const outcomes = await place.schedule([a, ...readers], {
    jobs: 3,
    async work({ node, inputs }) {
      if (node.id === "a") {
        runs++;
        return "a";
      }
      await turn();
      if (tried.has(node.id)) return node.id;
      tried.add(node.id);
      if (tried.size === 1) Deno.removeSync(path);
      throw new DamagedObject(inputs.all[0].digest, "was damaged");
    },
  });
  assert.ok(outcomes.every(({ status }) => status === "ran"), JSON.stringify(outcomes));
  assert.equal(tried.size, 3);
  assert.equal(runs, 2);
});

Deno.test("schedule() makes the key of a node once, however many wait", async () => {
  using place = new Place();
  let asked = 0;
  const first = node("first");
  const nodes = [first, ...Array.from({ length: 200 }, (_, i) => node(`n[${i}]`, [first]))];
  const outcomes = await place.schedule(nodes, {
    jobs: 2,
    work: ({ node }) => node.id,
    onProgram: () => asked++,
  });
  assert.ok(outcomes.every(({ status }) => status === "ran"));
  // Once for the key and once to run.
  assert.equal(asked, 2 * nodes.length);
});

Deno.test("schedule() stops at an abort and keeps what was finished", async () => {
  using place = new Place();
  const controller = new AbortController();
  const nodes = [0, 1, 2, 3].map((i) => node(`n[${i}]`));
  const outcomes = await place.schedule(nodes, {
    jobs: 1,
    signal: controller.signal,
    work({ node }) {
      if (node.id === "n[1]") {
        controller.abort();
        throw new Failed({ code: "cancelled", message: "stopped" });
      }
      return node.id;
    },
  });
  assert.deepEqual(statusesOf(outcomes), [
    "n[0] ran",
    "n[1] failed",
    "n[2] skipped",
    "n[3] skipped",
  ]);
  const again = await place.schedule(nodes, { work: ({ node }) => node.id });
  assert.equal(again[0].status, "cached");
});

Deno.test("schedule() turns an unexpected error into a failure and goes on", async () => {
  using place = new Place();
  const outcomes = await place.schedule([node("a"), node("b")], {
    work({ node }) {
      if (node.id === "a") throw new TypeError("oops");
      return node.id;
    },
  });
  assert.deepEqual(outcomes[0].failure, {
    code: "internal",
    message: "unexpected error: oops",
    where: "a",
  });
  assert.equal(outcomes[1].status, "ran");
});

Deno.test("schedule() finishes each node exactly once in its events", async () => {
  using place = new Place();
  const finished: string[] = [];
  await place.schedule(randomNodes(5, 30), {
    work: ({ node }) => node.id,
    onEvent: (e) => e.type === "finished" && finished.push(e.node.id),
  });
  assert.equal(new Set(finished).size, 30);
  assert.equal(finished.length, 30);
});
