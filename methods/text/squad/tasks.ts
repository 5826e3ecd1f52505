/** Versions of SQuAD as tasks. */

export const SQUAD_TASKS = { squad_v1: "SQuAD v1.1", squad_v2: "SQuAD v2.0" } as const;
export type SquadTaskName = keyof typeof SQUAD_TASKS;
