/** Counts of faults by category, and what went wrong. */

import type { Verdict } from "./world.ts";

/** One category's faults. */
export interface Row {
  points: number;
  /** Of the points, how many killed a process. */
  kills: number;
  readonly wrong: string[];
  readonly help: string[];
}

/** Counts over a campaign. */
export class Tally {
  readonly rows = new Map<string, Row>();
  /** Categories that could not run here, and why. */
  readonly skipped = new Map<string, string>();

  row(category: string): Row {
    let row = this.rows.get(category);
    if (row === undefined) {
      row = { points: 0, kills: 0, wrong: [], help: [] };
      this.rows.set(category, row);
    }
    return row;
  }

  /** @param where Names the fault, so that it can be repeated. @param kills Processes that it killed. */
  add(category: string, where: string, { wrong, help }: Verdict, kills = 0): void {
    const row = this.row(category);
    row.points++;
    row.kills += kills;
    row.wrong.push(...wrong.map((text) => `${where}: ${text}`));
    row.help.push(...help.map((text) => `${where}: ${text}`));
  }

  skip(category: string, why: string): void {
    this.skipped.set(category, why);
  }

  sum(): Row {
    const rows = [...this.rows.values()];
    return {
      points: rows.reduce((sum, { points }) => sum + points, 0),
      kills: rows.reduce((sum, { kills }) => sum + kills, 0),
      wrong: rows.flatMap(({ wrong }) => wrong),
      help: rows.flatMap(({ help }) => help),
    };
  }

  /** The counts as lines of text. */
  lines(): string[] {
    const width = Math.max(0, ...[...this.rows.keys()].map((name) => name.length));
    const rows = [...this.rows].map(([name, { points, kills, wrong, help }]) =>
      `${name.padEnd(width)}  ${String(points).padStart(5)} faults  ${
        String(kills).padStart(5)
      } kills` +
      `  ${wrong.length} wrong  ${help.length} needed help`
    );
    const skipped = [...this.skipped].map(([name, why]) =>
      `${name.padEnd(width)}  skipped: ${why}`
    );
    const { points, kills, wrong, help } = this.sum();
    return [
      ...rows,
      ...skipped,
      `${points} faults, of them ${kills} kill points, ${wrong.length} wrong bytes, ` +
      `${help.length} needed help`,
      ...wrong.slice(0, 20).map((text) => `WRONG ${text}`),
      ...help.slice(0, 20).map((text) => `HELP ${text}`),
    ];
  }
}

/** How much of a campaign is done. */
export interface Extent {
  /** Every how many-th step is tried. 1: all. */
  readonly stride: number;
  /** How often random things are repeated. */
  readonly rounds: number;
  readonly seed: number;
}

/** Random numbers in [0, 1) that a seed repeats (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Steps 1 … `last`, every `stride`-th, beginning somewhere that `seed` decides. */
export function stepsOf(last: number, { stride, seed }: Extent): number[] {
  const first = 1 + seed % stride;
  return Array.from(
    { length: Math.ceil((last - first + 1) / stride) },
    (_, i) => first + i * stride,
  );
}

/** Does `work` for each item, a few at a time. */
export async function each<T>(
  items: readonly T[],
  work: (item: T) => Promise<void>,
  width = Math.max(2, navigator.hardwareConcurrency),
): Promise<void> {
  let next = 0;
  await Promise.all(Array.from({ length: width }, async () => {
    while (next < items.length) await work(items[next++]);
  }));
}
