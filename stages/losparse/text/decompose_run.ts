/** Decomposes the maps of an encoder. */

import { encodeFactors } from "../../../methods/losparse/factors_file.ts";
import { leadingSvd } from "../../../methods/losparse/leading_svd.ts";
import { normKurtosis, tailsOf } from "../../../methods/losparse/premise.ts";
import { factorsOf, type LowRanks, rankOfRatio } from "../../../methods/losparse/split.ts";
import { decodeEncoder, linearArrays } from "../../../methods/nn/mod.ts";
import type { NdArray } from "../../../methods/tensor/mod.ts";
import { stream } from "../../../methods/tensor/random.ts";
import type { Run } from "../../../pipeline/types.ts";
import type { decompose, MapPremise } from "./decompose.ts";

export const run: Run<typeof decompose> = async ({ inputs, params, outputs, progress }) => {
  const { params: encoder } = decodeEncoder(await inputs.encoder.bytes());
  const maps = Object.entries(linearArrays(encoder));
  const about = (path: string, w: NdArray, singular: ArrayLike<number>): MapPremise => ({
    path,
    shape: w.shape,
    tails: tailsOf(singular),
    kurtosis: normKurtosis(w),
  });
  const factors: LowRanks<NdArray> = {};
  const premises: MapPremise[] = [];
  for (const [path, { w }] of maps) {
    const [inputs, outputs] = w.shape;
    const svd = leadingSvd(w, rankOfRatio(params.ratio, inputs, outputs));
    factors[path] = factorsOf(svd, w.dtype);
    premises.push(about(path, w, svd.s));
    progress({ step: premises.length, steps: maps.length });
  }
  await outputs.factors.write(encodeFactors(factors));
  await outputs.premises.write(premises);
  const shapes = Map.groupBy(premises, ({ shape: [inputs, outputs] }) => `${inputs}x${outputs}`);
  await outputs.noise.write(Array.from(shapes, ([name, [{ shape }]]) => {
    const w = stream(0, "noise", name).normal([...shape]);
    return about(name, w, leadingSvd(w, 1).s);
  }));
};
