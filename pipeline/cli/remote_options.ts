/** `--remote` and `--remote-mode`, and what the user is told of the remote cache. */

import { plural } from "../report/format.ts";
import { REMOTE_MODES, type RemoteAddress, remoteAddress } from "../remote/address.ts";
import type { OpenRemote, RemoteSummary } from "../remote/remote.ts";
import type { Store } from "../store/store.ts";
import type { Plan } from "../types.ts";
import type { Arguments, OptionSpec } from "./options.ts";

/** Options of the commands that know of a remote cache. */
export const remoteOptions: Readonly<Record<string, OptionSpec>> = {
  remote: {
    type: "text",
    value: "URL",
    describe:
      "A cache shared over HTTP (Bazel's protocol, or WebDAV): results are taken from it, " +
      "and new ones put there. Default: the variable REPRODUCE_REMOTE; none: without.",
  },
  "remote-mode": {
    type: "text",
    choices: REMOTE_MODES,
    describe: "read: take results from the remote, put none there. Default: read-write.",
  },
};

/** The remote that the user wants, or null. @throws {Failed} "usage". */
export function remoteOf(args: Arguments): RemoteAddress | null {
  const settings = { url: args.texts.remote, mode: args.texts["remote-mode"] };
  return remoteAddress(settings, (name) => Deno.env.get(name));
}

/** Opens the remote of a run; the client loads only where there is one. */
export async function openRemoteOf(
  address: RemoteAddress | null,
  store: Store,
  signal: AbortSignal,
  warn: (line: string) => void,
): Promise<OpenRemote | null> {
  if (address === null) return null;
  const { openRemote } = await import("../remote/remote.ts");
  return openRemote({ address, store, signal, warn });
}

/** For plans, which do not ask the remote: what it may save. No line when nothing would run. */
export function mayComeLines(plan: Plan, address: RemoteAddress | null): string[] {
  const waiting = plan.nodes.filter(({ status }) => status !== "cached").length;
  if (address === null || waiting === 0) return [];
  return [
    `${waiting === 1 ? "It" : "They"} may come from the remote cache ${address.shown}, which is ` +
    "asked when they are due, not now.",
  ];
}

/** What a run had from its remote; no line when that was nothing. */
export function remoteLines(summary: RemoteSummary | null): string[] {
  if (summary === null) return [];
  const { fetched, sent, unsent } = summary;
  const parts = [
    ...(fetched.results ? [`${fetched.results} taken (${megabytes(fetched.bytes)})`] : []),
    ...(sent.results ? [`${sent.results} uploaded (${megabytes(sent.bytes)})`] : []),
    ...(unsent ? [`${plural(unsent, "result")} not uploaded`] : []),
  ];
  return parts.length === 0 ? [] : [`Remote cache ${summary.address}: ${parts.join(", ")}`];
}

function megabytes(bytes: number): string {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
