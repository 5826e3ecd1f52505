/** Runs the verdict stage. */

import type { Run } from "../../pipeline/types.ts";
import { evaluateClaims } from "../../methods/stats/claims.ts";
import { absentFrom, scopesOf } from "../../methods/optima/claim_scope.ts";
import type { verdict } from "./verdict.ts";

export const run: Run<typeof verdict> = async ({ inputs, params, outputs, progress }) => {
  const metrics = await inputs.metrics.read();
  const results = evaluateClaims(params.claims, scopesOf(metrics), {
    absent: absentFrom(metrics),
  });
  await outputs.verdicts.write(results.map((r) => r.verdict));
  await outputs.evidence.write(results.map((r) => r.evidence));
  progress({ message: `${results.length} claims decided` });
};
