/** Remotes that lie, fail, stall and break off: no wrong byte enters, no run fails, one line is said. */

import assert from "node:assert/strict";
import { sha256 } from "../../../pipeline/canonical.ts";
import { encodeActionResult, RECORD_PATH } from "../../../pipeline/remote/action_result.ts";
import { encodeManifest } from "../../../pipeline/store/tree_manifest.ts";
import type { StageRecord } from "../../../pipeline/types.ts";
import { FakeRemote, type Fault, RawServer } from "./fake_remote.ts";
import { componentsOf, fill, HASTY, keyFor, Machine } from "./remote_rig.ts";

const encoder = new TextEncoder();

/** Fetches from a remote that has the result, through a fault; says what the user was told. */
async function fetchThrough(
  fault: (made: StageRecord, server: FakeRemote) => Fault,
): Promise<{ found: boolean; warnings: string[]; requests: number; gaveUp: boolean }> {
  await using server = new FakeRemote();
  const [made] = await fill(server.url, [1]);
  server.strict = false;
  server.fault = fault(made, server);
  server.seen.length = 0;
  using machine = await Machine.open();
  const remote = machine.remote(server.url, "read-write", HASTY);
  const record = await machine.fetch(remote, 1);
  const { gaveUp } = await remote.finish();
  machine.checkSound();
  assert.ok(machine.warnings.length <= 1, machine.warnings.join("\n"));
  if (record !== null) assert.deepEqual(machine.store.hit(made.key), record);
  return {
    found: record !== null,
    warnings: machine.warnings,
    requests: server.seen.length,
    gaveUp,
  };
}

/** Replaces the answer for one object. */
const instead = (path: string, body: BodyInit, headers: HeadersInit = {}): Fault => (seen) =>
  seen.path === path ? new Response(body, { headers }) : undefined;

const FAULTS: Record<string, [RegExp | null, (made: StageRecord, server: FakeRemote) => Fault]> = {
  "wrong bytes of the right length": [/wrong bytes for cas/, (made, server) => {
    const path = `cas/${made.outputs.numbers.digest}`;
    return instead(path, server.blobs.get(path)!.toReversed());
  }],
  "wrong bytes of a member": [/wrong bytes for cas/, () => instead(`cas/${sha256("1 2")}`, "2 1")],
  "an object that is cut off": [
    /announces 3 bytes/,
    (made) => instead(`cas/${made.outputs.numbers.digest}`, '{"s'),
  ],
  "an object that is cut off, of unknown length": [
    /sent 3 of/,
    (made) => instead(`cas/${made.outputs.numbers.digest}`, new Blob(['{"s']).stream()),
  ],
  "an object that goes on": [
    /sent more than/,
    (made) => instead(`cas/${made.outputs.numbers.digest}`, endless()),
  ],
  "a manifest with wrong bytes": [
    /wrong bytes for cas/,
    (made) => instead(`cas/${made.outputs.files.digest}`, "{}"),
  ],
  "a page for people": [
    /no action result|names no record/,
    () => () => new Response("<!DOCTYPE html><title>Log in</title>"),
  ],
  "an entry that is empty": [/names no record/, () => instead(`ac/${keyFor(1)}`, "")],
  "an endless entry": [/sent more than/, () => instead(`ac/${keyFor(1)}`, endless())],
  "a record of the wrong length": [
    /announces/,
    (_, server) => (seen) =>
      seen.path.startsWith("cas/") && server.count("GET") === 2 ? new Response("{}") : undefined,
  ],
  "a missing member": [
    null,
    () => ({ path }) =>
      path === `cas/${sha256("1 0")}` ? new Response(null, { status: 404 }) : undefined,
  ],
  "a missing manifest": [
    null,
    (made) => ({ path }) =>
      path === `cas/${made.outputs.files.digest}` ? new Response(null, { status: 404 }) : undefined,
  ],
  "a redirect that never ends": [
    /redirects more than/,
    (_, server) => ({ path }) => Response.redirect(`${server.url}/${path}`, 302),
  ],
  "a redirect to nowhere": [
    /redirects to an address that is none/,
    () => () => new Response(null, { status: 302, headers: { location: "ftp://x/" } }),
  ],
  "no login": [/answers 401 \(not logged in\); it is left alone/, () => status(401)],
  "no permission": [/answers 403 \(forbidden\); it is left alone/, () => status(403)],
  "a server error": [/answers 500/, () => status(500)],
  "too many requests": [/answers 429/, () => status(429)],
  "a status of its own": [/answers 418/, () => status(418)],
};

function status(code: number): Fault {
  return () => new Response("no", { status: code });
}

