/** Runs replicates of one cell. */

import type { Run } from "../../pipeline/types.ts";
import { cellName, linearGrid } from "../../methods/panda/cells.ts";
import { populationOf } from "../../methods/panda/populations.ts";
import { replicate } from "../../methods/panda/replicate.ts";
import { bayesRisk } from "../../methods/panda/scores.ts";
import { stream } from "../../methods/tensor/random.ts";
import type { CellReplicate, simulate } from "./simulate.ts";

export const run: Run<typeof simulate> = async ({ params, outputs, progress }) => {
  const { cell, tuning, firstSeed } = params;
  const name = cellName(cell);
  const population = populationOf(cell, stream(params.populationSeed, "panda", "population", name));
  const grid = linearGrid(tuning.gridStep, tuning.gridTo);
  const replicates: CellReplicate[] = [];
  for (let i = 0; i < cell.replicates; i++) {
    const seed = firstSeed + i;
    const random = stream(seed, "panda", "replicate", name);
    const { n, methods } = cell;
    replicates.push({
      seed,
      methods: replicate(population, { ...tuning, n, methods, grid }, random),
    });
    progress({ step: i + 1, steps: cell.replicates });
  }
  await outputs.result.write({
    cell: name,
    delta: population.delta,
    bayesRisk: bayesRisk(population),
    replicates,
  });
};
