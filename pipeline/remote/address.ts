/** Where the remote cache is and how to log in: from the command line and from variables. */

import { Failed } from "../failure.ts";

/** A remote cache, as the user names it. */
export interface RemoteAddress {
  /** Without user name and password, without a final slash. */
  readonly url: URL;
  /** The address as it may be shown: never with credentials. */
  readonly shown: string;
  /** Sent with each request; may hold credentials. */
  readonly headers: Readonly<Record<string, string>>;
  /** Whether results are uploaded too. */
  readonly write: boolean;
  /** Certificates, in PEM, that are believed besides the usual ones. */
  readonly certificates?: string;
}

/** Values of `--remote-mode`. */
export const REMOTE_MODES = ["read-write", "read"] as const;

/** What was given on the command line; variables stand in for what was not. */
export interface RemoteSettings {
  readonly url?: string;
  readonly mode?: string;
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
// deno-lint-ignore no-control-regex
const CONTROL = /[\u0000-\u0008\u000a-\u001f\u007f]/;

/**
 * The remote to use, or null for none: `--remote` before `REPRODUCE_REMOTE`, `--remote-mode` before
 * `REPRODUCE_REMOTE_MODE`. `none` as the address means none.
 * @throws {Failed} "usage" when the address, the mode or the header cannot be used.
 */
export function remoteAddress(
  settings: RemoteSettings,
  variable: (name: string) => string | undefined,
): RemoteAddress | null {
  const given = settings.url ?? variable("REPRODUCE_REMOTE") ?? "";
  if (given === "" || given === "none") return null;
  const from = settings.url === undefined ? "REPRODUCE_REMOTE" : "--remote";
  const url = parse(given, from);
  const mode = settings.mode ?? (variable("REPRODUCE_REMOTE_MODE") || "read-write");
  if (!REMOTE_MODES.some((known) => known === mode)) {
    const mend = `Choose one of ${REMOTE_MODES.join(", ")}.`;
    throw new Failed({ code: "usage", message: `Unknown mode of the remote "${mode}".`, mend });
  }
  const headers = { ...login(url), ...header(variable("REPRODUCE_REMOTE_HEADER") ?? "") };
  const certificates = certificatesIn(variable("DENO_CERT") ?? "");
  url.username = "";
  url.password = "";
  url.pathname = url.pathname.replace(/\/+$/, "");
  return {
    url,
    shown: url.href.replace(/\/$/, ""),
    headers,
    write: mode === "read-write",
    certificates,
  };
}

/** Deno's own variable, which its `node:https` does not look at. */
function certificatesIn(file: string): string | undefined {
  if (file === "") return undefined;
  try {
    return Deno.readTextFileSync(file);
  } catch {
    const message = `DENO_CERT names ${file}, which cannot be read.`;
    throw new Failed({ code: "usage", message, mend: "Name a file of certificates in PEM." });
  }
}

function parse(given: string, from: string): URL {
  const fail = (what: string): never => {
    throw new Failed({
      code: "usage",
      message: `${from} ${JSON.stringify(given.replace(/^.*@/s, "…@"))} ${what}.`,
      mend: `Give an address such as http://cache.example:8080, or "none".`,
    });
  };
  let url: URL;
  try {
    url = new URL(given);
  } catch {
    return fail("is not an address");
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    fail("is not an http or https address");
  }
  if (url.search !== "" || url.hash !== "") fail('has a "?" or "#" part, which a cache has not');
  return url;
}

/** An address or command line without the user name and password in its URLs. */
export function withoutCredentials(text: string): string {
  return text.replace(/(\bhttps?:\/*)[^/?#\s"']*@/gi, "$1");
}

function login(url: URL): Record<string, string> {
  if (url.username === "" && url.password === "") return {};
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  const binary = String.fromCharCode(...new TextEncoder().encode(pair));
  return { authorization: `Basic ${btoa(binary)}` };
}

/** `Name: value`, one a line. The value is a secret and stays out of messages. */
function header(text: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const line of text.split(/\r?\n/).filter((line) => line.trim() !== "")) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).trim();
    const value = line.slice(colon + 1).trim();
    if (colon < 0 || !TOKEN.test(name) || CONTROL.test(value) || value === "") {
      throw new Failed({
        code: "usage",
        message: "REPRODUCE_REMOTE_HEADER is not a header.",
        mend: 'Set it to one header a line, such as "Authorization: Bearer …".',
      });
    }
    headers[name.toLowerCase()] = value;
  }
  return headers;
}
