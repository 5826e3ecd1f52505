/** Sizes and durations as typed on the command line. */

import { type CommandSpec, usage } from "./options.ts";

const SIZE: Readonly<Record<string, number>> = { "": 1, K: 1e3, M: 1e6, G: 1e9, T: 1e12 };
const TIME: Readonly<Record<string, number>> = { "": 1, s: 1, m: 60, h: 3600 };

/** `45G` → 45,000,000,000. @throws {Failed} `usage`. */
export function parseSize(command: CommandSpec, option: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)([KMGT]?)B?$/i.exec(text);
  if (match !== null) return Math.round(Number(match[1]) * SIZE[match[2].toUpperCase()]);
  throw usage(command, `--${option} needs a size such as 45G or 800M, not "${text}".`);
}

/** `90`, `90s`, `10m`, `2h` in seconds. @throws {Failed} `usage`. */
export function parseSeconds(command: CommandSpec, option: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)([smh]?)$/.exec(text);
  const seconds = match === null ? 0 : Number(match[1]) * TIME[match[2]];
  // What a timer can hold.
  if (seconds > 0 && seconds <= 2_000_000) return seconds;
  throw usage(command, `--${option} needs a time such as 90s, 10m or 2h, not "${text}".`);
}
