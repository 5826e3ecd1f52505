/** Fetches one URL into a file, with retries, going on where a broken transfer stopped. */

import { createHash, type Hash } from "node:crypto";
import { Failed } from "../failure.ts";
import type { Host } from "../host.ts";
import type { Digest } from "../types.ts";

/** One transfer. */
export interface Transfer {
  readonly url: string;
  /** Where the bytes go; must not exist. */
  readonly to: string;
  /** More bytes than this are refused. */
  readonly most: number;
  /** Milliseconds without a byte after which a connection counts as dead. */
  readonly stall: number;
  readonly host: Host;
  readonly signal: AbortSignal;
  onLog(line: string): void;
  /** @param total Null when the server does not say. */
  onBytes(received: number, total: number | null): void;
}

/** What arrived. */
export interface Transferred {
  readonly digest: Digest;
  readonly bytes: number;
  /** Media type that the server stated. */
  readonly type: string;
  /** How the server says that it encoded the bytes, which are as they came; "" when it did not. */
  readonly encoding: string;
}

/** Waits before the second, third and fourth try, in milliseconds. */
const BACKOFF = [1000, 4000, 16000];
/** Longest wait that a server may ask for. */
const PATIENCE = 60_000;
/** Answers that another try may change. */
const PASSING = new Set([408, 425, 429, 500, 502, 503, 504]);

/** Trouble that another try may not meet. */
class Passing extends Error {
  constructor(message: string, readonly wait = 0) {
    super(message);
  }
}

/** What has arrived so far. */
interface Partial {
  hash: Hash;
  received: number;
  /** What the server calls this version of the file; null when it cannot go on with it. */
  validator: string | null;
}

/**
 * Fetches a file. Redirects are followed; proxies and certificates are those of Deno's own variables.
 *
 * @throws {Failed} `download` when it cannot be had.
 */
export async function transfer(request: Transfer): Promise<Transferred> {
  const { url, host, signal } = request;
  const partial: Partial = { hash: createHash("sha256"), received: 0, validator: null };
  using file = Deno.openSync(request.to, { createNew: true, write: true });
  for (let attempt = 0;; attempt++) {
    try {
      return await once(request, file, partial);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof Passing)) throw error;
      if (attempt === BACKOFF.length) {
        throw new Failed({
          code: "download",
          message: `could not download ${url}: ${error.message}`,
        });
      }
      request.onLog(`download failed (${error.message}); trying again`);
      await host.delay(Math.max(BACKOFF[attempt], Math.min(error.wait, PATIENCE)), signal);
      signal.throwIfAborted();
    }
  }
}

async function once(request: Transfer, file: Deno.FsFile, partial: Partial): Promise<Transferred> {
  const dead = new AbortController();
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(() => dead.abort(), request.stall);
  };
  let timer = setTimeout(() => dead.abort(), request.stall);
  try {
    const signal = AbortSignal.any([request.signal, dead.signal]);
    const response = await ask(request, file, partial, signal);
    const { headers } = response;
    const length = Number(headers.get("content-length") ?? NaN);
    const encoding = headers.get("content-encoding") ?? "";
    const total = Number.isNaN(length) ? null : partial.received + length;
    if (total !== null && total > request.most) throw tooLarge(request, total);
    partial.validator = validatorOf(headers);
    for await (const chunk of response.body ?? []) {
      alive();
      if (partial.received + chunk.length > request.most) {
        throw tooLarge(request, partial.received + chunk.length);
      }
      for (let written = 0; written < chunk.length;) {
        written += await file.write(chunk.subarray(written));
      }
      partial.hash.update(chunk);
      partial.received += chunk.length;
      request.onBytes(partial.received, total);
    }
    if (total !== null && partial.received < total) {
      throw new Passing(`the connection ended after ${partial.received} of ${total} bytes`);
    }
    return {
      digest: partial.hash.digest("hex"),
      bytes: partial.received,
      type: headers.get("content-type") ?? "",
      encoding,
    };
  } catch (error) {
    throw worded(error, dead.signal.aborted, request.stall);
  } finally {
    clearTimeout(timer);
  }
}

/** Sends the request, from where the last try ended if the server can; else from the start. */
async function ask(
  request: Transfer,
  file: Deno.FsFile,
  partial: Partial,
  signal: AbortSignal,
): Promise<Response> {
  const { url } = request;
  // Encoded, the bytes would not be those whose digest is pinned. Asked so, Deno decodes nothing either.
  const headers: Record<string, string> = { "accept-encoding": "identity" };
  const goOn = partial.received > 0 && partial.validator !== null;
  if (goOn) {
    headers.range = `bytes=${partial.received}-`;
    headers["if-range"] = partial.validator!;
  }
  const response = await fetch(url, { headers, signal });
  if (goOn && response.status === 206) {
    const from = /^bytes (\d+)-/.exec(response.headers.get("content-range") ?? "")?.[1];
    if (Number(from) === partial.received) return response;
  }
  if (response.status === 200) {
    startAgain(file, partial);
    return response;
  }
  await response.body?.cancel();
  partial.validator = null;
  const { status, statusText } = response;
  const said = `the server answered ${status}${statusText === "" ? "" : ` ${statusText}`}`;
  // Asked for a part, a server may refuse what it would give whole.
  if (PASSING.has(status) || goOn) throw new Passing(said, retryAfter(response.headers));
  throw new Failed({ code: "download", message: `could not download ${url}: ${said}` });
}

function startAgain(file: Deno.FsFile, partial: Partial): void {
  partial.hash = createHash("sha256");
  partial.received = 0;
  file.truncateSync(0);
  file.seekSync(0, Deno.SeekMode.Start);
}

function validatorOf(headers: Headers): string | null {
  if (headers.get("accept-ranges") !== "bytes") return null;
  const tag = headers.get("etag");
  // A weak tag does not promise the same bytes.
  return tag !== null && !tag.startsWith("W/") ? tag : null;
}

function retryAfter(headers: Headers): number {
  const seconds = Number(headers.get("retry-after") ?? 0);
  return seconds > 0 ? seconds * 1000 : 0;
}

function tooLarge({ url, most }: Transfer, bytes: number): Failed {
  return new Failed({
    code: "download",
    message:
      `could not download ${url}: it has ${bytes} bytes or more, and at most ${most} are expected`,
    mend: "Correct `bytes` in the declaration if the file is the right one.",
  });
}

function worded(error: unknown, stalled: boolean, stall: number): unknown {
  if (error instanceof Failed || error instanceof Passing) return error;
  if (stalled) return new Passing(`no byte came for ${Math.round(stall / 1000)} s`);
  // Deno throws both of these for whatever happens to a connection; the file's own errors have a code.
  const network = error instanceof TypeError || error instanceof Deno.errors.Http ||
    error instanceof Deno.errors.ConnectionReset;
  if (!network) return error;
  // "fetch failed" alone would help nobody.
  const { cause } = error;
  const why = cause instanceof Error ? cause.message : error.message;
  return new Passing(why.replace(/^error sending request for url \([^)]*\): /, ""));
}
