// `deno task bench`: training steps of the tensor compiler beside PyTorch eager on the same threads.
// `deno task bench data`: the store with many and with large files, beside DVC; see data/main.ts.
// `deno task bench engine`: runs with nothing to do or one change, beside other tools; see engine/main.ts.
// `deno task bench trials`: kills, damage and edits behind a tool's back, beside other tools; see trials/main.ts.
//
// Options: --json prints one JSON object; --only=TEXT keeps cases whose name has it; --turns=N.

import { parseArgs } from "node:util";
import { COCA_DEFAULTS, type CocaConfig } from "../../methods/nn/mod.ts";
import { type Case, measure, type Measured } from "./coca.ts";
import { startPeer } from "./peer.ts";

for (const section of ["data", "engine", "trials"]) {
  if (Deno.args[0] !== section) continue;
  await import(`./${section}/main.ts`);
  Deno.exit();
}

const { values: options } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    only: { type: "string", default: "" },
    turns: { type: "string", default: "9" },
  },
});

const common = { ...COCA_DEFAULTS, vocab: 1500, textLength: 12 };
const teacher: CocaConfig = {
  ...common,
  width: 64,
  imageLayers: 4,
  textLayers: 2,
  multimodalLayers: 4,
  embed: 64,
};
const student: CocaConfig = {
  ...common,
  width: 32,
  imageLayers: 2,
  textLayers: 1,
  multimodalLayers: 2,
  embed: 32,
};
const turns = Number(options.turns);
const cases: Case[] = [
  { name: "teacher", config: teacher, batch: 64, threads: 1, steps: 10, turns },
  { name: "teacher", config: teacher, batch: 64, threads: 2, steps: 10, turns },
  { name: "student", config: student, batch: 32, threads: 1, steps: 20, turns },
].filter(({ name, threads }) => `${name}-${threads}`.includes(options.only));

const peer = await startPeer(new URL("./peer_coca.py", import.meta.url));
const say = options.json ? () => {} : console.log;
say(
  peer
    ? `CoCa-mini, one training step (forward, backward, clip, AdamW); PyTorch ${peer.greeting.torch} eager`
    : "PyTorch was not found, so only our times follow; for the peer: python3 -m pip install torch numpy",
);
const results: Measured[] = [];
for (const c of cases) {
  const result = await measure(c, peer);
  results.push(result);
  const times = [
    `${result.milliseconds.toFixed(1)} ms`,
    ...(result.peerMilliseconds === null ? [] : [
      `PyTorch ${result.peerMilliseconds.toFixed(1)} ms`,
      `ratio ${result.ratio?.toFixed(2)} (fastest turns ${result.bestRatio?.toFixed(2)})`,
    ]),
    `${result.gflops.toFixed(1)} GFLOP/s`,
    `loss ${result.loss.toFixed(4)}${
      result.peerLoss === null ? "" : ` (PyTorch ${result.peerLoss.toFixed(4)})`
    }`,
  ];
  say(`${c.name}, ${c.threads} thread${c.threads > 1 ? "s" : ""}: ${times.join(", ")}`);
}
await peer?.close();
if (options.json) {
  console.log(JSON.stringify({ torch: peer?.greeting.torch ?? null, results }, null, 2));
}
