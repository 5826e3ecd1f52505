/** Two machines and an honest remote between them. */

import assert from "node:assert/strict";
import { sha256 } from "../../../pipeline/canonical.ts";
import { EMPTY_DIGEST } from "../../../pipeline/remote/receive.ts";
import { FakeRemote, RawServer } from "./fake_remote.ts";
import { fill, HASTY, keyFor, Machine, STEADY } from "./remote_rig.ts";

Deno.test("what one machine offers, another one fetches whole, and needs only once", async () => {
  await using server = new FakeRemote();
  const [made] = await fill(server.url, [1]);
  using machine = await Machine.open();
  const remote = machine.remote(server.url);
  assert.deepEqual(await machine.fetch(remote, 1), made);
  assert.deepEqual(machine.store.hit(made.key), made);
  for (const entry of Object.values(made.outputs)) await machine.store.verifyEntry(entry);
  assert.equal(sha256(await machine.store.readObject(made.log!)), made.log);
  const { fetched, gaveUp } = await remote.finish();
  // The file, three members, the manifest and the log; nothing is downloaded for the empty file.
  assert.deepEqual([fetched.results, fetched.objects, gaveUp], [1, 6, false]);
  assert.equal(server.seen.some(({ path }) => path.includes(EMPTY_DIGEST)), false);
  machine.checkSound();
});

Deno.test("what is in the store already is not downloaded again", async () => {
  await using server = new FakeRemote();
  await fill(server.url, [1]);
  using machine = await Machine.open();
  const made = await machine.make(1);
  const remote = machine.remote(server.url);
  assert.deepEqual(await machine.fetch(remote, 1), made);
  // The entry and the record.
  assert.equal(server.count("GET"), 2);
  await remote.finish();
});

Deno.test("a key that the remote does not know is a miss without a word", async () => {
  await using server = new FakeRemote();
  using machine = await Machine.open();
  const remote = machine.remote(server.url);
  assert.equal(await machine.fetch(remote, 1), null);
  assert.equal((await remote.finish()).gaveUp, false);
  assert.deepEqual(machine.warnings, []);
});

Deno.test("objects are uploaded before the entry that names them", async () => {
  await using server = new FakeRemote();
  const [{ key }] = await fill(server.url, [1]);
  const puts = server.seen.filter(({ method }) => method === "PUT").map(({ path }) => path);
  assert.equal(puts.at(-1), `ac/${key}`);
  assert.equal(puts.length, 8);
});

Deno.test("an existing key is never overwritten", async () => {
  await using server = new FakeRemote();
  const [{ key }] = await fill(server.url, [1]);
  const before = server.blobs.get(`ac/${key}`);
  const puts = server.count("PUT");
  using machine = await Machine.open();
  const remote = machine.remote(server.url);
  remote.offer({ ...await machine.make(1), seconds: 99 });
  assert.equal((await remote.finish()).sent.results, 0);
  assert.equal(server.count("PUT"), puts);
  assert.equal(server.blobs.get(`ac/${key}`), before);
});

Deno.test("with mode read nothing is asked or sent in order to write", async () => {
  await using server = new FakeRemote();
  using machine = await Machine.open();
  const remote = machine.remote(server.url, "read");
  remote.offer(await machine.make(1));
  assert.equal(await machine.fetch(remote, 2), null);
  const { sent, unsent } = await remote.finish();
  assert.deepEqual([sent.results, unsent], [0, 0]);
  assert.deepEqual(server.seen.map(({ method }) => method), ["GET"]);
});

Deno.test("large objects are streamed with their length, and not sent where they are", async () => {
  await using server = new FakeRemote();
  const large = 6 << 20;
  const [made] = await fill(server.url, [1], large);
  const path = `cas/${made.outputs.numbers.digest}`;
  assert.equal(server.blobs.get(path)?.length, large);
  // The entry was lost; the large object was not.
  server.blobs.delete(`ac/${made.key}`);
  await fill(server.url, [1], large);
  assert.equal(server.seen.filter((s) => s.method === "PUT" && s.path === path).length, 1);
  using machine = await Machine.open();
  const remote = machine.remote(server.url);
  assert.deepEqual(await machine.fetch(remote, 1), made);
  await remote.finish();
  machine.checkSound();
});

Deno.test("many results go up in parallel, within bounds", async () => {
  await using server = new FakeRemote();
  let now = 0;
  let most = 0;
  server.fault = async () => {
    most = Math.max(most, ++now);
    await new Promise((resolve) => setTimeout(resolve, 1));
    now--;
    return undefined;
  };
  using machine = await Machine.open();
  const remote = machine.remote(server.url, "read-write", { ...STEADY, parallel: 5 });
  for (let seed = 0; seed < 12; seed++) remote.offer(await machine.make(seed));
  assert.equal((await remote.finish()).sent.results, 12);
  assert.ok(most > 1 && most <= 5, `${most} at a time`);
});

Deno.test("credentials of the address are sent, and those of a header, but to no other server", async () => {
  await using other = new FakeRemote();
  await fill(other.url, [1]);
  await using server = new FakeRemote();
  server.fault = ({ path }) => Response.redirect(`${other.url}/${path}`, 302);
  other.seen.length = 0;
  using machine = await Machine.open();
  const remote = machine.remote(server.url.replace("//", "//ann:s%C3%A9cret@"));
  assert.notEqual(await machine.fetch(remote, 1), null);
  await remote.finish();
  const login = `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode("ann:sécret")))}`;
  assert.ok(server.seen.every(({ headers }) => headers.get("authorization") === login));
  assert.ok(other.seen.length > 0);
  assert.ok(other.seen.every(({ headers }) => headers.get("authorization") === null));
});

Deno.test("a path in the address comes before ac and cas", async () => {
  await using server = new FakeRemote();
  server.strict = false;
  const [{ key }] = await fill(`${server.url}/team/cache/`, [1]);
  assert.ok(server.blobs.has(`team/cache/ac/${key}`));
});

Deno.test("a stopped run does not wait for uploads or downloads", async () => {
  const hanging = Promise.withResolvers<void>();
  await using server = new RawServer(async (_, closed) => {
    hanging.resolve();
    await new Promise((resolve) => closed.addEventListener("abort", resolve));
  });
  using machine = await Machine.open();
  const patient = { ...HASTY, idleMs: 1e6, answerMs: 1e6 };
  const remote = machine.remote(server.url, "read-write", patient);
  remote.offer(await machine.make(1));
  const fetched = machine.fetch(remote, 2);
  await hanging.promise;
  machine.stop.abort();
  assert.equal(await fetched, null);
  const { unsent, gaveUp } = await remote.finish();
  assert.deepEqual([unsent, gaveUp, machine.warnings], [1, false, []]);
});

Deno.test("a log that was lost costs the log, not the result", async () => {
  await using server = new FakeRemote();
  const [made] = await fill(server.url, [1]);
  server.strict = false;
  server.blobs.delete(`cas/${made.log}`);
  using machine = await Machine.open();
  const remote = machine.remote(server.url);
  assert.deepEqual(await machine.fetch(remote, 1), { ...made, log: null });
  await remote.finish();
  assert.equal(machine.store.hit(keyFor(1))?.log, null);
});
