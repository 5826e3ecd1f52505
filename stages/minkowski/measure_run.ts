/** Runs the measure stage. */

import { measureDesign, seedMetrics } from "../../methods/minkowski/measures.ts";
import type { Run } from "../../pipeline/types.ts";
import type { measure } from "./measure.ts";

export const run: Run<typeof measure> = async ({ inputs, params, outputs }) => {
  const results = await Promise.all(inputs.results.map((result) => result.read()));
  const parts = results.length / params.designs.length;
  const designs = params.designs.map((design, i) => {
    const own = results.slice(i * parts, (i + 1) * parts);
    const study = {
      curves: own.flatMap((r) => r.curves),
      counts: own.flatMap((r) => r.counts),
    };
    return { study, measures: measureDesign(design, study, params.rules) };
  });
  await outputs.studies.write({ gaussian: seedMetrics(designs, params.rules.comparedSize) });
  await outputs.designs.write(designs);
};
