/** Reads the user's encoder and tells its sizes. */

import { treeLeaves } from "../../../methods/tensor/mod.ts";
import type { NdArray } from "../../../methods/tensor/mod.ts";
import type { Run } from "../../../pipeline/types.ts";
import type { checkModel } from "./check_model.ts";
import { readPretrained } from "./read_benchmark.ts";

export const run: Run<typeof checkModel> = async ({ inputs, params, outputs }) => {
  const { config, params: arrays } = await readPretrained(inputs, params.weights);
  const parameters = treeLeaves(arrays).reduce(
    (sum, { leaf }) => sum + (leaf as NdArray).data.length,
    0,
  );
  await outputs.about.write({ config, parameters });
};
