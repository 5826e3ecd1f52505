// `deno task bench engine`: runs with nothing to do and with one changed file, beside other tools.
//
// Peers are measured when they are installed: on PATH, or named by BENCH_DVC, BENCH_SNAKEMAKE, BENCH_TURBO,
// BENCH_BAZEL, BENCH_MAKE, BENCH_NINJA. Options: --json prints one JSON object; --quick measures 1,000 nodes
// without peers; --peer=NAME measures nothing but runs with nothing to do in turns with that peer; --turns=N.

import { parseArgs } from "node:util";
import { type Command, firstThatRuns, inTurns, type Spread, time } from "./measure.ts";
import { CHAIN, cli, finish, measureOurs, measureStages, type OursAtSize } from "./ours.ts";
import { type Peer, peers } from "./peers.ts";
import { generate } from "./project.ts";

const { values: options } = parseArgs({
  args: Deno.args.slice(1),
  options: {
    json: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    peer: { type: "string" },
    turns: { type: "string", default: "7" },
  },
});
const turns = Number(options.turns);
const say = options.json ? () => {} : console.log;
const ms = (seconds: number) =>
  seconds < 9.9995 ? `${(seconds * 1000).toFixed(0)} ms` : `${seconds.toFixed(1)} s`;

/** A peer's seconds, and ours in turns with it. */
interface PeerTimes {
  readonly name: string;
  readonly nodes: number;
  readonly nothing: Spread;
  readonly ours: Spread;
  readonly changed: number;
}

async function measurePeer(
  peer: Peer,
  program: string,
  nodes: number,
  ours: Command,
): Promise<PeerTimes> {
  const dir = Deno.makeTempDirSync({ prefix: "bench-peer-" });
  try {
    peer.generate(dir, nodes);
    for (const command of peer.prepare?.(dir, nodes, program) ?? []) await time(command);
    const run = peer.run(dir, program);
    await time(run);
    const [nothing, own] = await inTurns(run, ours, turns);
    let changed = Infinity;
    for (let turn = 0; turn < Math.min(turns, 3); turn++) {
      // Tools that look at times must see another one.
      await new Promise((resolve) => setTimeout(resolve, 1100));
      Deno.writeTextFileSync(`${dir}/${peer.input(turn)}`, `changed ${turn}\n`);
      changed = Math.min(changed, (await time(run)).seconds);
    }
    return { name: peer.name, nodes, nothing, ours: own, changed };
  } finally {
    if (peer.stop) await time(peer.stop(dir, program)).catch(() => {});
    await Deno.remove(dir, { recursive: true });
  }
}

function sayOurs(o: OursAtSize): void {
  const shape = `${o.nodes} nodes${o.modules > 1 ? `, ${o.modules} stage modules` : ""}`;
  say(
    `${shape}: nothing to do ${ms(o.reproduce.seconds)} (with deno task ${ms(o.task.seconds)}), ` +
      `explain ${ms(o.explain.seconds)}, --dry-run ${ms(o.dryRun.seconds)}; ` +
      `peak memory ${o.reproduce.megabytes.toFixed(0)} MB, planning ${
        o.explain.megabytes.toFixed(0)
      } MB`,
  );
}

/** Those that are installed, each in turns with ours. `changed`: seconds of ours with one of 1,000 files changed. */
async function measurePeers(
  chosen: readonly Peer[],
  sizes: readonly number[],
  changed: number | null,
): Promise<PeerTimes[]> {
  const found: PeerTimes[] = [];
  for (const nodes of sizes) {
    using project = generate({ nodes });
    await finish(project);
    for (const peer of chosen.filter(({ most }) => nodes <= most)) {
      const named = Deno.env.get(peer.variable);
      const program = await firstThatRuns(named === undefined ? [peer.program] : [named]);
      if (program === null) {
        say(`${peer.name}: not installed (on PATH, or named by ${peer.variable})`);
        continue;
      }
      const times = await measurePeer(peer, program, nodes, cli(project.dir, "reproduce", "sweep"));
      found.push(times);
      const text = (s: Spread) => `${ms(s.fastest)} (median ${ms(s.median)})`;
      const ratio = times.nothing.median / times.ours.median;
      say(
        `${peer.name}, ${nodes} nodes: nothing to do ${text(times.nothing)}, ours in turns ` +
          `${text(times.ours)}: ${ratio.toPrecision(2)} times ours; one changed ` +
          ms(times.changed) +
          (nodes === 1000 && changed !== null
            ? ` (${(times.changed / changed).toPrecision(2)} times ours)`
            : ""),
      );
    }
  }
  return found;
}

if (options.peer !== undefined) {
  const chosen = peers.filter(({ name }) =>
    name.toLowerCase().startsWith(options.peer!.toLowerCase())
  );
  if (chosen.length === 0) {
    console.error(`--peer is one of ${peers.map(({ name }) => name).join(", ")}`);
    Deno.exit(2);
  }
  const times = await measurePeers(chosen, [1000], null);
  if (options.json) console.log(JSON.stringify({ peers: times }, null, 2));
  Deno.exit();
}
const stages = await measureStages(options.quick ? [20] : [20, 100, 400], turns);
say(
  `A stage's process: ` +
    Object.entries(stages.perStage).map(([n, s]) => `${ms(s)} each of ${n}`).join(", ") +
    `; an empty Deno process takes ${ms(stages.floor)}`,
);
const ours: OursAtSize[] = [];
const shapes = options.quick ? [{ nodes: 1000, modules: 1, change: true }] : [
  { nodes: 1000, modules: 1, change: true },
  { nodes: 1000, modules: 20, change: false },
  { nodes: 10_000, modules: 1, change: false },
];
for (const shape of shapes) {
  ours.push(await measureOurs(shape, turns));
  sayOurs(ours.at(-1)!);
}
const perStage = Math.min(...Object.values(stages.perStage));
const changed = ours[0].changed!.seconds;
say(
  `One changed file of 1000: ${ms(changed)} for ${CHAIN} processes; ` +
    `${ms(Math.max(0, changed - CHAIN * perStage))} without them`,
);
const theirs = options.quick ? [] : await measurePeers(
  peers,
  ours.filter(({ modules }) => modules === 1).map(({ nodes }) => nodes),
  changed,
);
if (options.json) console.log(JSON.stringify({ stages, ours, peers: theirs }, null, 2));
