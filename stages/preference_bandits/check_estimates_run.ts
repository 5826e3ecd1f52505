/** Compares the program's estimates with Newton's method. */

import { vmappedMle } from "../../methods/preference_bandits/batch_mle.ts";
import { newtonMle } from "../../methods/preference_bandits/newton.ts";
import type { Run } from "../../pipeline/types.ts";
import type { Agreement, checkEstimates } from "./check_estimates.ts";

export const run: Run<typeof checkEstimates> = async (ctx) => {
  const { inputs, params, outputs, provider, threads, progress } = ctx;
  const { mle, blocks, stoppedAt } = params;
  const stopped = vmappedMle({ ...mle, steps: stoppedAt, tolerance: Infinity, provider, threads });
  const agreement: Agreement[] = [];
  for (const input of inputs.fitted) {
    for (const { study, condition, dimension, differences, data } of await input.read()) {
      const design = {
        dimension,
        pairs: differences.length / dimension,
        differences: Float64Array.from(differences),
      };
      const sets = data.map(({ counts, wins }) => ({
        counts: Float64Array.from(counts),
        wins: Float64Array.from(wins),
      }));
      const early = await stopped(design, sets);
      const program = new Array<number>(blocks).fill(0), planted = [...program];
      let onBoundary = 0;
      sets.forEach((set, i) => {
        const { theta } = data[i];
        // A study with more blocks than the others, of single data sets, is dealt out over theirs.
        const block = data[i].block % blocks;
        const reference = newtonMle(design, set, mle.ball);
        if (reference.multiplier > 0) onBoundary++;
        for (let j = 0; j < dimension; j++) {
          const gap = Math.abs(theta[j] - reference.theta[j]);
          const wrong = Math.abs(early[i * dimension + j] - reference.theta[j]);
          program[block] = Math.max(program[block], gap);
          planted[block] = Math.max(planted[block], wrong);
        }
      });
      agreement.push({
        study,
        condition,
        dataSets: sets.length,
        onBoundary,
        program,
        stopped: planted,
      });
      progress({ message: `${study}, ${condition}: ${Math.max(...program).toExponential(1)}` });
    }
  }
  await outputs.agreement.write(agreement);
};
