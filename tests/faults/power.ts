/** Loss of power: files that were not flushed and names that were just given are in doubt. */

import type { Journal } from "./fault_host.ts";
import { inProcess } from "./kills.ts";
import { each, type Extent, randomOf, type Tally } from "./tally.ts";
import type { World } from "./world.ts";

/** Cuts the power at steps that a seed chooses, and loses what the disk had not promised to keep. */
export async function losePower(world: World, tally: Tally, extent: Extent): Promise<void> {
  const random = randomOf(extent.seed + 1);
  const rounds = Array.from({ length: extent.rounds }, (_, round) => ({
    round,
    at: 1 + Math.floor(random() * 330),
    seed: Math.floor(random() * 1e9),
  }));
  await each(rounds, async ({ round, at, seed }) => {
    const from = round % 3 === 0 ? 2 : "empty";
    const store = world.store(from);
    const journal = `${world.root}/journal-${round}.json`;
    const fault = { kind: "power", at, journal } as const;
    const { killed } = await inProcess({ project: world.project, store, fault, action: "run" });
    if (killed) forget(JSON.parse(Deno.readTextFileSync(journal)), randomOf(seed));
    const verdict = await world.check(store);
    tally.add("loss of power", `${JSON.stringify(fault)} seed ${seed}`, verdict, killed ? 1 : 0);
    world.drop(store);
  });
}

/** Takes away what the disk may not have: contents that were not flushed, names that were given. */
function forget({ unflushed, named }: Journal, random: () => number): void {
  for (const path of unflushed) lose(path, random());
  for (const { from, to, replaced } of named.toReversed()) {
    if (replaced || random() < 0.6) continue;
    try {
      if (from !== null && random() < 0.5) Deno.renameSync(to, from);
      else Deno.removeSync(to, { recursive: true });
    } catch {
      // The name is gone already, or its old place is.
    }
  }
}

function lose(path: string, luck: number): void {
  try {
    const info = Deno.lstatSync(path);
    if (!info.isFile || luck < 0.25) return;
    if (luck < 0.45) Deno.truncateSync(path, 0);
    else if (luck < 0.65) Deno.truncateSync(path, info.size >> 1);
    else if (luck < 0.85) Deno.writeFileSync(path, new Uint8Array(info.size));
    else Deno.removeSync(path);
  } catch {
    // It was removed before the power went.
  }
}
