/** Requests to the remote: one at a time, each with time-outs that count progress, and no trust in the answer. */

import http from "node:http";
import https from "node:https";
import type { Readable } from "node:stream";
import tls from "node:tls";
import type { RemoteAddress } from "./address.ts";

/** What can go wrong with a request. */
export type TroubleKind =
  /** No connection, or it broke. */
  | "network"
  /** Nothing, or too little, came in time. */
  | "time-out"
  /** An answer that says no: a status. */
  | "status"
  /** Bytes that are not what they should be. */
  | "content"
  /** The user stopped the run. */
  | "stopped";

/** A request that came to nothing; the message is one line without credentials. */
export class Trouble extends Error {
  override readonly name = "Trouble";
  constructor(
    readonly kind: TroubleKind,
    message: string,
    /** The HTTP status, if that is the trouble. */
    readonly status: number | null = null,
    /** What the server asks to wait, in milliseconds. */
    readonly waitMs: number | null = null,
  ) {
    super(message);
  }
}

/** How patient to be. */
export interface Patience {
  /** A request that moves fewer than `minBytes` in this time has stalled. */
  readonly idleMs: number;
  readonly minBytes: number;
  /** How long a server may take to answer after an upload arrived. */
  readonly answerMs: number;
}

/** What the remote says of a name: its size, where it tells one. */
export interface Found {
  readonly bytes: number | null;
}

/** What to upload: bytes, or a stream made anew for each attempt. */
export type Body = Uint8Array | (() => Readable);

const REDIRECTS = 5;
const USER_AGENT = "reproduce";

interface Asked {
  readonly method: "GET" | "HEAD" | "PUT";
  readonly url: URL;
  readonly headers: Record<string, string>;
  readonly body?: Body;
}

/** HTTP connections to one server; kept open between requests. */
export class Transport {
  readonly #address: RemoteAddress;
  readonly #patience: Patience;
  readonly #signal: AbortSignal;
  readonly #agents: { readonly "http:": http.Agent; readonly "https:": https.Agent };

