/** One engine process with one fault: `{ project, store, fault, action, … }` as JSON in its argument. */

import { fsck } from "../../pipeline/fsck/fsck.ts";
import { Store } from "../../pipeline/store.ts";
import { type Fault, FaultHost } from "./fault_host.ts";
import { runToy } from "./world.ts";

/** What a process is to do. */
export interface Point {
  readonly project: string;
  readonly store: string;
  readonly fault: Fault;
  readonly action: Action;
  readonly seed?: number;
  readonly jobs?: number;
  readonly realStages?: boolean;
}

/** What is under way when the fault comes. */
export type Action = keyof typeof ACTIONS;

/** One line adds an action, whose kill points are then all tried. */
export const ACTIONS = {
  run: async (point: Point, host: FaultHost) => {
    await runToy(point.project, point.store, host, point);
  },
  fsck: async ({ store }: Point, host: FaultHost) => {
    await fsck(await Store.open(store, host), { repair: true });
  },
} satisfies Record<string, (point: Point, host: FaultHost) => Promise<void>>;

if (import.meta.main) {
  const point: Point = JSON.parse(Deno.args[0]);
  const host = new FaultHost(point.fault, point);
  await ACTIONS[point.action](point, host);
  console.log(host.steps);
  Deno.exit(0);
}
