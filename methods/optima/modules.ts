/** The architecture components that are distilled; they are the bandit's arms. */

/** In the order in which losses are listed. */
export const MODULES = ["image", "text", "multimodal"] as const;
export type Module = typeof MODULES[number];
