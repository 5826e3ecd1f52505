/** Trains and measures the networks of a group of cells. */

import { type Outcome, runNetworks } from "../../methods/convresnext/cell.ts";
import type { Run } from "../../pipeline/types.ts";
import type { train } from "./train.ts";

export const run: Run<typeof train> = async (context) => {
  const { params: { cells }, provider, threads, progress, outputs } = context;
  const all = cells.reduce((sum, { training }) => sum + training.steps, 0);
  const outcomes: Outcome[][] = [];
  let before = 0;
  for (const cell of cells) {
    outcomes.push(
      await runNetworks(cell, {
        provider,
        threads,
        onSteps: (step, loss) => progress({ step: before + step, steps: all, loss }),
      }),
    );
    before += cell.training.steps;
  }
  await outputs.outcomes.write(outcomes);
};
