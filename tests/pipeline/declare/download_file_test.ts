/** Downloads by URL: pinned content, servers that misbehave, local copies. */

import assert from "node:assert/strict";
import { sha256 } from "../../../pipeline/canonical.ts";
import { downloadFile } from "../../../pipeline/sources/download_work.ts";
import { componentsOf } from "../../../pipeline/plan/plan.ts";
import { keyOf } from "../../../pipeline/plan/key.ts";
import { download, type DownloadFile, Failed, file, type FileKind } from "../../../pipeline/mod.ts";
import { Store } from "../../../pipeline/store/store.ts";
import type { Failure } from "../../../pipeline/types.ts";
import { faultyHost } from "../faulty_host.ts";

const TEXT = "1,2,3\n".repeat(5000);
const BYTES = new TextEncoder().encode(TEXT);
const DIGEST = sha256(BYTES);

const declare = (more: Partial<DownloadFile<FileKind<string>>> = {}) =>
  download({
    name: "table",
    url: "https://data.example/table.csv",
    sha256: DIGEST,
    kind: file("text/csv", ".csv"),
    license: "CC0-1.0",
    ...more,
  }).file.node;

/** What one run came to, and everything that was logged. */
interface Attempted {
  readonly failure: Failure | null;
  readonly log: string[];
  readonly waits: number[];
}

/** Downloads into a new store, which afterwards holds the file or nothing. */
async function attempt(
  url: string,
  { packagesDir, stall, signal = new AbortController().signal, ...more }:
    & Partial<DownloadFile<FileKind<string>>>
    & { packagesDir?: string; stall?: number; signal?: AbortSignal } = {},
): Promise<Attempted> {
  const dir = Deno.makeTempDirSync();
  const log: string[] = [];
  const waits: number[] = [];
  const host = faultyHost(() => {});
  try {
    const store = await Store.open(dir, {
      ...host,
      delay: (ms, signal) => (waits.push(ms), host.delay(0, signal)),
    });
    const node = declare({ url, ...more });
    if (node.work.type !== "download") throw new Error("another kind of work");
    const { source } = node.work;
    const onLog = (line: string) => log.push(line);
    let failure: Failure | null = null;
    try {
      const request = { node, source, packagesDir, stall, signal, onLog, onProgress: () => {} };
      const { outputs } = await downloadFile(store, request);
      assert.deepEqual(outputs.file, {
        digest: DIGEST,
        form: "file",
        media: "text/csv",
        bytes: BYTES.length,
      });
      assert.deepEqual(await store.readObject(DIGEST), BYTES);
    } catch (error) {
      if (!(error instanceof Failed)) throw error;
      failure = error.failure;
      assert.equal(failure.where, "download[table]");
      assert.deepEqual([...Deno.readDirSync(`${dir}/objects/sha256`)], [], "something was stored");
    }
    assert.deepEqual([...Deno.readDirSync(`${dir}/attempts`)], []);
    return { failure, log, waits };
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

type Handler = (request: Request, count: number) => Response | Promise<Response>;

/** Answers requests on this machine while `body` runs. */
async function serving<T>(handler: Handler, body: (url: string) => Promise<T>): Promise<T> {
  let count = 0;
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => handler(request, count++),
  );
  try {
    return await body(`http://127.0.0.1:${server.addr.port}/table.csv`);
  } finally {
    await server.shutdown();
  }
}

/** A server that writes prepared bytes, one answer a connection, and hangs up. */
async function speaking<T>(
  answers: readonly (string | null)[],
  body: (url: string, requests: string[]) => Promise<T>,
): Promise<T> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const requests: string[] = [];
  const kept: Deno.Conn[] = [];
  const serve = async () => {
    for await (const connection of listener) {
      const buffer = new Uint8Array(4096);
      const n = await connection.read(buffer);
      requests.push(new TextDecoder().decode(buffer.subarray(0, n ?? 0)));
      const answer = answers[Math.min(requests.length, answers.length) - 1];
      // Null: says nothing and keeps the line open.
      if (answer === null) kept.push(connection);
      else {
        const bytes = new TextEncoder().encode(answer);
        for (let i = 0; i < bytes.length;) i += await connection.write(bytes.subarray(i));
        connection.close();
      }
    }
  };
  const done = serve().catch(() => {});
  try {
    return await body(
      `http://127.0.0.1:${(listener.addr as Deno.NetAddr).port}/table.csv`,
      requests,
    );
  } finally {
    listener.close();
    kept.forEach((connection) => connection.close());
    await done;
  }
}

