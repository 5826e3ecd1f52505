/** Runs replicates of the sensitivity study. */

import type { Run } from "../../pipeline/types.ts";
import { logarithmicGrid } from "../../methods/panda/cells.ts";
import { sensitivityCurves } from "../../methods/panda/studies.ts";
import { stream } from "../../methods/tensor/random.ts";
import type { sense, SensitivityResult } from "./sense.ts";

export const run: Run<typeof sense> = async ({ params, outputs, progress }) => {
  const { study, tuning, methods, firstSeed } = params;
  const { model, p, s, n, scales, replicates: count } = study;
  const grid = logarithmicGrid(study.grid.from, study.grid.to, study.grid.points);
  const replicates: SensitivityResult["replicates"][number][] = [];
  for (let i = 0; i < count; i++) {
    const seed = firstSeed + i;
    const curves = sensitivityCurves(
      { model, p, s },
      { ...tuning, n, grid, methods, scales },
      stream(seed, "panda", "sensitivity", model),
    );
    replicates.push({ seed, curves });
    progress({ step: i + 1, steps: count });
  }
  await outputs.result.write({ model, grid, replicates });
};
