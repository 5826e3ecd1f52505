/** Kills with SIGKILL at every step of the engine, in a process of its own each time. */

import type { Fault } from "./fault_host.ts";
import type { Action, Point, Said } from "./point_process.ts";
import { each, type Extent, randomOf, stepsOf, type Tally } from "./tally.ts";
import type { World } from "./world.ts";

const process = new URL("./point_process.ts", import.meta.url).pathname;
/**
 * Seconds of processor time: a process that takes more runs in circles, which is a fault of the engine. Time on the
 * clock says nothing on a busy machine; a process that waits for nothing ends by itself.
 */
const CIRCLES_AFTER = 300;
/** One that only waits, e.g. for a lock that nobody frees, is given up after these milliseconds. */
const GIVEN_UP_AFTER = 3_600_000;

/** Runs one process with one fault. @returns its signal, or what it printed. */
export async function inProcess(
  point: Point,
): Promise<{ killed: boolean; out: string; err: string }> {
  const limit = `ulimit -S -t ${CIRCLES_AFTER}; exec "$@"`;
  const child = new Deno.Command("sh", {
    args: [
      ...["-c", limit, "sh", Deno.execPath()],
      ...["run", "-A", "--no-lock", process, JSON.stringify(point)],
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const timer = setTimeout(() => child.kill("SIGTERM"), GIVEN_UP_AFTER);
  const { signal, stdout, stderr } = await child.output();
  clearTimeout(timer);
  if (signal === "SIGTERM" || signal === "SIGXCPU") {
    throw new Error(`hangs: ${JSON.stringify(point)}`);
  }
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { killed: signal === "SIGKILL", out: text(stdout), err: text(stderr) };
}

/** A state of the store from which an action starts. */
interface Start {
  readonly name: string;
  readonly action: Action;
  readonly seed?: number;
  readonly damaged?: boolean;
  /** Makes the store. */
  store(world: World): string;
}

/** Flips a bit in every `n`-th object. */
export function damageObjects(dir: string, n: number): void {
  let i = 0;
  for (const folder of Deno.readDirSync(`${dir}/objects/sha256`)) {
    for (const { name } of Deno.readDirSync(`${dir}/objects/sha256/${folder.name}`)) {
      const path = `${dir}/objects/sha256/${folder.name}/${name}`;
      if (i++ % n !== 0 || Deno.statSync(path).size === 0) continue;
      const bytes = Deno.readFileSync(path);
      bytes[bytes.length >> 1] ^= 4;
      Deno.chmodSync(path, 0o644);
      Deno.writeFileSync(path, bytes);
      Deno.chmodSync(path, 0o444);
    }
  }
}

function dropRecords(dir: string, n: number): void {
  let i = 0;
  for (const folder of Deno.readDirSync(`${dir}/records`)) {
    if (i++ % n === 0) Deno.removeSync(`${dir}/records/${folder.name}`, { recursive: true });
  }
}

/** What is under way when the process dies. One line adds an action of `point_process.ts`. */
const STARTS: readonly Start[] = [
  { name: "first run", action: "run", store: (world) => world.store("empty") },
  { name: "changed parameter", action: "run", seed: 2, store: (world) => world.store(1) },
  {
    name: "repair during a run",
    action: "run",
    damaged: true,
    store(world) {
      const dir = world.store(1);
      damageObjects(dir, 2);
      dropRecords(dir, 3);
      return dir;
    },
  },
  { name: "bundle", action: "bundle", store: (world) => world.store(1) },
  { name: "bundle import", action: "import", store: (world) => world.store("empty") },
  { name: "bundle import over other results", action: "import", store: (world) => world.store(2) },
  {
    name: "gc",
    action: "gc",
    store: (world) => world.store("used"),
  },
  {
    name: "fsck --repair",
    action: "fsck",
    damaged: true,
    store(world) {
      const dir = world.store(1);
      damageObjects(dir, 2);
      dropRecords(dir, 3);
      return dir;
    },
  },
];

/** Steps that can be done in part. */
const TEARS = new Set(["writeNew", "append", "copy"]);

/** Kills before, after and within each step, from several states of the store. */
export async function killAtSteps(world: World, tally: Tally, extent: Extent): Promise<void> {
  for (const start of STARTS) {
    const probe = start.store(world);
    const { fault: _, ...point } = pointOf(world, start, probe, { kind: "none" });
    const said: Said = JSON.parse((await inProcess({ ...point, fault: { kind: "none" } })).out);
    world.drop(probe);
    if (said.steps.length === 0) throw new Error(`${start.name} does not run`);
    const faults = stepsOf(said.steps.length, extent).flatMap((at): Fault[] => [
      { kind: "kill", at, when: "before" },
      { kind: "kill", at, when: "after" },
      ...(TEARS.has(said.steps[at - 1]) ? [{ kind: "kill", at, when: "torn" } as const] : []),
    ]);
    await each(faults, async (fault) => {
      const store = start.store(world);
      const { killed } = await inProcess(pointOf(world, start, store, fault));
      const verdict = start.damaged
        ? await world.checkAndRepair(store, start.seed)
        : await world.check(store, start.seed);
      tally.add(`kill: ${start.name}`, JSON.stringify(fault), verdict, killed ? 1 : 0);
      world.drop(store);
    });
  }
}

function pointOf(world: World, start: Start, store: string, fault: Fault): Point {
  return { project: world.project, store, fault, action: start.action, seed: start.seed };
}

/** Kills a run, kills the next one, and the one after that, at steps that a seed chooses; two jobs at once. */
export async function killRepeatedly(world: World, tally: Tally, extent: Extent): Promise<void> {
  const random = randomOf(extent.seed);
  const rounds = Array.from({ length: extent.rounds }, (_, round) => ({
    round,
    at: Array.from({ length: 3 }, () => 1 + Math.floor(random() * 200)),
    realStages: round % 8 === 7,
  }));
  await each(rounds, async ({ round, at, realStages }) => {
    const store = world.store(round % 2 === 0 ? "empty" : 2);
    let kills = 0;
    for (const step of at) {
      const fault = { kind: "kill", at: step, when: "before" } as const;
      const point = { project: world.project, store, fault, action: "run", jobs: 2, realStages };
      const { killed } = await inProcess(point as Point);
      if (killed) kills++;
    }
    const verdict = await world.check(store);
    const what = realStages ? "stages in processes of their own" : "three times in a row";
    tally.add(`kill: ${what}`, `round ${round}: ${at}`, verdict, kills);
    world.drop(store);
  });
}

/** Kills while the programs of stages are built, which has no cache yet. */
export async function killWhileBuilding(world: World, tally: Tally, extent: Extent): Promise<void> {
  const BUILDING = 36;
  await each(stepsOf(BUILDING, extent), async (at) => {
    const store = world.store("bare");
    const fault = { kind: "kill", at, when: at % 2 ? "before" : "torn" } as const;
    const { killed } = await inProcess({ project: world.project, store, fault, action: "run" });
    tally.add("kill: building programs", `step ${at}`, await world.check(store), killed ? 1 : 0);
    world.drop(store);
  });
}
