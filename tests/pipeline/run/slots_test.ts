/** Resource slots: never exceeded, nothing starves, and what asks for too much is refused. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { z } from "zod";
import { type Host, systemHost } from "../../../pipeline/host.ts";
import { statedLimits } from "../../../pipeline/cli/stated_limits.ts";
import { checkResources, limitsOf } from "../../../pipeline/plan/limits.ts";
import { Failed, json, stage } from "../../../pipeline/mod.ts";
import { type Amounts, needsOf, SlotQueue } from "../../../pipeline/run/slots.ts";
import type { Node, Resources } from "../../../pipeline/types.ts";
import { node, Place } from "./schedule_bench.ts";

/** Writes nothing through to the disk and waits for nothing. */
const quickHost: Host = {
  ...systemHost,
  delay: () => Promise.resolve(),
  files: { ...systemHost.files, flush: () => Promise.resolve() },
};

const limit = fc.record({
  cores: fc.integer({ min: 1, max: 6 }),
  memory: fc.integer({ min: 1000, max: 4000 }),
  gpu: fc.integer({ min: 0, max: 2 }),
  license: fc.integer({ min: 0, max: 1 }),
});
const plannedNode = fc.record({
  /** Which of the nodes before it are read. */
  upstream: fc.array(fc.nat(30), { maxLength: 3 }),
  cores: fc.integer({ min: 1, max: 8 }),
  memory: fc.constantFrom(0, 0, 100, 700, 1000),
  gpu: fc.constantFrom(0, 0, 1, 2),
  license: fc.constantFrom(0, 0, 0, 1),
  /** Attempts that fail before one that does not. */
  failures: fc.constantFrom(0, 0, 0, 1, 2),
  turns: fc.nat(3),
});

Deno.test("no resource is ever exceeded, and every node runs, whatever the DAG", async () => {
  const property = fc.asyncProperty(
    limit,
    fc.array(plannedNode, { minLength: 1, maxLength: 30 }),
    async (limits, drawn) => {
      using place = new Place();
      const nodes: Node[] = [];
      for (const [i, d] of drawn.entries()) {
        const upstream = [...new Set(d.upstream.filter((u) => u < i))].map((u) => nodes[u]);
        const slots = {
          gpu: Math.min(d.gpu, limits.gpu),
          license: Math.min(d.license, limits.license),
        };
        nodes.push(node(`n[${i}]`, upstream, {
          cores: d.cores,
          retries: 2,
          resources: (attempt) => ({ cores: d.cores, memory: d.memory * attempt, slots }),
        }));
      }
      const total: Amounts = {
        cores: limits.cores,
        memory: limits.memory,
        slots: { gpu: limits.gpu, license: limits.license },
      };
      const used = { cores: 0, memory: 0, gpu: 0, license: 0 };
      const attempts = new Map<Node, number>();
      const count = (needs: Amounts, sign: number) => {
        used.cores += sign * needs.cores;
        used.memory += sign * needs.memory;
        used.gpu += sign * (needs.slots.gpu ?? 0);
        used.license += sign * (needs.slots.license ?? 0);
        for (const name of ["cores", "memory", "gpu", "license"] as const) {
          assert.ok(used[name] <= limits[name], `${used[name]} of ${limits[name]} ${name}`);
        }
      };
      const outcomes = await place.schedule(nodes, {
        jobs: limits.cores,
        memory: limits.memory,
        slots: total.slots,
        host: quickHost,
        async work({ node, threads }) {
          const { failures, turns, cores } = drawn[nodes.indexOf(node)];
          const attempt = (attempts.get(node) ?? 0) + 1;
          attempts.set(node, attempt);
          assert.equal(threads, Math.min(cores, limits.cores));
          const needs = needsOf(node, attempt, total);
          count(needs, 1);
          for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
          count(needs, -1);
          if (attempt <= failures) throw new Failed({ code: "killed", message: "killed" });
          return node.id;
        },
      });
      for (const [i, { status, attempts }] of outcomes.entries()) {
        assert.equal(status, "ran");
        assert.equal(attempts ?? 1, drawn[i].failures + 1);
      }
    },
  );
  await fc.assert(property, { numRuns: 60, seed: 3 });
});

/** A queue of nodes with the given needs; `start()` takes the next one. */
function queueOf(total: Amounts, needs: readonly Resources[]) {
  const left = new Set(needs.keys());
  const queue = new SlotQueue(total, (index) => left.has(index));
  const all = needs.map((r): Amounts => ({ cores: 1, memory: 0, slots: {}, ...r }));
  all.forEach((n, i) => queue.push(i, n));
  return {
    start() {
      const index = queue.shift();
      if (index === Infinity) return null;
      left.delete(index);
      queue.take(all[index]);
      return index;
    },
    end: (index: number) => queue.give(all[index]),
  };
}

const gpu = { slots: { gpu: 1 } };

