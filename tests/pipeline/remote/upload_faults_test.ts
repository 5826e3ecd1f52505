/** Remotes that refuse, fail or lose uploads, and how a broken one is healed. */

import assert from "node:assert/strict";
import { FakeRemote } from "./fake_remote.ts";
import { fill, HASTY, keyFor, Machine } from "./remote_rig.ts";

/** Offers results to a remote that answers uploads with a status. */
async function offerTo(status: number, seeds: readonly number[]) {
  await using server = new FakeRemote();
  server.fault = ({ method }) => method === "PUT" ? new Response("no", { status }) : undefined;
  using machine = await Machine.open();
  const remote = machine.remote(server.url, "read-write", HASTY);
  for (const seed of seeds) remote.offer(await machine.make(seed));
  const summary = await remote.finish();
  assert.ok(machine.warnings.length <= 1);
  assert.equal(summary.sent.results, 0);
  assert.equal([...server.blobs].length, 0);
  return { ...summary, warning: machine.warnings[0], puts: server.count("PUT") };
}

for (const status of [401, 403, 405, 501, 507]) {
  Deno.test(`uploads are refused with ${status}: no more are tried, reading goes on`, async () => {
    const { warning, gaveUp, unsent, puts } = await offerTo(status, [1, 2, 3, 4, 5, 6, 7, 8]);
    assert.match(warning, new RegExp(`answers ${status}.*to an upload; nothing more is uploaded`));
    assert.deepEqual([gaveUp, unsent], [false, 8]);
    assert.ok(puts <= 16, `${puts} uploads`);
  });
}

for (const status of [400, 409, 500]) {
  Deno.test(`uploads fail with ${status}: after a few the remote is left alone`, async () => {
    const { warning, gaveUp, unsent, puts } = await offerTo(status, [1, 2, 3, 4, 5, 6, 7, 8]);
    assert.match(warning, new RegExp(`answers ${status}`));
    assert.deepEqual([gaveUp, unsent], [true, 8]);
    assert.ok(puts <= 48, `${puts} uploads`);
  });
}

Deno.test("an object that is too large for the server costs its result alone", async () => {
  await using server = new FakeRemote();
  server.fault = ({ method, headers }) =>
    method === "PUT" && Number(headers.get("content-length")) > 100_000
      ? new Response("no", { status: 413 })
      : undefined;
  using machine = await Machine.open();
  const remote = machine.remote(server.url, "read-write", HASTY);
  for (const seed of [1, 2, 3, 4, 5]) {
    remote.offer(await machine.make(seed, 3, seed === 5 ? 0 : 200_000));
  }
  const { sent, unsent, gaveUp } = await remote.finish();
  assert.deepEqual([sent.results, unsent, gaveUp], [1, 4, false]);
  assert.deepEqual([...server.blobs.keys()].filter((p) => p.startsWith("ac/")), [
    `ac/${keyFor(5)}`,
  ]);
  assert.match(machine.warnings[0], /413 \(too large\) to an upload; the run goes on/);
});

Deno.test("a record whose objects did not all arrive is not uploaded", async () => {
  await using server = new FakeRemote();
  server.strict = false;
  server.fault = ({ method, path }) =>
    method === "PUT" && path.endsWith("7") ? new Response("no", { status: 400 }) : undefined;
  using machine = await Machine.open();
  const remote = machine.remote(server.url, "read-write", { strikes: 1000, attempts: 1 });
  for (let seed = 0; seed < 20; seed++) remote.offer(await machine.make(seed));
  await remote.finish();
  server.strict = true;
  server.fault = () => undefined;
  using other = await Machine.open();
  const reader = other.remote(server.url, "read-write", HASTY);
  for (let seed = 0; seed < 20; seed++) {
    const there = server.blobs.has(`ac/${keyFor(seed)}`);
    assert.equal(await other.fetch(reader, seed) !== null, there, `seed ${seed}`);
  }
  await reader.finish();
  other.checkSound();
});

Deno.test("a local object that was damaged is not uploaded", async () => {
  await using server = new FakeRemote();
  server.strict = false;
  using machine = await Machine.open();
  const record = await machine.make(1);
  const path = machine.store.objectPath(record.outputs.numbers.digest);
  Deno.chmodSync(path, 0o644);
  Deno.writeTextFileSync(path, '{"seed":2}');
  const remote = machine.remote(server.url, "read-write", HASTY);
  remote.offer(record);
  const { sent, unsent } = await remote.finish();
  assert.deepEqual([sent.results, unsent, machine.warnings], [0, 1, []]);
  assert.equal(server.blobs.has(`cas/${record.outputs.numbers.digest}`), false);
  assert.equal(server.blobs.has(`ac/${record.key}`), false);
});

Deno.test("a poisoned object is replaced by whoever finds it and computes it anew", async () => {
  await using server = new FakeRemote();
  server.strict = false;
  const [made] = await fill(server.url, [1], 100_000);
  const path = `cas/${made.outputs.numbers.digest}`;
  server.blobs.set(path, server.blobs.get(path)!.toReversed());
  {
    using machine = await Machine.open();
    const remote = machine.remote(server.url, "read-write", HASTY);
    assert.equal(await machine.fetch(remote, 1), null);
    remote.offer(await machine.make(1, 3, 100_000));
    assert.equal((await remote.finish()).sent.results, 1);
  }
  using machine = await Machine.open();
  const remote = machine.remote(server.url, "read-write", HASTY);
  assert.notEqual(await machine.fetch(remote, 1), null);
  await remote.finish();
  machine.checkSound();
});

Deno.test("an entry without its objects is completed by whoever finds it and computes it anew", async () => {
  await using server = new FakeRemote();
  server.strict = false;
  const [made] = await fill(server.url, [1], 100_000);
  server.blobs.delete(`cas/${made.outputs.numbers.digest}`);
  {
    using machine = await Machine.open();
    const remote = machine.remote(server.url, "read-write", HASTY);
    assert.equal(await machine.fetch(remote, 1), null);
    assert.deepEqual(machine.warnings, []);
    remote.offer(await machine.make(1, 3, 100_000));
    assert.equal((await remote.finish()).sent.results, 1);
  }
  using machine = await Machine.open();
  const remote = machine.remote(server.url, "read-write", HASTY);
  assert.notEqual(await machine.fetch(remote, 1), null);
  await remote.finish();
});
