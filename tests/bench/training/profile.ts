// Where a training case spends its time: ONNX Runtime's profile of two turns, summed per operator.
//
//   deno run -A tests/bench/training/profile.ts encoder [threads] [steps] [--nodes]

import { load } from "../../../methods/tensor/mod.ts";
import { cases } from "./cases.ts";

interface Event {
  readonly cat: string;
  readonly name: string;
  readonly dur: number;
  readonly args?: {
    readonly op_name?: string;
    readonly provider?: string;
    readonly output_type_shape?: readonly Record<string, readonly number[]>[];
    readonly input_type_shape?: readonly Record<string, readonly number[]>[];
  };
}

const [name, threads = "1", steps = "2", ...flags] = Deno.args;
const turns = 3;
const c = cases[name].build(Number(steps));
const prefix = Deno.makeTempFileSync();
const executable = await load(c.program, {
  provider: "cpu",
  threads: Number(threads),
  profile: prefix,
});
let state = c.state;
for (let i = 0; i < turns; i++) {
  [state] = await executable.run(state as never, c.inputs(0) as never) as [unknown];
}
await executable.dispose();
const folder = prefix.slice(0, prefix.lastIndexOf("/"));
const file = [...Deno.readDirSync(folder)].map((f) => `${folder}/${f.name}`)
  .find((path) => path.startsWith(`${prefix}_`));
const events: Event[] = JSON.parse(Deno.readTextFileSync(file!));
Deno.removeSync(file!);
Deno.removeSync(prefix);

// The first turn allocates and is left out: each node's events come in order of its runs.
const runs = new Map<string, Event[]>();
for (const e of events) {
  if (e.cat !== "Node" || !e.name.endsWith("_kernel_time") || e.args?.op_name === "Loop") continue;
  const shapes = JSON.stringify(e.args?.input_type_shape);
  const key = `${e.name}${shapes}`;
  if (!runs.has(key)) runs.set(key, []);
  runs.get(key)!.push(e);
}
const summary = new Map<string, { time: number; count: number }>();
let total = 0;
for (const list of runs.values()) {
  const later = list.slice(Math.floor(list.length / turns));
  // The fastest run of each node, which a busy machine disturbs least.
  const time = Math.min(...(later.length > 0 ? later : list).map((e) => e.dur)) / 1000;
  const { op_name, input_type_shape } = list[0].args!;
  const key = flags.includes("--nodes")
    ? `${op_name} ${input_type_shape?.flatMap((s) => Object.values(s)).map((s) => `[${s}]`)}`
    : op_name!;
  const entry = summary.get(key) ?? { time: 0, count: 0 };
  summary.set(key, { time: entry.time + time, count: entry.count + 1 });
  total += time;
}
console.log(`${name}: ${total.toFixed(2)} ms a step in kernels, ${runs.size} nodes`);
for (
  const [op, { time, count }] of [...summary].sort((a, b) => b[1].time - a[1].time).slice(0, 45)
) {
  console.log(
    `${time.toFixed(3).padStart(9)} ms ${(100 * time / total).toFixed(1).padStart(5)} % ${
      String(count).padStart(4)
    } × ${op}`,
  );
}
