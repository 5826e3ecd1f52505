/** The three conditions of the experiment: one arm wasted, one modality in use, nothing to adapt to. */

import type { Task } from "./distillation.ts";
import { type Module, MODULES } from "./modules.ts";

/** What a condition fixes. */
export interface Condition {
  readonly task: Task;
  /** Modules that start solved and stay as they are: pulling them is wasted. */
  readonly frozen: readonly Module[];
  /** Whether the student's text module is distilled before the experiment. */
  readonly textSolved: boolean;
  /** Modules whose held-out layer loss is the outcome. */
  readonly matter: readonly Module[];
}

export const CONDITION: Readonly<Record<"wasted" | "skew" | "even", Condition>> = {
  // The text module is distilled already and frozen: adaptive choice must win.
  wasted: {
    task: "coca",
    frozen: ["text"],
    textSolved: true,
    matter: ["image", "multimodal"],
  },
  // The reward covers all modules, the task images only: no direction is predicted.
  skew: {
    task: "image_group",
    frozen: [],
    textSolved: false,
    matter: ["image"],
  },
  // All modules are unsolved and matter: no gain is expected (negative control).
  even: {
    task: "coca",
    frozen: [],
    textSolved: false,
    matter: [...MODULES],
  },
};
export type ConditionName = keyof typeof CONDITION;

/** Names of the conditions, in reading order. */
export const CONDITIONS = Object.keys(CONDITION) as readonly ConditionName[];