const head = (status: string, headers: Record<string, string | number>) =>
  `HTTP/1.1 ${status}\r\n${
    Object.entries({ connection: "close", ...headers }).map((pair) => pair.join(": ")).join("\r\n")
  }\r\n\r\n`;

Deno.test("a file with the pinned digest is stored, also through redirects", async () => {
  assert.equal((await serving(() => new Response(BYTES), attempt)).failure, null);
  const redirecting: Handler = (request) =>
    new URL(request.url).pathname === "/table.csv"
      ? new Response(null, { status: 302, headers: { location: "/elsewhere" } })
      : new Response(BYTES);
  assert.equal((await serving(redirecting, attempt)).failure, null);
  const sized = (url: string) => attempt(url, { bytes: BYTES.length });
  assert.equal((await serving(() => new Response(BYTES), sized)).failure, null);
});

Deno.test("another file is told with both digests and never stored", async () => {
  const { failure } = await serving(() => new Response("other"), attempt);
  assert.equal(failure!.code, "download");
  assert.match(
    failure!.message,
    new RegExp(`expected the SHA-256 ${DIGEST}, got ${sha256("other")}`),
  );
  assert.match(failure!.message, /of 5 bytes$/);
  const page = () => new Response("<p>Sign in", { headers: { "content-type": "text/html" } });
  assert.match((await serving(page, attempt)).failure!.mend!, /web page/);
  const short = (url: string) => attempt(url, { bytes: BYTES.length });
  const { failure: sized } = await serving(() => new Response("other"), short);
  assert.match(sized!.message, /it has 5 bytes instead of 30000/);
});

Deno.test("errors that may pass are tried again with growing waits, final ones are not", async () => {
  const fails = (times: number, status = 503): Handler => (_, count) =>
    count < times ? new Response("no", { status }) : new Response(BYTES);
  const once = await serving(fails(1), attempt);
  assert.equal(once.failure, null);
  assert.deepEqual(once.waits, [1000]);
  assert.deepEqual((await serving(fails(3), attempt)).waits, [1000, 4000, 16000]);
  const always = await serving(fails(99, 500), attempt);
  assert.match(always.failure!.message, /the server answered 500 Internal Server Error$/);
  assert.match(always.failure!.mend!, new RegExp(`DIR/table\\.csv or DIR/${DIGEST}`));
  const missing = await serving(fails(99, 404), attempt);
  assert.match(missing.failure!.message, /the server answered 404 Not Found$/);
  assert.deepEqual(missing.waits, []);
  const patient: Handler = (_, count) =>
    count === 0
      ? new Response("slow down", { status: 429, headers: { "retry-after": "7" } })
      : new Response(BYTES);
  assert.deepEqual((await serving(patient, attempt)).waits, [7000]);
});

Deno.test("a Content-Length that lies costs a try, not the truth", async () => {
  const whole = head("200 OK", { "content-length": BYTES.length }) + TEXT;
  const tooLong = head("200 OK", { "content-length": BYTES.length + 7 }) + TEXT;
  await speaking([tooLong, whole], async (url, requests) => {
    assert.equal((await attempt(url)).failure, null);
    assert.equal(requests.length, 2);
  });
  const tooShort = head("200 OK", { "content-length": 6 }) + TEXT;
  await speaking([tooShort], async (url) => {
    const { failure } = await attempt(url);
    assert.match(failure!.message, /is not the pinned file/);
  });
  const none = head("200 OK", {}) + TEXT;
  await speaking([none], async (url) => assert.equal((await attempt(url)).failure, null));
});