Deno.test("a node that waits for a GPU lets those pass that need none", () => {
  const q = queueOf({ cores: 3, memory: 0, slots: { gpu: 1 } }, [gpu, gpu, gpu, {}, {}]);
  assert.deepEqual([q.start(), q.start(), q.start(), q.start()], [0, 3, 4, null]);
  q.end(0);
  assert.deepEqual([q.start(), q.start()], [1, null]);
});

Deno.test("what a waiting node lacks is kept for it until it starts", () => {
  const wide = { cores: 3, slots: { gpu: 1 } };
  const q = queueOf({ cores: 3, memory: 0, slots: { gpu: 1 } }, [{}, gpu, wide, {}, gpu, {}]);
  // The wide one lacks cores and the GPU: nothing may pass, neither now nor when one of them is free.
  assert.deepEqual([q.start(), q.start(), q.start()], [0, 1, null]);
  q.end(1);
  assert.equal(q.start(), null);
  q.end(0);
  assert.deepEqual([q.start(), q.start()], [2, null]);
  q.end(2);
  assert.deepEqual([q.start(), q.start(), q.start()], [3, 4, 5]);
});

Deno.test("a GPU that was lacking is kept although cores are lacking now", () => {
  const total = { cores: 4, memory: 10, slots: { gpu: 1 } };
  const head = { cores: 1, memory: 10, slots: { gpu: 1 } };
  const q = queueOf(total, [gpu, head, { memory: 4 }, gpu, {}]);
  assert.deepEqual([q.start(), q.start(), q.start(), q.start()], [0, 2, 4, null]);
  q.end(0);
  assert.equal(q.start(), null, "the memory is lacking, the GPU stays kept");
  q.end(2);
  assert.equal(q.start(), 1);
});

const apply = (resources: Resources | ((p: { n: number }, attempt: number) => Resources)) =>
  stage({
    name: "train",
    describe: "",
    implementation: new URL("file:///x.ts"),
    inputs: {},
    params: z.object({ n: z.int() }),
    outputs: { out: json() },
    resources,
  })({ inputs: {}, params: { n: 2 } }).out.node;

Deno.test("resources may depend on parameters and on the attempt", () => {
  const train = apply(({ n }, attempt) => ({ cores: n, memory: 100 * n * attempt }));
  const total = { cores: 8, memory: 500, slots: {} };
  assert.equal(train.cores, 2);
  assert.deepEqual(needsOf(train, 1, total), { cores: 2, memory: 200, slots: {} });
  assert.deepEqual(needsOf(train, 2, total), { cores: 2, memory: 400, slots: {} });
  assert.deepEqual(needsOf(train, 3, total), { cores: 2, memory: 500, slots: {} });
  assert.throws(() => apply({ memory: -1 }), /resources\.memory is -1, expected MiB/);
  assert.throws(() => apply({ slots: { gpu: 0.5 } }), /resources\.slots\.gpu is 0\.5/);
});

Deno.test("a node that asks for more than there is is refused with what to do; cores are bounded", () => {
  const there = limitsOf({ jobs: 2, memory: 1000, slots: { gpu: 1 } });
  const refused = (resources: Resources) => {
    try {
      checkResources(apply(resources), there);
      return null;
    } catch (error) {
      assert.ok(error instanceof Failed && error.failure.code === "resources");
      return error.message;
    }
  };
  assert.equal(refused({ cores: 64, memory: 1000, slots: { gpu: 1 } }), null);
  assert.match(refused({ memory: 3000 })!, /^train: it needs 3000 MiB .* 1000 MiB\n.*--memory 3G/);
  assert.match(
    refused({ slots: { gpu: 2 } })!,
    /needs 2 of the slot "gpu", and there is 1\n.*gpu=2/,
  );
  assert.match(refused({ slots: { disk: 1 } })!, /there are none\n.*--slots disk=1/);
  assert.ok(limitsOf({ jobs: 2 }).memory > 100, "the machine's own memory");
});

Deno.test("--memory and --slots are read with units and names, or refused", () => {
  const spec = { name: "reproduce", describe: "", options: {} };
  const read = (texts: Record<string, string>) => statedLimits(spec, { texts });
  assert.deepEqual(read({}), { memory: undefined, slots: undefined });
  assert.equal(read({ memory: "16G" }).memory, 16384);
  assert.equal(read({ memory: "1.5GiB" }).memory, 1536);
  assert.equal(read({ memory: "800m" }).memory, 800);
  assert.deepEqual(read({ slots: "gpu=2, license=1" }).slots, { gpu: 2, license: 1 });
  for (const memory of ["16", "G", "0G", "-1G", "1e3G"]) {
    assert.throws(() => read({ memory }), /--memory needs a size with its unit/);
  }
  for (const slots of ["gpu", "gpu=x", "gpu=1,gpu=2", "1=2"]) {
    assert.throws(() => read({ slots }), /--slots cannot take/);
  }
});
