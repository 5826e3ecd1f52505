/**
 * Random DAGs under random edits: what a plan says is what then happens, what runs is what the edit
 * reaches, and no result is stale. A model that knows nothing of bundles, keys or stores is the judge.
 *
 * `EDIT_CASES=200 deno test -A tests/pipeline/edits_property_test.ts` tries more cases.
 */

import assert from "node:assert/strict";
import type { Change } from "../../../pipeline/types.ts";
import { Dice, type Meaning, World } from "./edited_world.ts";

const cases = Number(Deno.env.get("EDIT_CASES") ?? 25);
const editsPerCase = 10;

/** Replaces a file by one with the same bytes and times, as `cp -p` does. */
function copyInPlace(path: string): void {
  const { atime, mtime } = Deno.statSync(path);
  Deno.copyFileSync(path, `${path}.copy`);
  Deno.utimeSync(`${path}.copy`, atime!, mtime!);
  Deno.renameSync(`${path}.copy`, path);
}

/** Saves a file whose model changed, with the times that it had before. */
function saveWithOldTimes(world: World, name: string): void {
  const { atime, mtime } = Deno.statSync(world.path(name));
  world.save(name);
  Deno.utimeSync(world.path(name), atime!, mtime!);
}

type Edit = (world: World, dice: Dice) => string;

const pick = <T>(dice: Dice, list: readonly T[]): T => list[dice.roll(list.length)];
const code = (world: World) => world.files.filter((name) => name.endsWith(".ts"));

/** Each changes files or the model and says what it did. */
const edits: readonly Edit[] = [
  (world, dice) => {
    const name = pick(dice, code(world));
    world.dress(name, "comments");
    return `a comment in ${name}`;
  },
  (world, dice) => {
    const name = pick(dice, code(world));
    world.dress(name, "blanks");
    return `the layout of ${name}`;
  },
  (world, dice) => {
    const i = dice.roll(world.helpers.length);
    world.helpers[i].unreached++;
    world.save(`methods/helper${i}.ts`);
    return `the unreached function of helper${i}`;
  },
  (world, dice) => {
    const i = dice.roll(world.helpers.length);
    // Small: a later edit may bring an old state back, which must then be found in the store.
    world.helpers[i].constant = 10 + i + dice.roll(2);
    world.save(`methods/helper${i}.ts`);
    return `the function of helper${i}`;
  },
  (world, dice) => {
    const i = dice.roll(world.helpers.length);
    world.helpers[i].constant = 20 + i + dice.roll(5);
    saveWithOldTimes(world, `methods/helper${i}.ts`);
    return `the function of helper${i}, with its time stamps kept`;
  },
  (world, dice) => {
    const i = dice.roll(world.stages.length);
    world.stages[i].constant++;
    world.save(`stages/stage${i}_run.ts`);
    return `stage${i} itself`;
  },
  (world, dice) => {
    const i = dice.roll(world.tables.length);
    world.tables[i]++;
    world.save(`methods/table${i}.json`);
    return `the JSON of table${i}`;
  },
  (world, dice) => {
    const i = dice.roll(world.tables.length);
    world.tableLayout[i]++;
    world.save(`methods/table${i}.json`);
    return `the layout of table${i}`;
  },
  (world, dice) => {
    const i = dice.roll(world.packages.length);
    world.packages[i].version++;
    world.save("deno.json");
    world.save("deno.lock");
    return `the version of pkg${i}`;
  },
  (world, dice) => {
    const i = dice.roll(world.packages.length);
    world.packages[i].integrity++;
    world.save("deno.lock");
    return `the contents of pkg${i}`;
  },
  (world, dice) => {
    const i = dice.roll(world.nodes.length);
    world.nodes[i].param += 100;
    return `a parameter of node ${i}`;
  },
  (world, dice) => {
    const i = dice.roll(world.nodes.length);
    world.nodes[i].inputs = dice.some(i).slice(0, 3);
    return `the inputs of node ${i}`;
  },
  (world) => {
    world.jobs = 3 - world.jobs;
    return `--jobs ${world.jobs}`;
  },
  (world, dice) => {
    const name = pick(dice, world.files);
    Deno.utimeSync(world.path(name), new Date(), new Date());
    return `touch ${name}`;
  },
  (world, dice) => {
    const name = pick(dice, world.files);
    copyInPlace(world.path(name));
    return `cp -p ${name}`;
  },
];

const components = ["code", "params", "inputs", "environment"] as const;

for (let seed = 1; seed <= cases; seed++) {
  Deno.test(`plans come true on random DAG ${seed}`, async () => {
    const dice = new Dice(seed);
    await using world = await World.create(dice);
    const seen = new Set<string>();
    const last: (Meaning | null)[] = world.nodes.map(() => null);
    let what = "the first run";
    for (let i = 0; i <= editsPerCase; i++) {
      await check(world, seen, last, `seed ${seed}: ${what}`);
      what += `, then ${pick(dice, edits)(world, dice)}`;
    }
  });
}

async function check(
  world: World,
  seen: Set<string>,
  last: (Meaning | null)[],
  what: string,
): Promise<void> {
  const expected = world.meanings();
  const { plan, outcomes, values } = await world.reproduce();
  assert.deepEqual(values, expected.map(({ value }) => value), `${what}: a stale result`);
  const planned = new Map(plan.nodes.map((p) => [p.node.id, p]));
  const outcome = new Map(outcomes.map((o) => [o.id, o]));
  for (const [i, { meaning }] of expected.entries()) {
    const id = `stage${world.nodes[i].stage}[${i}]`;
    const { status, changes, node } = planned.get(id)!;
    // The number of the node is a parameter, so no two nodes do the same work.
    const work = JSON.stringify([i, meaning]);
    const shouldRun = !seen.has(work);
    seen.add(work);
    assert.equal(outcome.get(id)!.status, shouldRun ? "ran" : "cached", `${what}: ${id}`);
    if (status === "pending") {
      const waits = world.nodes[i].inputs.some((j) =>
        planned.get(`stage${world.nodes[j].stage}[${j}]`)!.status !== "cached"
      );
      assert.ok(waits, `${what}: ${node.id} waits for nothing`);
    } else {
      assert.equal(status, shouldRun ? "run" : "cached", `${what}: the plan for ${id}`);
      if (shouldRun) checkReason(changes, last[i], meaning, `${what}: the reason of ${id}`);
    }
    last[i] = meaning;
  }
}

/** The first change names the first component that differs. */
function checkReason(
  changes: readonly Change[],
  before: Meaning | null,
  now: Meaning,
  what: string,
): void {
  const first = before === null
    ? "new"
    : components.find((component) => before[component] !== now[component]);
  assert.equal(changes[0].component, first, what);
}
