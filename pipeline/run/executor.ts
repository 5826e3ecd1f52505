/** Runs one attempt at a node: a sandboxed child on the stored bundle, then its outputs into the store. */

import { lstatSync } from "node:fs";
import { type AttemptDirectory, openAttempt } from "./attempt.ts";
import { inNameOrder } from "../canonical.ts";
import { runChild } from "./child.ts";
import { childFailure, noSpace, RESUME } from "./child_failure.ts";
import { declaredBy } from "../plan/declared.ts";
import { childEnvironment } from "../plan/environment.ts";
import { Failed } from "../failure.ts";
import { isDiskFull } from "../host.ts";
import { declaredOutputs, unkept, type Written } from "./outputs.ts";
import { checkInputs, type PlacedInput } from "./placed_inputs.ts";
import type { Job, JobArtifact } from "./runner.ts";
import { sandboxFlags } from "./sandbox.ts";
import { originalStack, sourceMapPath } from "../code/stack_trace.ts";
import { DamagedObject, type Store } from "../store/store.ts";
import { TreeError } from "../store/tree_manifest.ts";
import type { Digest, Kind, Node, OutputEntry, Progress, Provider } from "../types.ts";

/** The program of a stage. */
export interface Program {
  readonly code: Uint8Array;
  /** Exact npm specifiers that it imports. */
  readonly specifiers: readonly string[];
  /** `name@version` → integrity, of all that it reaches. @default not compared with the lock file */
  readonly packages?: Readonly<Record<string, string>>;
}

/** One attempt at a module stage. */
export interface Attempt {
  readonly node: Node;
  readonly program: Program;
  /** Input name → contents, in the order of the declaration; one unless the input takes many. */
  readonly inputs: Readonly<Record<string, readonly OutputEntry[]>>;
  readonly provider: Provider;
  readonly threads: number;
  /** Deno's lock file, so that packages of packages are the pinned ones; null when there is none. */
  readonly lockFile: string | null;
  readonly signal: AbortSignal;
  onProgress(progress: Progress): void;
  onLog(line: string): void;
}

/** What a finished attempt left in the store. */
export interface Finished {
  readonly outputs: Readonly<Record<string, OutputEntry>>;
  readonly log: Digest | null;
}

/** Log lines kept in memory for messages. */
const TAIL = 60;

/**
 * Runs one attempt. Nothing reaches the store unless every declared output exists in its declared form.
 *
 * @throws {Failed} with the failure as data.
 * @throws {DamagedObject} when an input is damaged; it was moved aside and its producer must run again.
 */
export async function execute(store: Store, attempt: Attempt): Promise<Finished> {
  const where = attempt.node.id;
  try {
    using directory = openAttempt(store);
    const log = await runProgram(store, directory, attempt);
    return await collect(store, directory, attempt.node, log);
  } catch (error) {
    if (error instanceof Failed || error instanceof DamagedObject) throw error;
    if (attempt.signal.aborted) throw new Failed({ ...cancelled(where) });
    if (isDiskFull(error)) throw new Failed({ ...noSpace(store.dir), where }, { cause: error });
    throw error;
  }
}

/** The failure of a node whose run was stopped by the user. */
export function cancelled(where: string, log?: string) {
  return { code: "cancelled", message: "stopped before it was done", where, mend: RESUME, log };
}

