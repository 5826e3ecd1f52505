/** The toy pipeline on stores that can be brought to any state, run, and compared with a clean run. */

import { fsck } from "../../pipeline/fsck/fsck.ts";
import { type Host, systemHost } from "../../pipeline/host.ts";
import { plan } from "../../pipeline/plan/plan.ts";
import { run, type RunResult } from "../../pipeline/run/run.ts";
import { Store } from "../../pipeline/store/store.ts";
import type { StageRecord } from "../../pipeline/types.ts";
import { exportToy } from "./bundles.ts";
import { FaultHost } from "./fault_host.ts";
import { toyPipeline, writeProject } from "./toy.ts";

/** Runs the toy pipeline once, as a new process would. */
export async function runToy(
  project: string,
  storeDir: string,
  host: Host,
  { seed = 1, jobs = 1 }: { seed?: number; jobs?: number } = {},
): Promise<RunResult> {
  const store = await Store.open(storeDir, host);
  const request = {
    pipeline: toyPipeline(project),
    preset: "small",
    config: { seed },
    provider: "cpu" as const,
    jobs,
    root: new URL(`file://${project}/`),
    store,
  };
  return await run({
    ...request,
    plan: await plan(request),
    signal: new AbortController().signal,
    onEvent: () => {},
  });
}

/** What a clean run made: per node its key, outputs and record without times. */
export type Result = Readonly<Record<string, string>>;

/** A lost log may be forgotten: it is no result. */
function essence({ log: _, ...record }: StageRecord): string {
  return JSON.stringify({ ...record, seconds: 0, finished: "" });
}

/** What a run says that it made. */
export async function resultOf(run: RunResult, storeDir: string): Promise<Result> {
  return read(run, await Store.open(storeDir));
}

function read(run: RunResult, store: Store): Result {
  return Object.fromEntries(run.outcomes.map(({ id, status, key, outputs, reason }) => {
    if (status !== "ran" && status !== "cached") return [id, `${status}: ${reason}`];
    const record = key === null ? null : store.getRecord(key);
    return [id, JSON.stringify(outputs) + (record === null ? "no record" : essence(record))];
  }));
}

/** What a plain run after a fault showed. */
export interface Verdict {
  /** Outputs or records that are not those of a clean run. */
  readonly wrong: readonly string[];
  /** Nodes that did not finish, damage that stayed. */
  readonly help: readonly string[];
}

/** A project and stores in a temporary directory. */
export class World {
  readonly root: string;
  readonly project: string;
  readonly #clean = new Map<number, Result>();
  #stores = 0;

  private constructor(root: string) {
    this.root = root;
    this.project = `${root}/project`;
  }

  /** Makes the project and the clean runs of two seeds. */
  static async create(): Promise<World> {
    const fast = "/dev/shm";
    const dir = await Deno.stat(fast).then((info) => info.isDirectory, () => false) ? fast : "";
    const root = Deno.realPathSync(
      Deno.makeTempDirSync({ prefix: "faults-", dir: dir === "" ? undefined : dir }),
    );
    const world = new World(root);
    Deno.mkdirSync(world.project);
    writeProject(world.project);
    for (const seed of [1, 2]) {
      const dir = `${root}/clean-${seed}`;
      // Where other results were before.
      if (seed === 2) {
        await runToy(world.project, `${root}/clean-used`, world.host(), { seed: 2 });
        await runToy(world.project, `${root}/clean-used`, world.host(), { seed: 1 });
      }
      const result = await runToy(world.project, dir, world.host(), { seed });
      if (!result.ok) throw new Error(`the clean run failed: ${JSON.stringify(result.outcomes)}`);
      world.#clean.set(seed, await resultOf(result, dir));
    }
    await exportToy(world.project, `${root}/clean-1`, world.host(), `${world.project}.tar`);
    return world;
  }

  /** The machine without a fault, stages in this process. */
  host(): FaultHost {
    return new FaultHost({ kind: "none" }, { project: this.project });
  }

  /** A new store: empty but for built programs, or a copy of the clean store of a seed. */
  store(from: "bare" | "empty" | "used" | 1 | 2 = "empty"): string {
    const dir = `${this.root}/store-${++this.#stores}`;
    if (from === "bare") Deno.mkdirSync(dir);
    else if (from === "empty") copyTree(`${this.root}/clean-1/cache`, `${dir}/cache`);
    else copyTree(`${this.root}/clean-${from}`, dir);
    return dir;
  }

  /**
   * Runs plainly, without a flag, and compares with the clean run: every output, record and object.
   */
  async check(storeDir: string, seed = 1, host: Host = this.host()): Promise<Verdict> {
    let result: RunResult;
    try {
      result = await runToy(this.project, storeDir, host, { seed, jobs: 2 });
    } catch (error) {
      return {
        wrong: [],
        help: [`the plain run threw ${error instanceof Error ? error.stack : error}`],
      };
    }
    const store = await Store.open(storeDir, systemHost);
    const { wrong, missing } = this.compare(await resultOf(result, storeDir), seed);
    const { damage } = await fsck(store);
    const help = damage.map(({ path, what }) => `fsck: ${path}: ${what}`);
    return { wrong, help: [...missing, ...help] };
  }

  /**
   * As {@link check} for stores that were damaged: a run serves nothing wrong, but damage that it did not come
   * across stays, until `fsck --repair` and one more plain run end it.
   */
  async checkAndRepair(storeDir: string, seed = 1): Promise<Verdict> {
    const first = await this.check(storeDir, seed);
    const stopped = first.help.filter((text) => !text.startsWith("fsck:"));
    if (first.wrong.length + stopped.length > 0 || first.help.length === 0) {
      return { wrong: first.wrong, help: stopped };
    }
    await fsck(await Store.open(storeDir), { repair: true });
    return await this.check(storeDir, seed);
  }

  /** Compares what a run says that it made, and its records, with the clean run. */
  compare(
    found: Result,
    seed = 1,
  ): { readonly wrong: string[]; readonly missing: string[] } {
    const clean = this.#clean.get(seed)!;
    const different = Object.keys(clean).filter((id) => found[id] !== clean[id]);
    const unfinished = (id: string) => /^(failed|skipped)/.test(found[id]);
    return {
      missing: different.filter(unfinished).map((id) => `${id}: ${found[id]}`),
      wrong: different.filter((id) => !unfinished(id))
        .map((id) => `${id}: ${found[id]} instead of ${clean[id]}`),
    };
  }

  /** Removes a store that is done with. */
  drop(dir: string): void {
    Deno.removeSync(dir, { recursive: true });
  }

  [Symbol.dispose](): void {
    this.drop(this.root);
  }
}

/** Copies files with their modes and times: they are what caches look at. */
export function copyTree(from: string, to: string): void {
  Deno.mkdirSync(to, { recursive: true });
  for (const { name, isDirectory } of Deno.readDirSync(from)) {
    if (isDirectory) copyTree(`${from}/${name}`, `${to}/${name}`);
    else Deno.copyFileSync(`${from}/${name}`, `${to}/${name}`);
  }
}
