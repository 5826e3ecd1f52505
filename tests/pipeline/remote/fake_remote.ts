/** A cache server in this process, as strict as Bazel's, that lies and fails as a test says. */

import { sha256 } from "../../../pipeline/canonical.ts";
import { decodeActionResult } from "../../../pipeline/remote/action_result.ts";

/** One request, as the server saw it. */
export interface Seen {
  readonly method: string;
  /** `ac/…` or `cas/…`. */
  readonly path: string;
  readonly headers: Headers;
}

/** Answers instead of the server; undefined leaves the request to it. */
export type Fault = (seen: Seen) => Response | undefined | Promise<Response | undefined>;

/**
 * Keeps blobs in memory. Like a server that knows the protocol it refuses blobs whose SHA-256 is not their
 * name, uploads without a length, and entries that are no action results, and it serves an entry only while
 * the blobs that it names are there.
 */
export class FakeRemote {
  readonly blobs = new Map<string, Uint8Array<ArrayBuffer>>();
  readonly seen: Seen[] = [];
  fault: Fault = () => undefined;
  /** False: like a plain file server, which serves what it was given. */
  strict = true;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor() {
    this.#server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen() {} },
      (request) => this.#answer(request),
    );
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** Requests of one method, optionally under a prefix. */
  count(method: string, prefix = ""): number {
    return this.seen.filter((s) => s.method === method && s.path.startsWith(prefix)).length;
  }

  async #answer(request: Request): Promise<Response> {
    const path = new URL(request.url).pathname.slice(1);
    const seen: Seen = { method: request.method, path, headers: request.headers };
    this.seen.push(seen);
    const fault = await this.fault(seen);
    if (fault !== undefined) {
      await request.body?.cancel();
      return fault;
    }
    if (request.method === "PUT") return await this.#put(path, request);
    const blob = this.blobs.get(path);
    if (blob === undefined || (this.strict && !this.#isComplete(path, blob))) {
      return new Response("not found", { status: 404 });
    }
    const headers = { "content-length": String(blob.length) };
    return new Response(request.method === "HEAD" ? null : blob, { headers });
  }

  async #put(path: string, request: Request): Promise<Response> {
    const bytes = new Uint8Array(await request.arrayBuffer());
    const length = request.headers.get("content-length");
    if (this.strict && length !== String(bytes.length)) return refuse("no length");
    if (this.strict && path.startsWith("cas/") && sha256(bytes) !== path.slice(4)) {
      return refuse("wrong hash");
    }
    if (this.strict && path.startsWith("ac/")) {
      try {
        decodeActionResult(bytes);
      } catch {
        return refuse("no action result");
      }
    }
    this.blobs.set(path, bytes);
    return new Response(null, { status: 201 });
  }

  #isComplete(path: string, entry: Uint8Array): boolean {
    if (!path.startsWith("ac/")) return true;
    const { files, stdout } = decodeActionResult(entry);
    return [...files, ...(stdout === null ? [] : [stdout])]
      .every(({ digest, bytes }) => bytes === 0 || this.blobs.has(`cas/${digest}`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

function refuse(why: string): Response {
  return new Response(why, { status: 400 });
}

/** A server that speaks no proper HTTP: sends `pieces` to whoever asks, then `end`s. */
export class RawServer {
  readonly #listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  readonly #connections = new Set<Deno.Conn>();
  readonly #done: Promise<void>;
  asked = 0;

  /** @param serve Called with each connection after its first bytes came. */
  constructor(
    serve: (write: (text: string) => Promise<void>, closed: AbortSignal) => Promise<void>,
  ) {
    this.#done = this.#listen(serve);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#listener.addr as Deno.NetAddr).port}`;
  }

  async #listen(serve: ConstructorParameters<typeof RawServer>[0]): Promise<void> {
    const all: Promise<void>[] = [];
    try {
      for await (const connection of this.#listener) all.push(this.#serve(connection, serve));
    } catch {
      // Closed.
    }
    await Promise.all(all);
  }

  async #serve(
    connection: Deno.Conn,
    serve: ConstructorParameters<typeof RawServer>[0],
  ): Promise<void> {
    this.#connections.add(connection);
    const gone = new AbortController();
    try {
      await connection.read(new Uint8Array(4096));
      this.asked++;
      const rest = (async () => {
        while (await connection.read(new Uint8Array(4096)) !== null);
      })().catch(() => {}).finally(() => gone.abort());
      const encoder = new TextEncoder();
      await serve(async (text) => {
        const bytes = encoder.encode(text);
        for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
      }, gone.signal).catch(() => {});
      this.#close(connection);
      await rest;
    } catch {
      this.#close(connection);
    }
  }

  #close(connection: Deno.Conn): void {
    if (!this.#connections.delete(connection)) return;
    try {
      connection.close();
    } catch {
      // Closed by the other side.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of [...this.#connections]) this.#close(connection);
    await this.#done;
  }
}
