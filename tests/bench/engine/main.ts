// `deno task bench engine`: runs with nothing to do and with one changed file, beside other tools.
//
// Peers are measured when they are installed: on PATH, or named by BENCH_DVC, BENCH_SNAKEMAKE, BENCH_TURBO,
// BENCH_BAZEL, BENCH_MAKE, BENCH_NINJA. Options: --json prints one JSON object; --quick measures 1,000 nodes
// without peers; --turns=N.

import { parseArgs } from "node:util";
import { fastest, firstThatRuns, time } from "./measure.ts";
import { CHAIN, measureOurs, measureStages, type OursAtSize } from "./ours.ts";
import { type Peer, peers } from "./peers.ts";

const { values: options } = parseArgs({
  args: Deno.args.slice(1),
  options: {
    json: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    turns: { type: "string", default: "7" },
  },
});
const turns = Number(options.turns);
const say = options.json ? () => {} : console.log;
const ms = (seconds: number) =>
  seconds < 9.9995 ? `${(seconds * 1000).toFixed(0)} ms` : `${seconds.toFixed(1)} s`;

/** A peer's seconds. */
interface PeerTimes {
  readonly name: string;
  readonly nodes: number;
  readonly nothing: number;
  readonly changed: number;
}

async function measurePeer(peer: Peer, program: string, nodes: number): Promise<PeerTimes> {
  const dir = Deno.makeTempDirSync({ prefix: "bench-peer-" });
  try {
    peer.generate(dir, nodes);
    for (const command of peer.prepare?.(dir, nodes, program) ?? []) await time(command);
    const run = peer.run(dir, program);
    await time(run);
    const few = Math.min(turns, 5);
    const { seconds: nothing } = await fastest(run, few);
    let changed = Infinity;
    for (let turn = 0; turn < Math.min(turns, 3); turn++) {
      // Tools that look at times must see another one.
      await new Promise((resolve) => setTimeout(resolve, 1100));
      Deno.writeTextFileSync(`${dir}/${peer.input(turn)}`, `changed ${turn}\n`);
      changed = Math.min(changed, (await time(run)).seconds);
    }
    return { name: peer.name, nodes, nothing, changed };
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
const theirs: PeerTimes[] = [];
for (const peer of options.quick ? [] : peers) {
  const named = Deno.env.get(peer.variable);
  const program = await firstThatRuns(named === undefined ? [peer.program] : [named]);
  if (program === null) {
    say(`${peer.name}: not installed (on PATH, or named by ${peer.variable})`);
    continue;
  }
  for (const { nodes, modules, reproduce } of ours) {
    if (nodes > peer.most || modules > 1) continue;
    const times = await measurePeer(peer, program, nodes);
    theirs.push(times);
    const ratio = (a: number, b: number) => `${(a / b).toPrecision(2)} times ours`;
    say(
      `${peer.name}, ${nodes} nodes: nothing to do ${ms(times.nothing)} ` +
        `(${ratio(times.nothing, reproduce.seconds)}), one changed ${ms(times.changed)}` +
        (nodes === 1000 ? ` (${ratio(times.changed, changed)})` : ""),
    );
  }
}
if (options.json) console.log(JSON.stringify({ stages, ours, peers: theirs }, null, 2));