Deno.test("a connection that breaks is gone on with where it broke, if the server can", async () => {
  const headers = { "accept-ranges": "bytes", etag: '"v1"', "content-length": BYTES.length };
  const broken = head("200 OK", headers) + TEXT.slice(0, 9000);
  let from = 0;
  await speaking([broken, "", head("500 Oops", {})], async (url, requests) => {
    await attempt(url);
    const range = /range: bytes=(\d+)-/i.exec(requests[1]);
    from = Number(range![1]);
    assert.match(requests[1], /if-range: "v1"/i);
  });
  assert.ok(from > 0 && from <= 9000);
  const rest = head("206 Partial Content", {
    ...headers,
    "content-range": `bytes ${from}-${BYTES.length - 1}/${BYTES.length}`,
    "content-length": BYTES.length - from,
  }) + TEXT.slice(from);
  if (from === 9000) {
    await speaking([broken, rest], async (url) => assert.equal((await attempt(url)).failure, null));
  }
  // Another version meanwhile: the server sends it whole, and nothing of the first part may stay.
  const other = head("200 OK", { ...headers, etag: '"v2"' }) + TEXT;
  await speaking(
    [broken.replaceAll("1", "9"), other],
    async (url) => assert.equal((await attempt(url)).failure, null),
  );
  // A server that cannot go on starts again.
  const plain = head("200 OK", { "content-length": BYTES.length });
  await speaking([plain + TEXT.slice(0, 9000), plain + TEXT], async (url, requests) => {
    assert.equal((await attempt(url)).failure, null);
    assert.doesNotMatch(requests[1], /range:/i);
  });
  // A wrong part is not the pinned file.
  const wrong = rest.replace(/,2,3\n$/, ",2,4\n");
  if (from === 9000) {
    await speaking([broken, wrong], async (url) => {
      assert.match((await attempt(url)).failure!.message, /not the pinned file/);
    });
  }
});

Deno.test("a server that says nothing, or is not there, is told after some tries", async () => {
  await speaking([null], async (url) => {
    const { failure, log } = await attempt(url, { stall: 20 });
    assert.match(failure!.message, /no byte came for 0 s$/);
    assert.equal(log.length, 3);
  });
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  const { failure } = await attempt(`http://127.0.0.1:${port}/table.csv`);
  assert.match(failure!.message, /could not download http:.*refused/i);
  assert.match(failure!.mend!, /Check the network.*--packages DIR/);
});

Deno.test("more bytes than declared are stopped, announced or not", async () => {
  const limited = (url: string) => attempt(url, { bytes: 100 });
  const announced = await serving(() => new Response(BYTES), limited);
  assert.match(
    announced.failure!.message,
    /it has 30000 bytes or more, and at most 100 are expected/,
  );
  assert.deepEqual(announced.waits, []);
  await speaking([head("200 OK", {}) + TEXT], async (url) => {
    assert.match((await limited(url)).failure!.message, /at most 100 are expected/);
  });
});

Deno.test("redirects lead to http and https only, and end", async () => {
  const to = (location: string): Handler => () =>
    new Response(null, { status: 302, headers: { location } });
  for (const location of ["file:///etc/hostname", "data:text/plain,x", "/table.csv"]) {
    const { failure } = await serving(to(location), attempt);
    assert.equal(failure!.code, "download", location);
  }
});

