/** `reproduce --json` as documented in pipeline/cli/json.ts: its shape, checked, and its nodes by status. */

import { z } from "zod";
import type { Ended } from "./rig.ts";

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const failure = z.strictObject({
  code: z.string(),
  message: z.string(),
  where: z.string().optional(),
  mend: z.string().optional(),
  log: z.string().optional(),
});
const reproduceJson = z.strictObject({
  paper: z.string(),
  preset: z.string(),
  provider: z.enum(["cpu", "cuda", "webgpu", "wasm"]),
  stages: z.array(z.strictObject({
    id: z.string(),
    stage: z.string(),
    status: z.enum(["ran", "cached", "failed", "skipped", "would-run", "pending"]),
    reason: z.string(),
    seconds: z.number().nonnegative(),
    key: digest.nullable(),
    outputs: z.record(z.string(), digest),
    failure: failure.optional(),
  })),
  verdicts: z.array(z.strictObject({
    claim: z.string(),
    verdict: z.enum(["reproduced", "not reproduced", "inconclusive"]),
    statistic: z.number().nullable(),
    p: z.number().nullable(),
    effect: z.number().nullable(),
    interval: z.tuple([z.number().nullable(), z.number().nullable()]),
    n: z.number(),
  })),
  measurements: z.array(z.strictObject({
    title: z.string(),
    columns: z.array(z.string()),
    rows: z.array(z.array(z.union([z.string(), z.number()]).nullable())),
    note: z.string(),
  })).optional(),
  report: z.string().nullable(),
  results: z.string().nullable(),
  committed: z.strictObject({
    same: z.enum(["bytes", "verdicts", "none"]),
    differs: z.array(z.string()),
  }).nullable(),
  frozen: z.strictObject({
    ok: z.boolean(),
    class: z.string(),
    reference: z.string(),
    differences: z.array(z.strictObject({
      what: z.enum(["verdict", "number", "bytes", "missing", "unexpected"]),
      name: z.string(),
      expected: z.union([z.string(), z.number()]).nullable(),
      actual: z.union([z.string(), z.number()]).nullable(),
      tolerance: z.number().optional(),
      within: z.boolean().optional(),
    })),
    environment: z.array(
      z.strictObject({ name: z.string(), expected: z.string(), actual: z.string() }),
    ),
    counts: z.strictObject({ verdicts: z.number(), numbers: z.number(), stages: z.number() }),
  }).optional(),
  sameBytes: z.strictObject({ again: z.number(), stored: z.number() }).optional(),
  seconds: z.number().nonnegative(),
  dryRun: z.literal(true).optional(),
});
export type ReproduceJson = z.output<typeof reproduceJson>;

/** The one object on standard output: anything else there is an error. */
export function parse(ended: Ended): ReproduceJson {
  return reproduceJson.parse(JSON.parse(ended.out));
}

/** Status → ids of the nodes that have it. */
export function byStatus({ stages }: ReproduceJson): Record<string, string[]> {
  const groups: Record<string, string[]> = {};
  for (const s of stages) (groups[s.status] ??= []).push(s.id);
  return groups;
}