function endless(): ReadableStream<Uint8Array> {
  const piece = new Uint8Array(1 << 20);
  return new ReadableStream({ pull: (controller) => controller.enqueue(piece) });
}

for (const [name, [said, fault]] of Object.entries(FAULTS)) {
  Deno.test(`the remote sends ${name}`, async () => {
    const { found, warnings, requests } = await fetchThrough(fault);
    assert.equal(found, false);
    if (said === null) assert.deepEqual(warnings, []);
    else assert.match(warnings[0] ?? "", said);
    assert.ok(requests < 30, `${requests} requests`);
  });
}

Deno.test("a passing error is tried again and not spoken of", async () => {
  const failed = new Set<string>();
  const { found, warnings } = await fetchThrough(() => ({ path }) => {
    if (!path.startsWith("cas/") || failed.has(path)) return undefined;
    failed.add(path);
    return new Response(null, { status: 503, headers: { "retry-after": "1" } });
  });
  assert.deepEqual([found, warnings], [true, []]);
});

Deno.test("after three wrong contents the remote is left alone", async () => {
  await using server = new FakeRemote();
  await fill(server.url, [1, 2, 3, 4, 5]);
  server.fault = ({ method, path }) =>
    method === "GET" && path.startsWith("ac/") ? new Response("<html>") : undefined;
  server.seen.length = 0;
  using machine = await Machine.open();
  const remote = machine.remote(server.url, "read-write", HASTY);
  for (const seed of [1, 2, 3, 4, 5]) assert.equal(await machine.fetch(remote, seed), null);
  assert.equal(server.seen.length, 3);
  remote.offer(await machine.make(6));
  const { gaveUp, unsent } = await remote.finish();
  assert.deepEqual([gaveUp, unsent, machine.warnings.length], [true, 1, 1]);
});

/** Asks a server that is none; says what the user was told. */
async function fetchFrom(url: string): Promise<string> {
  using machine = await Machine.open();
  const remote = machine.remote(url.replace("//", "//ann:secret@"), "read-write", HASTY);
  assert.equal(await machine.fetch(remote, 1), null);
  assert.equal(await machine.fetch(remote, 2), null);
  remote.offer(await machine.make(3));
  const { gaveUp } = await remote.finish();
  assert.equal(gaveUp, true);
  assert.equal(machine.warnings.length, 1);
  assert.doesNotMatch(machine.warnings[0], /secret/);
  machine.checkSound();
  return machine.warnings[0];
}

Deno.test("nobody listens", async () => {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const { port } = listener.addr;
  listener.close();
  assert.match(
    await fetchFrom(`http://127.0.0.1:${port}`),
    /connection refused\); it is left alone/,
  );
});

Deno.test("there is no such host", async () => {
  assert.match(await fetchFrom("http://nobody.invalid"), /cannot be reached.*it is left alone/);
});

