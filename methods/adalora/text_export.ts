// An adapted classifier as plain ONNX: adapters merged into the weights, or beside them.

import type { NdArray, Spec, Tensor } from "../tensor/mod.ts";
import {
  type BertParams,
  type ClassifierHead,
  classify,
  type Encoder,
  type ExportedModel,
  exportModel,
} from "../nn/mod.ts";
import type { Texts } from "../text/fine_tuning.ts";
import { mergeSvdAdapters, withoutDeadTriplets } from "./merge.ts";
import { type SvdAdapters, withSvdAdapters } from "./triplets.ts";

/** What training gave. */
export interface Adapted {
  readonly adapters: SvdAdapters<NdArray>;
  readonly head: ClassifierHead<NdArray>;
}

/** `frozen`: without adapters; `beside`: with those triplets that are left; `merged`: W + ΔW for W. */
export const EXPORT_FORMS = ["frozen", "beside", "merged"] as const;
export type ExportForm = typeof EXPORT_FORMS[number];

type Model<L = Tensor> = {
  encoder: BertParams<L>;
  head: ClassifierHead<L>;
  adapters: SvdAdapters<L>;
};

/**
 * Exports a classifier, from texts to logits [batch, classes].
 *
 * @param scale factor on ΔW, that of training.
 */
export function exportAdapted(
  { config, params }: Encoder,
  { adapters, head }: Adapted,
  { form, scale, batch, tokens }: {
    form: ExportForm;
    scale: number;
    batch: number;
    tokens: number;
  },
): ExportedModel<[Texts], Tensor> {
  const model: Model<NdArray> = {
    encoder: form === "merged" ? mergeSvdAdapters(params, adapters, scale) : params,
    adapters: form === "beside" ? withoutDeadTriplets(adapters) : {},
    head,
  };
  const spec: Spec = { dtype: "int32", shape: [batch, tokens] };
  return exportModel(
    ({ encoder, adapters, head }: Model, texts: Texts) =>
      classify(config, withSvdAdapters(encoder, adapters, scale), head, texts),
    model,
    [{ ids: spec, mask: spec }],
    "classifier",
  );
}
