/** Runs the verdict stage. */

import type { Run } from "../../pipeline/types.ts";
import { evaluateStudies } from "../../methods/stats/claims.ts";
import type { verdict } from "./verdict.ts";

export const run: Run<typeof verdict> = async ({ inputs, params, outputs, progress }) => {
  const results = evaluateStudies(params.claims, await inputs.studies.read());
  await outputs.verdicts.write(results.map((r) => r.verdict));
  await outputs.evidence.write(results.map((r) => r.evidence));
  progress({ message: `${results.length} claims decided` });
};