/** Materialises program and inputs, runs the child. @returns the path of the log. */
async function runProgram(
  store: Store,
  { path }: AttemptDirectory,
  attempt: Attempt,
): Promise<string> {
  const { node, signal } = attempt;
  const { files } = store.host;
  for (const part of ["inputs", "outputs"]) files.makeDirectory(`${path}/${part}`);
  const program = await placeProgram(store, attempt.program, `${path}/program.js`);
  const placed: PlacedInput[] = [];
  const job: Job = {
    inputs: await placeInputs(store, path, attempt, placed),
    outputs: outputPlaces(store, path, node),
    params: node.params,
    provider: attempt.provider,
    threads: attempt.threads,
  };
  // The key knows no order of names, so the stage must not see one either.
  const text = JSON.stringify(inNameOrder(job));
  files.writeNew(`${path}/job.json`, new TextEncoder().encode(text));
  const began = Math.floor(lstatSync(`${path}/job.json`).mtimeMs);
  const { specifiers, packages } = attempt.program;
  const args = [
    ...await sandboxFlags(store.host, path, { ...attempt, specifiers, packages }),
    `${path}/program.js`,
    `${path}/job.json`,
  ];
  const tensors = node.work.type === "module" && node.work.provider;
  const provider = tensors ? attempt.provider : null;

  const log = `${store.dir}/logs/${fileName(node.id)}.${path.slice(path.lastIndexOf("/") + 1)}.log`;
  const tail: string[] = [];
  const said: { done: boolean; error: { name: string; message: string } | null } = {
    done: false,
    error: null,
  };
  const line = (text: string) => {
    files.append(log, text + "\n");
    tail.push(text);
    if (tail.length > TAIL) tail.shift();
    attempt.onLog(text);
  };
  files.append(log, "");
  const end = await runChild(store.host, Deno.execPath(), args, {
    cwd: path,
    env: childEnvironment({ provider, work: node.work }),
    signal,
    confine: {
      // The runtimes of graphics cards may talk to services of the machine.
      network: provider === "cuda" || provider === "webgpu",
      processes: declaredBy(node.work).programs.length === 0,
    },
  }, {
    line,
    message(message) {
      if ("progress" in message) attempt.onProgress(message.progress as Progress);
      else if ("done" in message) said.done = true;
      else {
        said.error = message.error;
        const map = sourceMapPath(`${store.dir}/cache/bundles`, program);
        for (const text of originalStack(message.error.stack, map).split("\n")) line(text);
      }
    },
  });
  if (signal.aborted) throw new Failed(cancelled(node.id, log));
  // Before anything else: it may be why the stage failed.
  await checkInputs(store, placed, began, { where: node.id, log });
  if (!end.success || !said.done) {
    const { error } = said;
    const about = { node: node.id, provider, store: store.dir, log, specifiers };
    throw new Failed(childFailure({ ...about, end, error, tail }));
  }
  return log;
}

/** Puts the program into the store and at its place; what went in between is put again. @returns its digest. */
async function placeProgram(store: Store, { code }: Program, to: string): Promise<Digest> {
  for (let tries = 1;; tries++) {
    const digest = await store.putBytes(code);
    try {
      await store.materialize({ digest, form: "file", media: "", bytes: code.length }, to);
      return digest;
    } catch (error) {
      if (!(error instanceof DamagedObject) || tries === 3) throw error;
    }
  }
}

async function placeInputs(
  store: Store,
  path: string,
  { node, inputs }: Attempt,
  placed: PlacedInput[],
): Promise<Job["inputs"]> {
  const places: Record<string, JobArtifact | JobArtifact[]> = {};
  for (const [name, declared] of Object.entries(node.inputKinds)) {
    const many = "many" in declared;
    const kind: Kind = many ? declared.many : declared;
    const base = `${path}/inputs/${name}`;
    if (many) store.host.files.makeDirectory(base);
    const list: JobArtifact[] = [];
    for (const [i, entry] of (inputs[name] ?? []).entries()) {
      const to = (many ? `${base}/${i}` : base) + kind.extension;
      await store.materialize(entry, to);
      placed.push({ name, entry, path: to });
      list.push({ form: kind.form, media: kind.media, path: to, ...itemsOf(kind) });
    }
    places[name] = many ? list : list[0];
  }
  return places;
}

function outputPlaces(store: Store, path: string, node: Node): Record<string, JobArtifact> {
  const places: Record<string, JobArtifact> = {};
  for (const [name, kind] of Object.entries(node.outputs)) {
    const { form, media, extension } = kind;
    const to = `${path}/outputs/${name}${extension}`;
    places[name] = { form, media, path: to, ...itemsOf(kind) };
    if (form === "tree") store.host.files.makeDirectory(places[name].path);
  }
  return places;
}

function itemsOf({ of }: Kind): Pick<JobArtifact, "of"> {
  return of === undefined ? {} : { of: { media: of.media, extension: of.extension } };
}

/** Checks the outputs against the declaration and puts them in the store with the log. */
async function collect(
  store: Store,
  { path }: AttemptDirectory,
  node: Node,
  log: string,
): Promise<Finished> {
  // A program that a stage left behind could write to what it holds open.
  const move = declaredBy(node.work).programs.length === 0;
  const written: Written = { directory: `${path}/outputs`, node, log, move };
  const items = declaredOutputs(written);
  const logged = lstatSync(log).size > 0;
  if (logged) items.push({ path: log, form: "file", move: true });
  let stored;
  try {
    stored = await store.put(items);
  } catch (error) {
    if (error instanceof TreeError) throw unkept(written, error);
    throw error;
  }
  const outputs: Record<string, OutputEntry> = {};
  for (const [i, [name, { form, media }]] of Object.entries(node.outputs).entries()) {
    outputs[name] = { digest: stored[i].digest, form, media, bytes: stored[i].bytes };
  }
  store.host.files.remove(log);
  return { outputs, log: logged ? stored.at(-1)!.digest : null };
}

/** A node's id as part of a file name. */
function fileName(id: string): string {
  return id.replace(/[^A-Za-z0-9._-]+/g, "_").slice(0, 100);
}
