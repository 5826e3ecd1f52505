/** Puts the outcomes of all cells together. */

import { type CellResult, studiesOf } from "../../methods/convresnext/results.ts";
import type { Run } from "../../pipeline/types.ts";
import type { measure } from "./measure.ts";

export const run: Run<typeof measure> = async ({ inputs, params, outputs }) => {
  const outcomes = await Promise.all(inputs.outcomes.map((each) => each.read()));
  const results = params.groups.flatMap(({ cells, ...group }, i) =>
    cells.map((cell, j): CellResult => ({ ...group, cell, outcomes: outcomes[i][j] }))
  );
  await outputs.results.write(results);
  await outputs.studies.write(studiesOf(results, params.seeds));
};