  constructor(address: RemoteAddress, patience: Patience, signal: AbortSignal) {
    this.#address = address;
    this.#patience = patience;
    this.#signal = signal;
    const options = { keepAlive: true, scheduling: "lifo" } as const;
    const { certificates } = address;
    const ca = certificates === undefined ? {} : { ca: [...tls.rootCertificates, certificates] };
    this.#agents = {
      "http:": new http.Agent(options),
      "https:": new https.Agent({ ...options, ...ca }),
    };
  }

  /** Whether the name is there, and how large; null when it is not. @throws {Trouble} */
  async head(path: string): Promise<Found | null> {
    const answer = await this.#ask({ method: "HEAD", ...this.#at(path) }, 0, () => {});
    return answer === null ? null : { bytes: answer.length };
  }

  /**
   * Hands the content to `take`, piece by piece, at most `bytes` (`exact`: not fewer either).
   * @returns false when the name is not there. @throws {Trouble}
   */
  async get(
    path: string,
    limit: { readonly bytes: number; readonly exact: boolean },
    take: (piece: Uint8Array) => void,
  ): Promise<boolean> {
    const { bytes, exact } = limit;
    let got = 0;
    const answer = await this.#ask(
      { method: "GET", ...this.#at(path) },
      exact ? -bytes : bytes,
      (piece) => {
        got += piece.length;
        if (got > bytes) throw new Trouble("content", `sent more than ${bytes} bytes for ${path}`);
        take(piece);
      },
    );
    if (answer === null) return false;
    if (exact && got !== bytes) {
      throw new Trouble("content", `sent ${got} of ${bytes} bytes for ${path}`);
    }
    return true;
  }

  /** Uploads `bytes` bytes. @throws {Trouble} */
  async put(path: string, bytes: number, body: Body): Promise<void> {
    const { url, headers } = this.#at(path);
    const sized = {
      ...headers,
      "content-length": String(bytes),
      "content-type": "application/octet-stream",
    };
    await this.#ask({ method: "PUT", url, headers: sized, body }, 0, () => {});
  }

  /** Closes all connections. */
  close(): void {
    this.#agents["http:"].destroy();
    this.#agents["https:"].destroy();
  }

  #at(path: string): Pick<Asked, "url" | "headers"> {
    const { url, headers } = this.#address;
    return { url: new URL(`${url.pathname.replace(/\/$/, "")}/${path}`, url), headers };
  }

  /** @param expect Most bytes of the answer; negative: exactly so many. */
  async #ask(
    asked: Asked,
    expect: number,
    take: (piece: Uint8Array) => void,
  ): Promise<{ length: number | null } | null> {
    let current = asked;
    for (let hops = 0; hops <= REDIRECTS; hops++) {
      const answer = await this.#once(current, expect, take);
      if (answer === null || !("location" in answer)) return answer;
      const next = URL.canParse(answer.location, current.url)
        ? new URL(answer.location, current.url)
        : null;
      if (next === null || !(next.protocol in this.#agents)) {
        throw new Trouble("status", "redirects to an address that is none", answer.status);
      }
      if (asked.method === "PUT") {
        throw new Trouble("status", "redirects uploads elsewhere", answer.status);
      }
      // Credentials are for the server that the user named.
      const headers = next.origin === this.#address.url.origin ? asked.headers : {};
      current = { ...current, url: next, headers };
    }
    throw new Trouble("status", `redirects more than ${REDIRECTS} times`, 310);
  }

  #once(
    { method, url, headers, body }: Asked,
    expect: number,
    take: (piece: Uint8Array) => void,
  ): Promise<{ length: number | null } | { location: string; status: number } | null> {
    const signal = this.#signal;
    const patience = this.#patience;
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(new Trouble("stopped", "the run was stopped"));
      const secure = url.protocol === "https:";
      const request = (secure ? https : http).request(url, {
        method,
        headers: { "user-agent": USER_AGENT, "accept-encoding": "identity", ...headers },
        agent: this.#agents[secure ? "https:" : "http:"],
      });
      let moved = 0;
      let timer: ReturnType<typeof setTimeout> | undefined;
      let ended = false;
      let source: Readable | null = null;
      const end = (error: unknown, value?: Parameters<typeof resolve>[0]) => {
        if (ended) return;
        ended = true;
        clearTimeout(timer);
        signal.removeEventListener("abort", stop);
        if (error === null) return resolve(value!);
        source?.destroy();
        request.destroy();
        reject(error instanceof Trouble ? error : networkTrouble(error));
      };
      const stop = () => end(new Trouble("stopped", "the run was stopped"));
      const watch = (ms: number) => {
        clearTimeout(timer);
        const before = moved;
        timer = setTimeout(() => {
          if (moved - before >= patience.minBytes) return watch(ms);
          const seconds = Math.round(ms / 100) / 10;
          end(new Trouble("time-out", `did not answer, or stalled, for ${seconds} s`));
        }, ms);
      };
      signal.addEventListener("abort", stop);
      watch(patience.idleMs);
      request.on("error", (error) => end(error));
      request.on("response", (response) => {
        const status = response.statusCode ?? 0;
        response.on("error", (error) => end(error));
        response.on("aborted", () => end(new Trouble("network", "broke the connection off")));
        // Nothing else that comes matters; the connection is not worth keeping for it.
        const settle = (error: Trouble | null, value?: Parameters<typeof resolve>[0]) => {
          end(error, value);
          response.resume();
          if (Number(response.headers["content-length"] ?? Infinity) > patience.minBytes) {
            request.destroy();
          }
        };
        if (status === 404 || status === 410) {
          if (method === "PUT") return settle(statusTrouble(status, method, response.headers));
          return settle(null, null);
        }
        if ([301, 302, 303, 307, 308].includes(status)) {
          return settle(null, { location: response.headers.location ?? "", status });
        }
        if (status < 200 || status > 299) {
          return settle(statusTrouble(status, method, response.headers));
        }
        const declared = response.headers["content-length"];
        const length = declared === undefined ? null : Number(declared);
        if (method !== "GET") return settle(null, { length });
        if (length !== null && (expect < 0 ? length !== -expect : length > expect)) {
          const wanted = expect < 0 ? -expect : `at most ${expect}`;
          return settle(new Trouble("content", `announces ${length} bytes instead of ${wanted}`));
        }
        watch(patience.idleMs);
        response.on("data", (piece: Uint8Array) => {
          if (ended) return;
          moved += piece.length;
          try {
            take(piece);
          } catch (error) {
            end(error);
          }
        });
        response.on("end", () => {
          if (response.complete) end(null, { length });
          else end(new Trouble("network", "broke the connection off"));
        });
      });
      if (body === undefined) request.end();
      else if (body instanceof Uint8Array) {
        request.end(body);
        watch(patience.answerMs);
      } else {
        source = body();
        source.on("data", (piece: Uint8Array) => moved += piece.length);
        source.on("error", (error) => end(error));
        source.on("end", () => ended || watch(patience.answerMs));
        source.pipe(request);
      }
    });
  }
}

function statusTrouble(
  status: number,
  method: string,
  headers: http.IncomingHttpHeaders,
): Trouble {
  const after = Number(headers["retry-after"]);
  const wait = Number.isFinite(after) && after >= 0 ? after * 1000 : null;
  const what = STATUS[status] ?? (status >= 500 ? "the server is in trouble" : "not understood");
  const message = `answers ${status} (${what})${method === "PUT" ? " to an upload" : ""}`;
  return new Trouble("status", message, status, wait);
}

const STATUS: Readonly<Record<number, string>> = {
  400: "bad request",
  401: "not logged in",
  403: "forbidden",
  404: "not found",
  405: "not allowed",
  407: "not logged in at a proxy",
  409: "conflict",
  413: "too large",
  429: "too many requests",
  501: "not supported",
  507: "its storage is full",
};

/** System errors in the words of a user. File errors (a full disk) are passed on as they are. */
function networkTrouble(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const code = String((error as { code?: unknown }).code ?? "");
  if (FILE_ERRORS.has(code)) return error;
  const words: Readonly<Record<string, string>> = {
    ECONNREFUSED: "cannot be reached (connection refused)",
    ENOTFOUND: "cannot be reached (no such host)",
    EAI_AGAIN: "cannot be reached (no such host)",
    EHOSTUNREACH: "cannot be reached (no route)",
    ENETUNREACH: "cannot be reached (no network)",
    ETIMEDOUT: "cannot be reached (no answer)",
    ECONNRESET: "broke the connection off",
    EPIPE: "broke the connection off",
  };
  const text = words[code] ??
    (/abort|hang up|closed|reset/i.test(error.message)
      ? "broke the connection off"
      : `cannot be used (${(code || error.message).split("\n")[0]})`);
  return new Trouble("network", text);
}

const FILE_ERRORS = new Set(["ENOSPC", "EDQUOT", "EROFS", "EACCES", "EIO", "ENOENT", "EMFILE"]);
