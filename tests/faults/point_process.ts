/** One engine process with one fault: `{ project, store, fault, action, … }` as JSON in its argument. */

import { fsck } from "../../pipeline/fsck/fsck.ts";
import { infoOf } from "../../pipeline/fsck/files.ts";
import { gc } from "../../pipeline/gc/gc.ts";
import { Store } from "../../pipeline/store/store.ts";
import { exportToy, importToy } from "./bundles.ts";
import { type Fault, FaultHost } from "./fault_host.ts";
import { importTree, treeOf } from "./packs.ts";
import { type Result, resultOf, runToy } from "./world.ts";

/** What a process is to do. */
export interface Point {
  readonly project: string;
  readonly store: string;
  readonly fault: Fault;
  readonly action: Action;
  readonly seed?: number;
  readonly jobs?: number;
  readonly realStages?: boolean;
  readonly noLocks?: boolean;
  readonly noLeases?: boolean;
  /** The clock is wrong by so many milliseconds. */
  readonly clockOff?: number;
}

/** What is under way when the fault comes. */
export type Action = keyof typeof ACTIONS;

/** One line adds an action, whose kill points are then all tried. */
export const ACTIONS = {
  run: async (point: Point, host: FaultHost) => {
    return resultOf(await runToy(point.project, point.store, host, point), point.store);
  },
  gc: async ({ store }: Point, host: FaultHost) => {
    gc(await Store.open(store, host), GREEDY);
  },
  /** Until a file says that it is enough; at least once, however late this process began. */
  gcLoop: async ({ store }: Point, host: FaultHost) => {
    let removed = 0;
    do {
      const report = gc(await Store.open(store, host), GREEDY);
      removed += (report.removed.records?.count ?? 0) + (report.removed.objects?.count ?? 0);
      await fsck(await Store.open(store, host));
      await new Promise((resolve) => setTimeout(resolve, 1));
    } while (exists(store) && !exists(`${store}.enough`));
    return { removed: String(removed) };
  },
  bundle: async ({ project, store }: Point, host: FaultHost) => {
    await exportToy(project, store, host, `${store}/exported.tar`);
  },
  import: async ({ project, store }: Point, host: FaultHost) => {
    await importToy(store, host, `${project}.tar`);
  },
  importTree: async ({ project, store }: Point, host: FaultHost) => {
    await importTree(store, treeOf(project), host);
  },
  fsck: async ({ store }: Point, host: FaultHost) => {
    await fsck(await Store.open(store, host), { repair: true });
  },
} satisfies Record<string, (point: Point, host: FaultHost) => Promise<unknown>>;

/** Keeps nothing for its age, only what is wanted. */
const GREEDY = { lockFiles: [], keepRuns: 1, dryRun: false, olderThanMs: -3_600_000 };

/** What a process prints at its end. */
export interface Said {
  /** Names of the steps, in order. */
  readonly steps: readonly string[];
  /** What a run made, as `World.compareResult` reads it. */
  readonly result: Result | null;
}

const exists = (path: string) => infoOf(path) !== null;

if (import.meta.main) {
  const point: Point = JSON.parse(Deno.args[0]);
  const off = point.clockOff ?? 0;
  const steps: string[] = [];
  const host = new FaultHost(point.fault, {
    ...point,
    now: () => new Date(Date.now() + off),
    onStep: (_, name) => steps.push(name),
  });
  const result = await ACTIONS[point.action](point, host) ?? null;
  console.log(JSON.stringify({ steps, result }));
  Deno.exit(0);
}
