// One side of a comparison: a process that takes turns, and what they cost.

import { median } from "../../../methods/stats/mod.ts";
import { type Answer, type Peer, startPeer, startProcess } from "../peer.ts";

/** A process with a case set up. */
export interface Side {
  readonly peer: Peer;
  readonly seconds: number[];
  readonly cpu: number[];
  readonly compileSeconds: number;
  loss: number;
  peak: number | null;
}

/** What one side measured; the step's time is the median of turns. */
export interface Measured {
  readonly milliseconds: number;
  /** Processor time of all threads in the cheapest turn, which a busy machine disturbs least. */
  readonly cpuMilliseconds: number;
  readonly compileSeconds: number;
  readonly peakMegabytes: number | null;
  readonly loss: number;
}

/** Our side, in a Deno of its own. */
export const ours = () =>
  startProcess(Deno.execPath(), [
    "run",
    "-A",
    // jax-js is fetched without becoming a dependency of the lock file.
    "--no-lock",
    new URL("./ours.ts", import.meta.url).pathname,
  ]);

/** PyTorch's side; null where it is not installed. */
export const torch = () => startPeer(new URL("./peer.py", import.meta.url));

/** A side that no turn was taken of. */
export function sideOf(peer: Peer, compileSeconds: number): Side {
  return { peer, seconds: [], cpu: [], compileSeconds, loss: NaN, peak: null };
}

/** Sets a case up; null when there is no such side, or it refuses, which is said. */
export async function prepare(
  peer: Peer | null,
  request: Answer,
  say: (text: string) => void,
): Promise<[Side, Answer] | null> {
  if (peer === null) return null;
  const answer = await peer.ask(request);
  if (answer.error !== undefined) {
    await peer.close();
    say(`  left out: ${String(answer.error)}`);
    return null;
  }
  return [sideOf(peer, Number(answer.compileSeconds)), answer];
}

/** Takes one turn of a side and notes what it cost. */
export async function take(side: Side, request: Answer, say: (text: string) => void) {
  const answer = await side.peer.ask(request);
  if (answer.error !== undefined) return say(`  a turn failed: ${String(answer.error)}`);
  side.seconds.push(Number(answer.seconds));
  side.cpu.push(Number(answer.cpu));
  side.loss = Number(answer.loss);
  side.peak = typeof answer.peak === "number" ? answer.peak : side.peak;
}

/** What the turns of `steps` steps cost; the first, a warm-up, is not counted. */
export function measured(side: Side | undefined, steps: number): Measured | null {
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
