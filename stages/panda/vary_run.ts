/** Runs the studies of c, of n, and of the theory's parameters. */

import type { Run } from "../../pipeline/types.ts";
import { linearGrid } from "../../methods/panda/cells.ts";
import { type PopulationChoice, populationOf } from "../../methods/panda/populations.ts";
import { penaltyReplicate, rateReplicate, theoryReplicate } from "../../methods/panda/studies.ts";
import { stream } from "../../methods/tensor/random.ts";
import type { vary } from "./vary.ts";

export const run: Run<typeof vary> = async ({ params, outputs, progress }) => {
  const { penalty, rate, theory, tuning, firstSeed } = params;
  const grid = linearGrid(tuning.gridStep, tuning.gridTo);
  const population = (choice: PopulationChoice) =>
    populationOf(choice, stream(params.populationSeed, "panda", "population", choice.model));
  const seeds = (count: number) => Array.from({ length: count }, (_, i) => firstSeed + i);
  const steps = penalty.replicates + rate.replicates + theory.replicates;
  let step = 0;
  const told = <T>(value: T): T => {
    progress({ step: ++step, steps });
    return value;
  };
  const penalised = population(penalty), growing = population(rate), plain = population(theory);
  await outputs.result.write({
    penalty: {
      penalties: penalty.penalties,
      replicates: seeds(penalty.replicates).map((seed) =>
        told({
          seed,
          outcomes: penaltyReplicate(
            penalised,
            { ...penalty, grid, patience: tuning.patience },
            stream(seed, "panda", "penalty"),
          ),
        })
      ),
    },
    rate: {
      sizes: rate.sizes,
      replicates: seeds(rate.replicates).map((seed) =>
        told({
          seed,
          l2: rateReplicate(growing, { ...rate, c: tuning.c }, stream(seed, "panda", "rate")),
        })
      ),
    },
    theory: seeds(theory.replicates).map((seed) =>
      told({ seed, ...theoryReplicate(plain, theory.n, stream(seed, "panda", "theory")) })
    ),
  });
};
