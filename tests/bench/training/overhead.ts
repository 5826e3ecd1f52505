// What AdaLoRA adds to a step of LoRA, ours and PEFT's: four processes that take turns in one run, because the
// machine's speed drifts by more between two runs than the two methods differ.

import { cases } from "./cases.ts";
import { measured, ours, prepare, type Side, take, torch } from "./side.ts";

/** Milliseconds a step of each, and how much more the second takes, in per cent. */
export interface Overhead {
  readonly lora: number;
  readonly adalora: number;
  readonly percent: number;
}

/** Ours and PEFT's; the latter null where it is not installed. */
export interface Overheads {
  readonly threads: number;
  readonly ours: Overhead;
  readonly peft: Overhead | null;
}

const NAMES = ["lora", "adalora"] as const;

/** @param turns Turns of each side, besides one to warm up. */
export async function measureOverhead(
  threads: number,
  turns: number,
  say: (text: string) => void,
): Promise<Overheads> {
  const { steps } = cases.lora;
  const set = async (start: typeof ours) => {
    const sides: Side[] = [];
    for (const name of NAMES) {
      const prepared = await prepare(await start(), { case: name, threads, compile: false }, say);
      if (prepared !== null) sides.push(prepared[0]);
    }
    return sides;
  };
  const own = await set(ours), eager = await set(torch);
  for (let turn = 0; turn <= turns; turn++) {
    const sides = [...own, ...eager];
    // To and fro, so that no side always follows the same other.
    for (const side of turn % 2 ? sides.reverse() : sides) await take(side, { steps }, say);
  }
  for (const { peer } of [...own, ...eager]) await peer.close();
  const overhead = (sides: readonly Side[]): Overhead | null => {
    const [lora, adalora] = sides.map((side) => measured(side, steps)?.milliseconds);
    if (lora === undefined || adalora === undefined) return null;
    return { lora, adalora, percent: 100 * (adalora / lora - 1) };
  };
  const result = overhead(own);
  if (result === null) throw new Error("our side did not start; run ours.ts by hand");
  return { threads, ours: result, peft: overhead(eager) };
}
