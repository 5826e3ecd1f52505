/** The history of runs: one small file a run, and the long parts that runs share, by digest. */

import { sha256 } from "../canonical.ts";
import { Failed } from "../failure.ts";
import { replaceFile } from "../host.ts";
import { isDigest } from "../store/records.ts";
import {
  encode,
  historyDir,
  type HistoryStore,
  newId,
  partPath,
  touchPart,
  writeRun,
} from "./run_file.ts";
import type { Digest, Failure, Outcome, OutputEntry, Provider, Verdict } from "../types.ts";

/** A commit of the project's repository. */
export interface Commit {
  readonly id: string;
  /** Whether tracked files differed from it; null when nobody looked. */
  readonly changed: boolean | null;
}

/** A node that did something: those that were up to date are only counted. */
export interface PastNode {
  readonly id: string;
  readonly status: "ran" | "cached" | "failed" | "skipped";
  readonly reason: string;
  readonly seconds: number;
  readonly attempts?: number;
  readonly failure?: Failure;
}

/** The numbers of a verdict; null stands for an infinity. */
export interface PastVerdict {
  readonly claim: string;
  readonly verdict: Verdict["verdict"];
  readonly effect: number | null;
  readonly interval: readonly [number | null, number | null];
  readonly p: number | null;
  readonly n: number;
}

/** One run, as it is remembered. */
export interface PastRun {
  readonly version: 2;
  /** Short; names the run for the user. */
  readonly id: string;
  /** ISO 8601. */
  readonly began: string;
  readonly paper: string;
  readonly preset: string;
  readonly provider: Provider;
  /** Why this provider; null when nobody said. */
  readonly why: string | null;
  /** `failed`: a node failed, or the run could not start; `stopped`: by the user. */
  readonly outcome: "done" | "failed" | "stopped";
  /** The choice of a partial run, as typed. */
  readonly partial: string | null;
  readonly seconds: number;
  readonly counts: Readonly<Record<Outcome["status"], number>>;
  readonly verdicts: readonly PastVerdict[];
  /** What the pipeline promises, by name, as far as it was made. */
  readonly targets: Readonly<Record<string, Pick<OutputEntry, "digest" | "form" | "media">>>;
  /** Paths of local sources: absolute, or relative to the project. */
  readonly sources?: readonly string[];
  readonly jobs: number;
  readonly deno: string;
  readonly system: string;
  /** Without passwords; null when the run did not come from the command line. */
  readonly command: string | null;
  readonly commit: Commit | null;
  /** Name of the configuration among the shared parts. */
  readonly config: Digest;
  /** Name of the list of `[node id, key]` among the shared parts. */
  readonly nodes: Digest;
  /** Nodes that were not simply up to date, in the plan's order. */
  readonly active: readonly PastNode[];
  /** Why the run could not start, if that. */
  readonly failure?: Failure;
}

/** Node ids with their keys, in the plan's order; null while a key is not known. */
export type NodeKeys = readonly (readonly [string, Digest | null])[];

export { historyDir };

/** A run before it has a name. */
export type NewRun = Omit<PastRun, "version" | "id" | "config" | "nodes">;

/** Writes one run. What it shares with an earlier one (configuration, keys) is there already and costs nothing. */
export function rememberRun(
  store: HistoryStore,
  run: NewRun,
  config: unknown,
  nodes: NodeKeys,
): PastRun {
  return writeRun(store, {
    version: 2,
    id: newId(store),
    ...run,
    config: keepPart(store, JSON.stringify(config ?? null)),
    nodes: keepPart(store, JSON.stringify(nodes)),
  });
}

function keepPart(store: HistoryStore, text: string): Digest {
  const digest = sha256(text);
  if (!touchPart(store, digest)) {
    replaceFile(store.host, store.dir, partPath(store, digest), encode(text));
  }
  return digest;
}

/** The runs of a store, newest first; files that are none are passed over. Reads as far as it is asked. */
export function* pastRuns(store: { readonly dir: string }): Generator<PastRun> {
  const dir = historyDir(store);
  let names: string[];
  try {
    names = [...Deno.readDirSync(dir)].filter(({ isFile, name }) =>
      isFile && name.endsWith(".json")
    ).map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  // Names begin with the time.
  for (const name of names.sort().reverse()) {
    const run = readRun(`${dir}/${name}`);
    if (run !== null) yield run;
  }
}

function readRun(path: string): PastRun | null {
  try {
    const value = JSON.parse(Deno.readTextFileSync(path));
    return value?.version === 2 && typeof value.id === "string" ? value : null;
  } catch {
    // Removed in the meantime, or torn.
    return null;
  }
}

/** Keys of a run's nodes; null when that part of the history is lost. */
export function nodeKeysOf(store: { readonly dir: string }, run: PastRun): NodeKeys | null {
  const value = readPart(store, run.nodes);
  return Array.isArray(value) ? value : null;
}

/** A run's configuration; undefined when that part of the history is lost. */
export function configOf(store: { readonly dir: string }, run: PastRun): unknown {
  return readPart(store, run.config);
}

function readPart(store: { readonly dir: string }, digest: Digest): unknown {
  if (!isDigest(digest)) return undefined;
  try {
    const text = Deno.readTextFileSync(partPath(store, digest)).replace(/\n$/, "");
    return sha256(text) === digest ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The run that a user means: `last`, `last~N` (the Nth before it), an id or the beginning of one.
 *
 * @param like Counts only runs of the same paper and preset, for `last`.
 * @throws {Failed} `unknown-run`.
 */
export function findRun(
  store: { readonly dir: string },
  name: string,
  like: { readonly paper?: string; readonly preset?: string } = {},
): PastRun {
  const fits = (run: PastRun) =>
    (like.paper ?? run.paper) === run.paper && (like.preset ?? run.preset) === run.preset;
  const back = /^last(?:~(\d+))?$/.exec(name);
  if (back !== null) {
    let left = Number(back[1] ?? 0);
    for (const run of pastRuns(store)) if (fits(run) && left-- === 0) return run;
    const of = like.paper === undefined ? "" : ` of ${like.paper}`;
    throw unknown(`there is no run${of} so far back as "${name}"`);
  }
  const found: PastRun[] = [];
  if (/^[0-9a-z]{2,}$/i.test(name)) {
    for (const run of pastRuns(store)) {
      if (run.id === name) return run;
      if (run.id.startsWith(name)) found.push(run);
    }
  }
  if (found.length === 1) return found[0];
  if (found.length === 0) throw unknown(`there is no run "${name}"`);
  const ids = found.slice(0, 5).map(({ id }) => id).join(", ");
  throw unknown(`"${name}" is the beginning of ${found.length} runs: ${ids}`);
}

function unknown(message: string): Failed {
  return new Failed({
    code: "unknown-run",
    message,
    mend: "`deno task runs` lists them; last, last~1 and so on count from the newest.",
  });
}
