/** `--memory` and `--slots`: what the user says that there is. */

import type { StatedLimits } from "../plan/limits.ts";
import { type Arguments, type CommandSpec, usage } from "./options.ts";

/** MiB in one unit. */
const UNITS = { m: 1, g: 1024, t: 1024 * 1024 } as const;

/**
 * Memory in MiB and slots by name, each undefined when it was not stated.
 *
 * @throws Failed with code "usage"
 */
export function statedLimits(
  command: CommandSpec,
  { texts: { memory, slots } }: Pick<Arguments, "texts">,
): Pick<StatedLimits, "memory" | "slots"> {
  return {
    memory: memory === undefined ? undefined : memoryOf(command, memory),
    slots: slots === undefined ? undefined : slotsOf(command, slots),
  };
}

function memoryOf(command: CommandSpec, text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([mgt])(?:i?b)?$/i.exec(text);
  const mib = match === null
    ? NaN
    : Number(match[1]) * UNITS[match[2].toLowerCase() as keyof typeof UNITS];
  if (mib > 0) return mib;
  throw usage(command, `--memory needs a size with its unit, not "${text}".`, "Write 16G or 800M.");
}

function slotsOf(command: CommandSpec, text: string): Record<string, number> {
  const slots: Record<string, number> = {};
  for (const part of text.split(",").filter((p) => p.trim() !== "")) {
    const match = /^\s*([A-Za-z][\w-]*)\s*=\s*(\d{1,6})\s*$/.exec(part);
    if (match === null || Object.hasOwn(slots, match[1])) {
      const what = match === null ? `"${part.trim()}"` : `"${match[1]}" twice`;
      throw usage(command, `--slots cannot take ${what}.`, "Write --slots gpu=2,license=1.");
    }
    slots[match[1]] = Number(match[2]);
  }
  return slots;
}
