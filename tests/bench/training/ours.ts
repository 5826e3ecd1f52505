// Our side of the training benchmark: one case in a process of its own, driven over stdin by JSON lines.

import process from "node:process";
import { load } from "../../../methods/tensor/mod.ts";
import { lines } from "../peer.ts";
import { cases } from "./cases.ts";
import { jaxPerceptron } from "./jax.ts";

/** Largest resident set of this process so far, in bytes; null where the system does not tell. */
function peakMemory(): number | null {
  try {
    const line = /VmHWM:\s+(\d+) kB/.exec(Deno.readTextFileSync("/proc/self/status"));
    return line ? 1024 * Number(line[1]) : null;
  } catch {
    return null;
  }
}

/** Sets a case up; the function takes one turn. */
async function prepare(name: string, threads: number) {
  const { steps, build } = cases[name];
  const c = build(steps);
  const started = performance.now();
  const executable = await load(c.program, { provider: "cpu", threads, donate: [0, 1] });
  const sessionSeconds = (performance.now() - started) / 1000;
  let state = c.state, first = 0;
  const turn = async () => {
    const inputs = c.inputs(first);
    first += steps;
    const begun = performance.now(), before = process.cpuUsage();
    const run = executable.run as (...args: unknown[]) => Promise<unknown>;
    const [next, trace] = await run(state, inputs) as [unknown, unknown];
    const seconds = (performance.now() - begun) / 1000;
    const { user, system } = process.cpuUsage(before);
    const cpu = (user + system) / 1e6;
    state = next;
    return { seconds, cpu, loss: c.loss(trace), peak: peakMemory() };
  };
  return {
    turn,
    answer: {
      parameters: c.parameters,
      compileSeconds: c.compileSeconds + sessionSeconds,
      nodes: c.program.nodes,
      flops: c.program.flops / steps,
    },
  };
}

let turn: (() => Promise<unknown>) | undefined;
let jax: ((steps: number) => Promise<unknown>) | undefined;
const answer = async (request: { case?: string; threads?: number; jaxSteps?: number }) => {
  if (request.jaxSteps !== undefined) {
    jax ??= await jaxPerceptron();
    return await jax(request.jaxSteps);
  }
  if (request.case === undefined) return await turn!();
  const prepared = await prepare(request.case, request.threads!);
  turn = prepared.turn;
  return prepared.answer;
};

console.log(JSON.stringify({ deno: Deno.version.deno }));
for await (const line of lines(Deno.stdin.readable)) {
  const reply = await answer(JSON.parse(line)).catch((error) => ({ error: String(error) }));
  console.log(JSON.stringify(reply));
}
Deno.exit();
