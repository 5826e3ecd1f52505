/** Whole runs of two checkouts with a store each and one remote. */

import assert from "node:assert/strict";
import { remoteAddress } from "../../../pipeline/remote/address.ts";
import { openRemote } from "../../../pipeline/remote/remote.ts";
import type { Store } from "../../../pipeline/store/store.ts";
import { outcomeOf, Rig, type RigRun, statuses } from "../run/run_rig.ts";
import { FakeRemote } from "./fake_remote.ts";
import { STEADY } from "./remote_rig.ts";

/** Options of a run with this remote; warnings are collected. */
function through(url: string, warnings: string[], mode = "read-write"): RigRun {
  return {
    remote: (store: Store, signal: AbortSignal) =>
      openRemote({
        address: remoteAddress({ url, mode }, () => undefined)!,
        store,
        signal,
        warn: (line) => warnings.push(line),
        persistence: STEADY,
      }),
  };
}

const outputsOf = (result: Awaited<ReturnType<Rig["run"]>>) =>
  result.outcomes.map(({ key, outputs }) => ({ key, outputs }));

Deno.test("the second checkout has everything from the remote and starts no stage", async () => {
  await using server = new FakeRemote();
  using one = Rig.create();
  using two = Rig.create();
  const warnings: string[] = [];
  const first = await one.run(through(server.url, warnings));
  assert.equal(first.outcomes.every(({ status }) => status === "ran"), true);
  const second = await two.run(through(server.url, warnings, "read"));
  for (const { status, reason } of second.outcomes) {
    assert.deepEqual([status, reason], ["cached", "from the remote cache"]);
  }
  assert.deepEqual(outputsOf(second), outputsOf(first));
  assert.deepEqual(second.verdicts, first.verdicts);
  // What came is as good as what was made here: the next run needs no remote.
  const third = await two.run();
  assert.deepEqual(new Set(Object.values(statuses(third))), new Set(["cached"]));
  assert.deepEqual(warnings, []);
});

Deno.test("with --force nothing is taken from the remote", async () => {
  await using server = new FakeRemote();
  using rig = Rig.create();
  await rig.run(through(server.url, []));
  const again = await rig.run({ ...through(server.url, []), force: true });
  assert.deepEqual(new Set(Object.values(statuses(again))), new Set(["ran"]));
});

Deno.test("a poisoned object costs one stage; the rest comes from the remote", async () => {
  await using server = new FakeRemote();
  using one = Rig.create();
  using two = Rig.create();
  const first = await one.run(through(server.url, []));
  const path = `cas/${outcomeOf(first, "side").outputs.out}`;
  server.blobs.set(path, server.blobs.get(path)!.map((byte) => byte + 1));
  const warnings: string[] = [];
  const second = await two.run(through(server.url, warnings));
  assert.deepEqual(statuses(second), {
    make: "cached",
    judge: "cached",
    tell: "cached",
    side: "ran",
  });
  assert.deepEqual(outputsOf(second), outputsOf(first));
  assert.match(warnings.join("\n"), /^the remote cache .* sent wrong bytes for cas\/[0-9a-f]{64}/);
});

Deno.test("the server is gone after the first stage: the run goes on by itself", async () => {
  await using server = new FakeRemote();
  using one = Rig.create();
  using two = Rig.create();
  const first = await one.run(through(server.url, []));
  let gone = false;
  server.fault = () => gone ? new Response(null, { status: 502 }) : undefined;
  const warnings: string[] = [];
  const second = await two.run({
    ...through(server.url, warnings),
    onEvent: (event) => {
      if (event.type === "finished" && event.node.id === "make") gone = true;
    },
  });
  assert.equal(outcomeOf(second, "make").status, "cached");
  assert.equal(outcomeOf(second, "tell").status, "ran");
  assert.deepEqual(outputsOf(second), outputsOf(first));
  assert.equal(warnings.length, 1);
});
