/** Gathers the results. */

import type { Run } from "../../pipeline/types.ts";
import type { collect } from "./collect.ts";
import { joinCells, joinSensitivity, studiesOf } from "./studies.ts";

export const run: Run<typeof collect> = async ({ inputs, params, outputs }) => {
  const [cells, sensitivity, variations, leukemia, srbct] = await Promise.all([
    Promise.all(inputs.cells.map((cell) => cell.read())),
    Promise.all(inputs.sensitivity.map((part) => part.read())),
    inputs.variations.read(),
    inputs.leukemia.read(),
    inputs.srbct.read(),
  ]);
  const results = {
    cells: joinCells(cells),
    sensitivity: joinSensitivity(sensitivity),
    variations,
    leukemia,
    srbct,
  };
  await outputs.results.write(results);
  await outputs.studies.write(studiesOf(results, params.studies));
};
