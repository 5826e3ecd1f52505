/** The three conditions of the experiment: one arm wasted, one modality in use, nothing to adapt to. */

import type { Task } from "./distillation.ts";
import { type Module, MODULES } from "./layerwise.ts";

/** What a condition fixes. */
export interface Condition {
  readonly task: Task;
  /** Modules that start solved and stay as they are: pulling them is wasted. */
  readonly frozen: readonly Module[];
  /** Whether the student's text module is distilled before the experiment. */
  readonly textSolved: boolean;
  /** Modules whose held-out layer loss is the outcome. */
  readonly matter: readonly Module[];
  readonly describe: string;
}

export const CONDITION: Readonly<Record<"wasted" | "skew" | "even", Condition>> = {
  wasted: {
    task: "coca",
    frozen: ["text"],
    textSolved: true,
    matter: ["image", "multimodal"],
    describe: "the text module is already distilled and frozen, so pulls of it are wasted: " +
      "adaptive choice must win",
  },
  skew: {
    task: "image_group",
    frozen: [],
    textSolved: false,
    matter: ["image"],
    describe:
      "the downstream task uses images only, while the bandit is rewarded for all modules: " +
      "nothing ties its choice to the task, so no direction is predicted",
  },
  even: {
    task: "coca",
    frozen: [],
    textSolved: false,
    matter: [...MODULES],
    describe: "all modules are unsolved and matter: no gain is expected (negative control)",
  },
};
export type ConditionName = keyof typeof CONDITION;

/** Names of the conditions, in reading order. */
export const CONDITIONS = Object.keys(CONDITION) as readonly ConditionName[];
