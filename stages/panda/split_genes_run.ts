/** Reads gene expressions and runs the splits. */

import type { Run } from "../../pipeline/types.ts";
import { linearGrid } from "../../methods/panda/cells.ts";
import { parseExpression } from "../../methods/panda/expression.ts";
import { runSplits } from "../../methods/panda/gene_study.ts";
import { stream } from "../../methods/tensor/random.ts";
import type { splitGenes } from "./split_genes.ts";

export const run: Run<typeof splitGenes> = async ({ inputs, params, outputs, progress }) => {
  const bytes = new Uint8Array(await inputs.table.bytes());
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const expression = parseExpression(await new Response(unpacked).text());
  const { study, c, firstSeed } = params;
  await outputs.result.write(
    runSplits(
      expression,
      { ...study, grid: linearGrid(params.gridStep, params.gridTo), c },
      Array.from({ length: study.splits }, (_, i) => firstSeed + i),
      (seed) => stream(seed, "panda", "genes"),
      (step) => progress({ step, steps: study.splits }),
    ),
  );
};
