/** Decomposes the maps of the user's encoder: minutes for one of the published size. */

import { encodeFactors } from "../../../methods/losparse/factors_file.ts";
import { leadingSvd } from "../../../methods/losparse/leading_svd.ts";
import { factorsOf, type LowRanks, rankOfRatio } from "../../../methods/losparse/split.ts";
import { linearArrays } from "../../../methods/nn/mod.ts";
import type { NdArray } from "../../../methods/tensor/mod.ts";
import type { Run } from "../../../pipeline/types.ts";
import { readPretrained } from "../../common/glue/read_benchmark.ts";
import type { decomposeBenchmark } from "./decompose_benchmark.ts";

export const run: Run<typeof decomposeBenchmark> = async (ctx) => {
  const { inputs, params, outputs, progress } = ctx;
  const encoder = await readPretrained(inputs, params.weights);
  const maps = Object.entries(
    linearArrays(encoder.params, (path) => path.startsWith("blocks.")),
  );
  const factors: LowRanks<NdArray> = {};
  for (const [i, [path, { w }]] of maps.entries()) {
    const [inputs, outputs] = w.shape;
    factors[path] = factorsOf(
      leadingSvd(w, rankOfRatio(params.ratio, inputs, outputs)),
      w.dtype,
    );
    progress({ step: i + 1, steps: maps.length });
  }
  await outputs.factors.write(encodeFactors(factors));
};
