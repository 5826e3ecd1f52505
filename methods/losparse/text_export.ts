// A compressed classifier as one ONNX file: zero rows gone, low-rank parts kept, weights inside.

import { type NdArray, type Spec, type Tensor, treeLeaves } from "../tensor/mod.ts";
import { type BertConfig, classify, exportModel } from "../nn/mod.ts";
import { compact, type CompactLinear, withCompact } from "./compact.ts";
import type { Split } from "./split.ts";
import type { Classifier, ClassifierArrays } from "./text_methods.ts";

/** A model as a file. */
export interface ExportedClassifier {
  readonly onnx: Uint8Array<ArrayBuffer>;
  /** Numbers in its weights, embeddings included. */
  readonly parameters: number;
  /** Token ids and mask, each int32 [batch, tokens]. */
  readonly inputs: readonly string[];
  /** Logits, float32 [batch, classes]. */
  readonly output: Spec & { readonly name: string };
}

type Texts = { ids: Tensor; mask: Tensor };
type Compressed = { params: Classifier; maps: { [path: string]: CompactLinear } };

const numbersIn = (tree: unknown) =>
  treeLeaves(tree).reduce((sum, { leaf }) => sum + (leaf as NdArray).data.length, 0);

/**
 * Exports what was trained.
 *
 * @param paths of the maps that were compressed; none for a dense model.
 */
export function exportClassifier(
  config: BertConfig,
  { params, lowRanks }: Split<ClassifierArrays>,
  paths: readonly string[],
  { batch, tokens }: { batch: number; tokens: number },
): ExportedClassifier {
  const spec: Spec = { dtype: "int32", shape: [batch, tokens] };
  const inputs = [{ ids: spec, mask: spec }] as const;
  const small = paths.length === 0 ? { params, maps: {} } : compact(params, lowRanks, paths);
  const { program, onnx } = exportModel(
    ({ params, maps }: Compressed, texts: Texts) => {
      const { encoder, head } = withCompact(params, maps);
      return classify(config, encoder, head, texts);
    },
    small,
    inputs,
    "classifier",
  );
  // Weights and biases stand apart; two zeros of each map are left in the tree.
  const maps = Object.values(small.maps).map(({ sparse, ...rest }) => ({ ...rest, w: sparse?.w }));
  const apart = maps.map(({ w, ...rest }) => numbersIn(rest) + (w ? numbersIn(w) : 0));
  const kept = numbersIn(small.params) - 2 * maps.length;
  return {
    onnx,
    parameters: apart.reduce((a, b) => a + b, kept),
    inputs: program.inputs.map(({ name }) => name),
    output: program.outputs[0],
  };
}
