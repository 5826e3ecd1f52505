/** The policies that are compared, and the fixed ones among them. */

import { ADAPTIVE_POLICIES } from "./bandit.ts";
import type { Module } from "./modules.ts";

/** Policies that distil one module all the time. */
export const FIXED_MODULE = {
  image_only: "image",
  text_only: "text",
  multimodal_only: "multimodal",
} as const satisfies Record<string, Module>;

/** All policies, in reading order. */
export const POLICIES = [
  ...ADAPTIVE_POLICIES,
  "image_only",
  "text_only",
  "multimodal_only",
  /** All modules jointly at every step. */
  "all",
  /** The task alone. */
  "none",
] as const;
export type PolicyName = typeof POLICIES[number];

/** Whether a policy learns from rewards, so that measuring them is part of its cost. */
export function usesRewards(policy: PolicyName): boolean {
  return policy === "optima" || policy === "optima_undiscounted" || policy === "greedy";
}