const RAW: Record<string, [RegExp, ConstructorParameters<typeof RawServer>[0]]> = {
  "never answers": [
    /did not answer, or stalled/,
    (_, closed) => new Promise((resolve) => closed.addEventListener("abort", () => resolve())),
  ],
  "breaks off at once": [/broke the connection off/, () => Promise.resolve()],
  "breaks off in an answer": [
    /broke the connection off/,
    (write) => write("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhalf"),
  ],
  "breaks off in a chunk": [
    /broke the connection off/,
    (write) => write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n100\r\nhalf"),
  ],
  "speaks another protocol": [
    /cannot be used|broke the connection off/,
    (write) => write("SSH-2.0-OpenSSH_9.2\r\n"),
  ],
  "sends a byte now and then": [/did not answer, or stalled/, async (write, closed) => {
    await write("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
    while (!closed.aborted) {
      await write("x");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }],
};

for (const [name, [said, serve]] of Object.entries(RAW)) {
  Deno.test(`the remote ${name}`, async () => {
    await using server = new RawServer(serve);
    assert.match(await fetchFrom(server.url), said);
    assert.ok(server.asked <= 4, `${server.asked} connections`);
  });
}

Deno.test("the server is killed in the middle of a run", async () => {
  using machine = await Machine.open();
  const records = [await machine.make(11), await machine.make(12)];
  let url: string;
  let remote;
  {
    await using server = new FakeRemote();
    url = server.url;
    await fill(url, [1, 2, 3]);
    remote = machine.remote(url, "read-write", HASTY);
    assert.notEqual(await machine.fetch(remote, 1), null);
  }
  for (const seed of [2, 3, 4, 5, 6]) assert.equal(await machine.fetch(remote, seed), null);
  for (const record of records) remote.offer(record);
  const { gaveUp, fetched, unsent } = await remote.finish();
  assert.deepEqual([gaveUp, fetched.results, unsent], [true, 1, 2]);
  assert.equal(machine.warnings.length, 1);
  machine.checkSound();
});

/** An entry for seed 1 whose record and objects are as a liar makes them. */
function forge(
  server: FakeRemote,
  record: unknown,
  blobs: readonly Uint8Array<ArrayBuffer>[] = [],
) {
  const text = encoder.encode(JSON.stringify(record));
  for (const blob of [text, ...blobs]) server.blobs.set(`cas/${sha256(blob)}`, blob);
  const files = [{ path: RECORD_PATH, digest: sha256(text), bytes: text.length }];
  server.blobs.set(`ac/${keyFor(1)}`, encodeActionResult({ files, stdout: null }));
}

const FORGERIES: Record<string, [RegExp, (made: StageRecord) => unknown]> = {
  "another key": [/another key/, (made) => ({ ...made, key: keyFor(2) })],
  "components of another key": [
    /another key/,
    (made) => ({ ...made, components: componentsOf(2) }),
  ],
  "no components": [/another key/, ({ components: _, ...made }) => made],
  "an output too few": [/not the declared ones/, (made) => ({
    ...made,
    outputs: { numbers: made.outputs.numbers },
  })],
  "an output under another name": [/not the declared ones/, ({ outputs, ...made }) => ({
    ...made,
    outputs: { numbers: outputs.numbers, ["__proto__x"]: outputs.files },
  })],
  "an output of another form": [/not the declared ones/, ({ outputs, ...made }) => ({
    ...made,
    outputs: { ...outputs, numbers: { ...outputs.numbers, form: "tree" } },
  })],
  "a digest that is a path": [/not the declared ones/, ({ outputs, ...made }) => ({
    ...made,
    outputs: { ...outputs, numbers: { ...outputs.numbers, digest: "../../../../etc/passwd" } },
  })],
  "a negative size": [/not the declared ones/, ({ outputs, ...made }) => ({
    ...made,
    outputs: { ...outputs, numbers: { ...outputs.numbers, bytes: -1 } },
  })],
  "another version": [/another version/, (made) => ({ ...made, version: 2 })],
  "time that is no number": [/malformed field/, (made) => ({ ...made, seconds: "fast" })],
  "a list": [/not an object|another version/, () => []],
};

for (const [name, [said, change]] of Object.entries(FORGERIES)) {
  Deno.test(`the record of the remote has ${name}`, async () => {
    await using server = new FakeRemote();
    const [made] = await fill(server.url, [1]);
    forge(server, change(made));
    using machine = await Machine.open();
    const remote = machine.remote(server.url, "read-write", HASTY);
    assert.equal(await machine.fetch(remote, 1), null);
    await remote.finish();
    assert.match(machine.warnings[0], said);
    machine.checkSound();
  });
}

Deno.test("a forged tree does not leave its directory, nor name files twice", async () => {
  const file = { digest: sha256("x"), bytes: 1 };
  const lists = [
    [{ path: "../../out", ...file }],
    [{ path: "/etc/out", ...file }],
    [{ path: "a", ...file }, { path: "A", ...file }],
    [{ path: "b", ...file }, { path: "a", ...file }],
    [{ path: "a", ...file, bytes: -1 }],
  ];
  for (const list of lists) {
    await using server = new FakeRemote();
    const [made] = await fill(server.url, [1]);
    const manifest = encoder.encode(JSON.stringify({ version: 1, files: list }) + "\n");
    const bytes = Math.max(0, list.reduce((sum, f) => sum + f.bytes, 0));
    const files = { ...made.outputs.files, digest: sha256(manifest), bytes };
    const record = { ...made, outputs: { ...made.outputs, files } };
    forge(server, record, [manifest, encoder.encode("x")]);
    using machine = await Machine.open();
    const remote = machine.remote(server.url, "read-write", HASTY);
    assert.equal(await machine.fetch(remote, 1), null, JSON.stringify(list));
    await remote.finish();
    assert.match(machine.warnings[0], /list of files is not valid/);
    machine.checkSound();
  }
});

Deno.test("a forged size contradicts itself", async () => {
  await using server = new FakeRemote();
  const [made] = await fill(server.url, [1]);
  const manifest = encodeManifest([{ path: "a", digest: sha256(""), bytes: 7 }]);
  const files = { ...made.outputs.files, digest: sha256(manifest), bytes: 7 };
  forge(server, { ...made, outputs: { ...made.outputs, files } }, [manifest]);
  using machine = await Machine.open();
  const remote = machine.remote(server.url, "read-write", HASTY);
  assert.equal(await machine.fetch(remote, 1), null);
  await remote.finish();
  assert.match(machine.warnings[0], /contradict each other/);
});
