// Optimisers and schedules over flat parameter vectors.

export * from "./adamw.ts";
export * from "./clip.ts";
export * from "./layout.ts";
export * from "./schedule.ts";
export * from "./training.ts";
