/** Fetches npm packages through Deno itself, so that the user's registry, proxy and certificates are honoured. */

import { runChild } from "../run/child.ts";
import { Failed } from "../failure.ts";
import type { Host } from "../host.ts";

/** How to reach the packages. */
export interface Fetching {
  readonly host: Host;
  /** The project's directory: its `.npmrc` counts. */
  readonly root: string;
  readonly signal: AbortSignal;
  /** Instead of the user's cache, e.g. to get past a damaged copy. */
  readonly denoDir?: string;
  /** What Deno says. */
  onLog(line: string): void;
}

/** Waits before the second and the third try, in milliseconds. */
const BACKOFF = [1000, 4000];
/** Answers of a registry that no repetition changes. */
const FINAL = /does not exist|could not find npm package .* matching|unauthorized|forbidden/i;

interface Said {
  readonly success: boolean;
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
}

async function deno(args: readonly string[], fetching: Fetching): Promise<Said> {
  const { host, root, signal, denoDir } = fetching;
  const env: Record<string, string> = { ...Deno.env.toObject(), NO_COLOR: "1" };
  if (denoDir !== undefined) env.DENO_DIR = denoDir;
  const stdout: string[] = [];
  const stderr: string[] = [];
  const end = await runChild(host, Deno.execPath(), args, { cwd: root, env, signal }, {
    output: (line) => stdout.push(line),
    message: () => {},
    line: (line) => {
      stderr.push(line);
      fetching.onLog(line);
    },
  });
  return { success: end.success, stdout, stderr };
}

/** The sentence that Deno ends with when it fails. */
function complaint(lines: readonly string[]): string {
  const at = lines.findIndex((line) => line.startsWith("error:"));
  if (at < 0) return lines.filter((l) => l.trim() !== "").at(-1) ?? "Deno said nothing";
  const cause = lines.slice(at + 1).find((line) => /^\s*0: (?!<unknown>)/.test(line));
  return lines[at].slice("error:".length).trim() +
    (cause === undefined ? "" : ` (${cause.replace(/^\s*0: /, "").trim()})`);
}

/**
 * Puts packages and what they depend on into Deno's cache, with two more tries after network errors.
 *
 * @param specifiers Exact ones, e.g. `npm:zod@4.6.7`.
 * @throws {Failed} `download`, with Deno's own words.
 */
export async function fetchPackages(
  specifiers: readonly string[],
  fetching: Fetching,
  flags: readonly string[] = ["--no-lock"],
): Promise<void> {
  for (let attempt = 0;; attempt++) {
    const said = await deno(["cache", ...flags, ...specifiers], fetching);
    fetching.signal.throwIfAborted();
    if (said.success) return;
    const why = complaint(said.stderr);
    if (attempt === BACKOFF.length || FINAL.test(why)) {
      throw new Failed({
        code: "download",
        message: `could not download ${
          specifiers.map((s) => s.replace(/^npm:/, "")).join(", ")
        }: ${why}`,
        mend: "Check the network and the npm registry that is configured, then run again.",
      });
    }
    fetching.onLog(`download failed (${why}); trying again`);
    await fetching.host.delay(BACKOFF[attempt], fetching.signal);
  }
}

/** Directory of an exact package that is in Deno's cache, or null. */
export async function packageDirectory(
  name: string,
  version: string,
  fetching: Fetching,
): Promise<string | null> {
  const said = await deno(["info", "--json", "--no-lock", `npm:${name}@${version}`], fetching);
  try {
    // By fields, not by key: a package with peer dependencies has them in its key.
    const known: Record<string, { name: string; version: string; localPath?: string }> = JSON.parse(
      said.stdout.join("\n"),
    ).npmPackages;
    const found = Object.values(known).find((one) => one.name === name && one.version === version);
    return found?.localPath ?? null;
  } catch {
    return null;
  }
}

/**
 * Makes sure that the packages of stage programs are in Deno's cache, because stages have no network.
 *
 * @param lockFile Lock file whose versions count, or null.
 * @param onFetch Called once when something must be fetched.
 * @throws {Failed} `package-missing` when that is impossible.
 */
export async function preparePackages(
  specifiers: readonly string[],
  lockFile: string | null,
  fetching: Fetching,
  onFetch: (specifiers: readonly string[]) => void,
): Promise<void> {
  if (specifiers.length === 0) return;
  const lock = lockFile === null ? "--no-lock" : `--lock=${lockFile}`;
  // The flags of stage processes, so that what is found here is found there.
  const flags = ["--no-config", lock];
  let told = false;
  const onLog = (line: string) => {
    if (!line.startsWith("Download ")) return;
    if (!told) onFetch(specifiers);
    told = true;
    fetching.onLog(line);
  };
  try {
    await fetchPackages(specifiers, { ...fetching, onLog }, flags);
  } catch (error) {
    if (!(error instanceof Failed)) throw error;
    throw new Failed({
      ...error.failure,
      code: "package-missing",
      message: `stages import npm packages that are not in Deno's cache: ${error.failure.message}`,
    });
  }
}
