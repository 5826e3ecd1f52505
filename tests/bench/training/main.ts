// Training steps beside PyTorch eager, torch.compile and jax-js: runs the cases in turns and prints a table.

import { parseArgs } from "node:util";
import { cases, type Entry } from "./cases.ts";
import { measureOverhead, type Overhead } from "./overhead.ts";
import { type Measured, measured, ours, prepare, sideOf, take, torch } from "./side.ts";

/** One row of the table. */
interface Row {
  readonly name: string;
  readonly threads: number;
  readonly parameters: number;
  readonly nodes: number;
  readonly gflops: number;
  readonly target: number;
  readonly ours: Measured;
  readonly eager: Measured | null;
  readonly compiled: Measured | null;
  readonly jax: Measured | null;
}

const jaxSteps = 20;

async function measure(
  name: string,
  { steps, target }: Entry,
  { threads, turns, compile, jax }: {
    threads: number;
    turns: number;
    compile: boolean;
    jax: boolean;
  },
): Promise<Row> {
  const prepared = await prepare(await ours(), { case: name, threads }, say);
  if (prepared === null) throw new Error(`our side of ${name} did not start; run ours.ts by hand`);
  const [own, about] = prepared;
  const eager = (await prepare(await torch(), { case: name, threads, compile: false }, say))?.[0];
  const compiled = compile
    ? (await prepare(await torch(), { case: name, threads, compile: true }, say))?.[0]
    : undefined;
  const sides = [own, eager, compiled].filter((side) => side !== undefined);
  // The first turn of each side is a warm-up and is not counted.
  for (let turn = 0; turn <= turns; turn++) {
    for (const side of sides) await take(side, { steps }, say);
  }
  // In our process, and last, so that its memory does not count as ours.
  const beside = sideOf(own.peer, NaN);
  if (jax) { for (let turn = 0; turn <= turns; turn++) await take(beside, { jaxSteps }, say); }
  for (const side of sides) await side.peer.close();
  const result = measured(own, steps)!;
  return {
    name,
    threads,
    parameters: Number(about.parameters),
    nodes: Number(about.nodes),
    gflops: Number(about.flops) / 1e6 / result.milliseconds,
    target,
    ours: result,
    eager: measured(eager, steps),
    compiled: measured(compiled, steps),
    jax: measured(beside, jaxSteps),
  };
}

const { values: options } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "boolean", default: false },
    only: { type: "string", default: "" },
    turns: { type: "string", default: "5" },
    threads: { type: "string", default: "1,2" },
    "no-compile": { type: "boolean", default: false },
    "no-jax": { type: "boolean", default: false },
  },
});
const say = options.json ? () => {} : console.log;

const number = (value: number, digits = 2) =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(digits);
const cell = (m: Measured | null) => m === null ? "–" : number(m.milliseconds);
const ratio = (peer: Measured | null, own: Measured) =>
  peer === null ? "–" : number(peer.milliseconds / own.milliseconds);
const memory = (m: Measured | null) => m?.peakMegabytes?.toFixed(0) ?? "–";

const columns: readonly (readonly [string, number, (row: Row) => string])[] = [
  ["case", 8, (r) => r.name],
  ["threads", 7, (r) => String(r.threads)],
  ["ours ms", 8, (r) => cell(r.ours)],
  ["eager ms", 8, (r) => cell(r.eager)],
  ["compile ms", 10, (r) => cell(r.compiled)],
  ["jax-js ms", 9, (r) => cell(r.jax)],
  ["eager/ours", 10, (r) => ratio(r.eager, r.ours)],
  [
    "in CPU time",
    12,
    (r) => r.eager === null ? "–" : number(r.eager.cpuMilliseconds / r.ours.cpuMilliseconds),
  ],
  ["target", 6, (r) => r.target.toFixed(1)],
  ["compile/ours", 12, (r) => ratio(r.compiled, r.ours)],
  ["GFLOP/s", 7, (r) => number(r.gflops)],
  ["compile s", 9, (r) => number(r.ours.compileSeconds)],
  ["torch.compile s", 15, (r) => r.compiled === null ? "–" : number(r.compiled.compileSeconds)],
  ["MB", 5, (r) => memory(r.ours)],
  ["eager MB", 8, (r) => memory(r.eager)],
  ["loss", 8, (r) => r.ours.loss.toFixed(4)],
  ["eager loss", 10, (r) => r.eager === null ? "–" : r.eager.loss.toFixed(4)],
];
const print = (texts: readonly string[]) =>
  say(
    texts.map((t, i) => i === 0 ? t.padEnd(columns[i][1]) : t.padStart(columns[i][1])).join("  "),
  );

const counts = options.threads.split(",").map(Number)
  .filter((n) => n <= navigator.hardwareConcurrency);
const most = Math.max(...counts);
const probe = await torch();
say(
  probe
    ? `One training step; PyTorch ${probe.greeting.torch}, medians of ${options.turns} interleaved turns.`
    : "PyTorch was not found, so only our times follow; for the peer: python3 -m pip install torch numpy",
);
await probe?.close();
const rows: Row[] = [];
const chosen = Object.entries(cases).flatMap(([name, entry]) =>
  counts.filter((threads) => `${name}-${threads}`.includes(options.only))
    .map((threads) => ({ name, entry, threads }))
);
if (chosen.length > 0) print(columns.map(([title]) => title));
for (const { name, entry, threads } of chosen) {
  const row = await measure(name, entry, {
    threads,
    turns: Number(options.turns),
    // Compiling takes PyTorch up to half a minute a case, so only at the largest thread count.
    compile: threads === most && !options["no-compile"],
    jax: name === "mlp" && threads === 1 && !options["no-jax"],
  });
  rows.push(row);
  print(columns.map(([, , text]) => text(row)));
}
if (rows.length > 0) {
  const titles = new Map(chosen.map(({ name, entry }) => [name, entry.title]));
  say(`\n${Array.from(titles, ([name, title]) => `${name}: ${title}`).join("\n")}`);
  say(
    "eager/ours above 1: ours is faster. compile s: our tracing, writing and session; MB: peak resident memory.",
  );
}
const overheads = [];
for (const threads of counts.filter((n) => `overhead-${n}`.includes(options.only))) {
  const found = await measureOverhead(threads, Number(options.turns), say);
  overheads.push(found);
  const text = ({ lora, adalora, percent }: Overhead) =>
    `${number(percent, 1)} % (${number(adalora)} after ${number(lora)} ms a step)`;
  const theirs = found.peft === null ? "" : `; PEFT: ${text(found.peft)}`;
  say(
    `overhead of AdaLoRA over LoRA, ${threads} thread${threads === 1 ? "" : "s"}, in turns: ${
      text(found.ours)
    }${theirs}`,
  );
}
if (options.json) console.log(JSON.stringify({ rows, overheads }, null, 2));
Deno.exit();
