/** Several processes on one store at once, some of which are killed; also beside `gc` and `fsck`. */

import { inProcess } from "./kills.ts";
import type { Point, Said } from "./point_process.ts";
import { type Extent, randomOf, type Tally } from "./tally.ts";
import type { Verdict, World } from "./world.ts";

/** Two to eight runs at once, about a third of them killed; the others must end well by themselves. */
export async function runTogether(world: World, tally: Tally, extent: Extent): Promise<void> {
  await crowds(world, tally, extent, "together", {});
}

/** On a file system without locks, where leases are files with a heartbeat. */
export async function runWithoutLocks(world: World, tally: Tally, extent: Extent): Promise<void> {
  await crowds(world, tally, extent, "without locks", { noLocks: true });
}

/** Each process computes everything itself, at the same time: several writers of each key. */
export async function runWithoutLeases(world: World, tally: Tally, extent: Extent): Promise<void> {
  await crowds(world, tally, extent, "without leases", { noLeases: true });
}

/** Clocks that are wrong by days, back and forward, each process by another. */
export async function runWithWrongClocks(
  world: World,
  tally: Tally,
  extent: Extent,
): Promise<void> {
  await crowds(world, tally, extent, "wrong clocks", { clocks: true });
}

/** The same while `gc`, which keeps only what it must, goes through the store again and again. */
export async function collectBeside(world: World, tally: Tally, extent: Extent): Promise<void> {
  await crowds(world, tally, extent, "beside gc", { beside: true });
}

async function crowds(
  world: World,
  tally: Tally,
  extent: Extent,
  name: string,
  { beside = false, noLocks, noLeases, clocks }: {
    readonly beside?: boolean;
    readonly noLocks?: boolean;
    readonly noLeases?: boolean;
    readonly clocks?: boolean;
  },
): Promise<void> {
  const DAY = 86_400_000;
  const random = randomOf(extent.seed + 3);
  let removed = 0;
  for (let round = 0; round < Math.ceil(extent.rounds / 4); round++) {
    const store = world.store(round % 2 === 0 ? "empty" : "used");
    const runs = Array.from({ length: 2 + round % 7 }, (_, i): Point => ({
      project: world.project,
      store,
      action: "run",
      // With `gc`, both seeds are run, so that each makes rubbish of the other's results.
      seed: beside ? 1 + i % 2 : 1,
      jobs: 1 + i % 3,
      noLocks,
      noLeases,
      clockOff: clocks ? [0, -DAY, DAY, -400 * DAY, 400 * DAY][i % 5] : 0,
      fault: random() < 0.35
        ? { kind: "kill", at: 1 + Math.floor(random() * 90), when: "before" }
        : { kind: "none" },
    }));
    const collecting = beside
      ? inProcess({ project: world.project, store, action: "gcLoop", fault: { kind: "none" } })
      : null;
    const ends = await Promise.all(runs.map((point) => inProcess(point)));
    if (collecting !== null) {
      Deno.writeTextFileSync(`${store}.enough`, "");
      const { out, err } = await collecting;
      const help = err === "" ? [] : [`gc: ${err}`];
      removed += Number((JSON.parse(out) as Said).result!.removed);
      tally.add(`processes: ${name}`, `round ${round}`, { wrong: [], help });
    }
    let kills = 0;
    for (const [i, end] of ends.entries()) {
      if (end.killed) kills++;
      else {
        const where = `round ${round}, process ${i}`;
        tally.add(`processes: ${name}`, where, verdictOf(world, runs[i], end, beside));
      }
    }
    const after = await world.check(store);
    tally.add(`processes: ${name}`, `round ${round}, after`, after, kills);
    world.drop(store);
  }
  if (!beside) return;
  const help = removed > 0 ? [] : ["gc never removed anything"];
  tally.add(`processes: ${name}`, `${removed} removed`, { wrong: [], help });
}

/**
 * A run that nobody killed must be right whatever the others did.
 * @param beside Beside `gc`, which may remove its records as soon as it has ended.
 */
function verdictOf(
  world: World,
  { seed }: Point,
  { out, err }: { readonly out: string; readonly err: string },
  beside: boolean,
): Verdict {
  let said: Said;
  try {
    said = JSON.parse(out);
  } catch {
    return { wrong: [], help: [`it failed: ${err}`] };
  }
  const { wrong, missing } = world.compare(said.result!, seed);
  const counted = wrong.filter((text) => !beside || !text.includes("}no record"));
  return { wrong: counted, help: missing };
}
