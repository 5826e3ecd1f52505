/** What the machine has for stages: memory and named slots, as asked for or as found. */

import { Failed } from "../failure.ts";
import { machineMemory } from "./device.ts";
import type { Amounts } from "../run/slots.ts";
import type { Node } from "../types.ts";

/** What the user states about the machine. */
export interface StatedLimits {
  /** Cores. */
  readonly jobs: number;
  /** MiB. @default the machine's memory */
  readonly memory?: number;
  /** Named slots. @default `gpu`: the NVIDIA GPUs found; others: none */
  readonly slots?: Readonly<Record<string, number>>;
}

/** What there is for all stages that run at a time. */
export function limitsOf({ jobs, memory, slots }: StatedLimits): Amounts {
  return {
    cores: jobs,
    memory: memory ?? machineMemory(),
    slots: slots !== undefined && "gpu" in slots ? slots : { gpu: gpuCount(), ...slots },
  };
}

/**
 * Refuses a node that asks for more than there is. Cores are not refused: a stage gets at most all.
 *
 * @throws {Failed} `resources`
 */
export function checkResources(node: Node, limits: Amounts): void {
  if (node.resources === undefined) return;
  const { memory = 0, slots = {} } = node.resources(1);
  if (memory > limits.memory) {
    throw new Failed({
      code: "resources",
      message: `it needs ${memory} MiB of memory, and there are ${Math.floor(limits.memory)} MiB`,
      where: node.id,
      mend: "Lower resources.memory in its declaration, choose a smaller preset, or state with " +
        `--memory ${Math.ceil(memory / 1024)}G that there is more.`,
    });
  }
  for (const [name, n] of Object.entries(slots)) {
    const there = limits.slots[name] ?? 0;
    if (n <= there) continue;
    throw new Failed({
      code: "resources",
      message: `it needs ${n} of the slot ${JSON.stringify(name)}, and there ${
        there === 1 ? "is 1" : `are ${there === 0 ? "none" : there}`
      }`,
      where: node.id,
      mend: `If the machine has more, say so: --slots ${name}=${n}.`,
    });
  }
}

/** NVIDIA GPUs that stages may use. */
function gpuCount(): number {
  const visible = Deno.env.get("CUDA_VISIBLE_DEVICES");
  let found: number;
  try {
    found = [...Deno.readDirSync("/proc/driver/nvidia/gpus")].length;
  } catch {
    return 0;
  }
  if (visible === undefined) return found;
  return Math.min(found, visible.split(",").filter((name) => name.trim() !== "").length);
}
