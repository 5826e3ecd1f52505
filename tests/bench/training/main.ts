// Training steps beside PyTorch eager, torch.compile and jax-js: runs the cases in turns and prints a table.

import { parseArgs } from "node:util";
import { type Answer, type Peer, startPeer, startProcess } from "../peer.ts";
import { cases, type Entry } from "./cases.ts";

/** One side of a case. */
interface Side {
  readonly peer: Peer;
  readonly seconds: number[];
  readonly cpu: number[];
  compileSeconds: number;
  loss: number;
  peak: number | null;
}

/** What one side measured; the step's time is the median of turns. */
interface Measured {
  readonly milliseconds: number;
  /** Processor time of all threads in the cheapest turn, which a busy machine disturbs least. */
  readonly cpuMilliseconds: number;
  readonly compileSeconds: number;
  readonly peakMegabytes: number | null;
  readonly loss: number;
}

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

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b), middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

const ours = () =>
  startProcess(Deno.execPath(), [
    "run",
    "-A",
    // jax-js is fetched without becoming a dependency of the lock file.
    "--no-lock",
    new URL("./ours.ts", import.meta.url).pathname,
  ]);
const torch = () => startPeer(new URL("./peer.py", import.meta.url));

async function prepare(peer: Peer | null, request: Answer): Promise<[Side, Answer] | null> {
  if (peer === null) return null;
  const answer = await peer.ask(request);
  if (answer.error !== undefined) {
    await peer.close();
    say(`  left out: ${String(answer.error)}`);
    return null;
  }
  const compileSeconds = Number(answer.compileSeconds);
  return [{ peer, seconds: [], cpu: [], compileSeconds, loss: NaN, peak: null }, answer];
}

function measured(side: Side | undefined, steps: number): Measured | null {
  if (side === undefined || side.seconds.length < 2) return null;
  const turns = side.seconds.slice(1).map((s) => 1000 * s / steps);
  return {
    milliseconds: median(turns),
    cpuMilliseconds: Math.min(...side.cpu.slice(1).map((s) => 1000 * s / steps)),
    compileSeconds: side.compileSeconds,
    peakMegabytes: side.peak === null ? null : side.peak / 2 ** 20,
    loss: side.loss,
  };
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
  const prepared = await prepare(await ours(), { case: name, threads });
  if (prepared === null) throw new Error(`our side of ${name} did not start; run ours.ts by hand`);
  const [own, about] = prepared;
  const eager = (await prepare(await torch(), { case: name, threads, compile: false }))?.[0];
  const compiled = compile
    ? (await prepare(await torch(), { case: name, threads, compile: true }))?.[0]
    : undefined;
  const sides = [own, eager, compiled].filter((side) => side !== undefined);
  const take = async (side: Side, request: Answer) => {
    const answer = await side.peer.ask(request);
    if (answer.error !== undefined) return say(`  a turn failed: ${String(answer.error)}`);
    side.seconds.push(Number(answer.seconds));
    side.cpu.push(Number(answer.cpu));
    side.loss = Number(answer.loss);
    side.peak = typeof answer.peak === "number" ? answer.peak : side.peak;
  };
  // The first turn of each side is a warm-up and is not counted.
  for (let turn = 0; turn <= turns; turn++) {
    for (const side of sides) await take(side, { steps });
  }
  // In our process, and last, so that its memory does not count as ours.
  const beside: Side = { ...own, seconds: [], cpu: [], compileSeconds: NaN, peak: null };
  if (jax) { for (let turn = 0; turn <= turns; turn++) await take(beside, { jaxSteps }); }
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
    turns: { type: "string", default: "7" },
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
print(columns.map(([title]) => title));
const rows: Row[] = [];
for (const [name, entry] of Object.entries(cases)) {
  for (const threads of counts) {
    if (!`${name}-${threads}`.includes(options.only)) continue;
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
}
say(`\n${Object.entries(cases).map(([name, { title }]) => `${name}: ${title}`).join("\n")}`);
say(
  "eager/ours above 1: ours is faster. compile s: our tracing, writing and session; MB: peak resident memory.",
);
if (options.json) console.log(JSON.stringify(rows, null, 2));
Deno.exit();
