// A compressed classifier as plain ONNX: zero rows gone, low-rank parts kept, weights inside.

import type { Spec, Tensor } from "../tensor/mod.ts";
import { type BertConfig, classify, type ExportedModel, exportModel } from "../nn/mod.ts";
import type { Texts } from "../text/fine_tuning.ts";
import { compact, type CompactLinear, withCompact } from "./compact.ts";
import type { Split } from "./split.ts";
import type { Classifier, ClassifierArrays } from "./text_methods.ts";

type Compressed = { params: Classifier; maps: { [path: string]: CompactLinear } };

/**
 * Exports what was trained, from texts to logits [batch, classes]. Places of kept rows count among its
 * numbers.
 *
 * @param paths of the maps that were compressed; none for a dense model.
 */
export function exportCompressed(
  config: BertConfig,
  { params, lowRanks }: Split<ClassifierArrays>,
  paths: readonly string[],
  { batch, tokens }: { batch: number; tokens: number },
): ExportedModel<[Texts], Tensor> {
  const spec: Spec = { dtype: "int32", shape: [batch, tokens] };
  const small = paths.length === 0 ? { params, maps: {} } : compact(params, lowRanks, paths);
  const exported = exportModel(
    ({ params, maps }: Compressed, texts: Texts) => {
      const { encoder, head } = withCompact(params, maps);
      return classify(config, encoder, head, texts);
    },
    small,
    [{ ids: spec, mask: spec }],
    "classifier",
  );
  // Of each map that stands apart, a weight and a bias of one zero are left in the tree.
  const placeholders = 2 * Object.keys(small.maps).length;
  return { ...exported, parameters: exported.parameters - placeholders };
}