Deno.test("an answer that is compressed although it should not be is told", async () => {
  const gzip = new Response(BYTES).body!.pipeThrough(new CompressionStream("gzip"));
  const packed = new Uint8Array(await new Response(gzip).arrayBuffer());
  const handler = () => new Response(packed, { headers: { "content-encoding": "gzip" } });
  // Many servers say so of files that are compressed themselves; their bytes are taken as they are.
  assert.match((await serving(handler, attempt)).failure!.mend!, /encoded it \(gzip\)/);
});

Deno.test("stopping the run stops a download at once", async () => {
  const controller = new AbortController();
  await speaking([null], async (url, requests) => {
    const pending = attempt(url, { signal: controller.signal });
    while (requests.length === 0) await new Promise((r) => setTimeout(r, 1));
    controller.abort();
    assert.equal((await pending).failure!.code, "cancelled");
  });
});

Deno.test("local copies are used instead of the network, by digest or by name", async () => {
  const packagesDir = Deno.makeTempDirSync();
  const nowhere = "http://127.0.0.1:9/some%20table.csv";
  try {
    Deno.writeFileSync(`${packagesDir}/some table.csv`, BYTES);
    assert.equal((await attempt(nowhere, { packagesDir })).failure, null);
    Deno.writeTextFileSync(`${packagesDir}/some table.csv`, "other");
    const { failure } = await attempt(nowhere, { packagesDir });
    assert.match(failure!.message, /some table\.csv is not the pinned file: .*, got [0-9a-f]{64}$/);
    assert.match(failure!.mend!, /Replace it/);
    Deno.writeFileSync(`${packagesDir}/${DIGEST}`, BYTES);
    assert.equal((await attempt(nowhere, { packagesDir })).failure, null);
    assert.equal(Deno.readTextFileSync(`${packagesDir}/some table.csv`), "other");
    Deno.removeSync(`${packagesDir}/${DIGEST}`);
    Deno.removeSync(`${packagesDir}/some table.csv`);
    const { log } = await serving(
      () => new Response(BYTES),
      (url) => attempt(url, { packagesDir }),
    );
    assert.match(log[0], /does not hold the file; using the network/);
  } finally {
    Deno.removeSync(packagesDir, { recursive: true });
  }
});

Deno.test("the key depends on the digest and the kind, not on the address", () => {
  const key = (more: Parameters<typeof declare>[0]) =>
    keyOf(componentsOf(declare(more), null, {}, {}));
  const base = key({});
  assert.equal(key({ url: "http://mirror.example/t" }), base);
  assert.equal(key({ name: "other", license: "MIT", bytes: 3 }), base);
  assert.notEqual(key({ sha256: "0".repeat(64) }), base);
  assert.notEqual(key({ kind: file("text/plain", ".txt") }), base);
});

Deno.test("download() refuses what cannot be fetched or pinned", () => {
  const cases: readonly (readonly [Parameters<typeof declare>[0], RegExp])[] = [
    [{ url: "ftp://x.example/a" }, /not an http or https address/],
    [{ url: "file:///etc/passwd" }, /not an http or https address/],
    [{ url: "table.csv" }, /not an http or https address/],
    [{ url: "https://me:secret@x.example/a" }, /user name or a password/],
    [{ sha256: DIGEST.toUpperCase() }, /not a SHA-256/],
    [{ name: "../x" }, /name is not usable/],
    [{ bytes: -1 }, /bytes is -1/],
  ];
  for (const [more, message] of cases) assert.throws(() => declare(more), message);
});

Deno.test("the usual variables name a proxy", async () => {
  const seen: string[] = [];
  const proxy: Handler = (request) => (seen.push(request.url), new Response("proxied"));
  await serving(proxy, async (url) => {
    const { success, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", `console.log(await (await fetch("http://data.example/t")).text())`],
      env: { HTTP_PROXY: new URL(url).origin, NO_PROXY: "" },
    }).output();
    assert.ok(success);
    assert.equal(new TextDecoder().decode(stdout).trim(), "proxied");
  });
  assert.match(seen[0], /^http:\/\/data\.example/);
});
