/** Scores students and the teacher on held-out pairs, and lets them caption pictures. */

import {
  captioningLoss,
  type CocaConfig,
  cocaForward,
  type CocaParams,
  PAD,
  project,
} from "../nn/mod.ts";
import type { Layout } from "../optim/mod.ts";
import {
  argmax,
  cast,
  compile,
  equal,
  load,
  logicalOr,
  mean,
  type NdArray,
  type Provider,
  reduceMin,
  reshape,
  slice,
  type Tensor,
} from "../tensor/mod.ts";
import { BOS, decodePieces, EOS } from "../text/tokens.ts";
import type { Dataset } from "./dataset.ts";
import { meanRecall, recall } from "./scores.ts";
import { takeRows } from "./teacher_states.ts";

/** A model as the evaluator needs it: where its CoCa parameters lie in its vector. */
export interface Scored {
  readonly config: CocaConfig;
  readonly layout: Layout;
  /** The CoCa parameters within the unpacked tree. */
  readonly model: (tree: never) => CocaParams;
}

/** Held-out scores under the names of {@link MetricValues}. */
export type Scores = Readonly<
  Record<
    | "recall_i2t_1"
    | "recall_i2t_5"
    | "recall_i2t_10"
    | "recall_t2i_1"
    | "recall_t2i_5"
    | "recall_t2i_10"
    | "caption_loss"
    | "exact_match",
    number
  >
>;

export interface Evaluator {
  score(flat: NdArray): Promise<Scores>;
  /** Greedy captions of some items. */
  caption(flat: NdArray, items: Int32Array): Promise<string[]>;
  dispose(): Promise<void>;
}

/**
 * Prepares scoring on the test split.
 *
 * Retrieval ranks the pictures and names of one vendor at a time and averages over vendors. Exact
 * match asks whether each next token is the most likely one given the true ones before it, which is
 * the case exactly when greedy decoding returns the true caption.
 */
export async function evaluator(
  { config, layout, model }: Scored,
  dataset: Dataset,
  { provider, threads }: { readonly provider: Provider; readonly threads: number },
): Promise<Evaluator> {
  const items = dataset.splits.test;
  const size = items.length, { channels, image, textLength } = config;
  const forward = (flat: Tensor, images: Tensor, tokens: Tensor) => {
    const params = model(layout.unpackTraced(flat) as never);
    const out = cocaForward(config, params, images, tokens);
    const before = slice(out.decoded, [0, 0, 0], [tokens.shape[0], textLength - 1, config.width]);
    const next = cast(argmax(project(params.multimodal.logits, before), -1), "int32");
    return { params, out, next };
  };
  const scoring = (flat: Tensor, images: Tensor, tokens: Tensor) => {
    const { params, out, next } = forward(flat, images, tokens);
    const targets = slice(tokens, [0, 1], [size, textLength]);
    const right = cast(logicalOr(equal(next, targets), equal(targets, PAD)), "float32");
    return {
      image: out.imageEmbedding,
      text: out.textEmbedding,
      loss: captioningLoss(params.multimodal.logits, out.decoded, tokens),
      exact: mean(reduceMin(right, [1])),
    };
  };
  const vector = { dtype: "float32", shape: [layout.size] } as const;
  const inputs = (count: number) =>
    [
      vector,
      { dtype: "float32", shape: [count, channels, image, image] },
      { dtype: "int32", shape: [count, textLength] },
    ] as const;
  const scorer = await load(
    compile(scoring, inputs(size) as never, { name: "score" }),
    { provider, threads },
  );
  const pictures = dataset.images(items), names = dataset.tokens(items);
  const captions = Array.from(items, (item) => dataset.items[item].captions[0]);
  const galleries = dataset.meta.vendors.map((_, vendor) =>
    Int32Array.from(items.keys().filter((i) => dataset.vendor[items[i]] === vendor))
  ).filter((rows) => rows.length > 0);

  return {
    async score(flat) {
      const { image, text, loss, exact } = await scorer.run(flat, pictures, names);
      const both = galleries.map((rows) => {
        const i = takeRows(image, rows, [rows.length]), t = takeRows(text, rows, [rows.length]);
        const labels = Array.from(rows, (row) => captions[row]);
        return { i2t: recall(i, t, labels), t2i: recall(t, i, labels) };
      });
      const i2t = meanRecall(both.map((b) => b.i2t)), t2i = meanRecall(both.map((b) => b.t2i));
      return {
        recall_i2t_1: i2t[1],
        recall_i2t_5: i2t[5],
        recall_i2t_10: i2t[10],
        recall_t2i_1: t2i[1],
        recall_t2i_5: t2i[5],
        recall_t2i_10: t2i[10],
        caption_loss: Number(loss.data[0]),
        exact_match: Number(exact.data[0]),
      };
    },
    async caption(flat, chosen) {
      const count = chosen.length;
      if (count === 0) return [];
      const program = compile(
        (p: Tensor, images: Tensor, tokens: Tensor) =>
          reshape(forward(p, images, tokens).next, [count, textLength - 1]),
        inputs(count) as never,
        { name: "caption" },
      );
      const step = await load(program, { provider, threads });
      const tokens = new Int32Array(count * textLength);
      for (let i = 0; i < count; i++) tokens[i * textLength] = BOS;
      const given = dataset.images(chosen);
      for (let t = 0; t + 1 < textLength; t++) {
        const next = await step.run(flat, given, {
          dtype: "int32",
          shape: [count, textLength],
          data: tokens,
        });
        for (let i = 0; i < count; i++) {
          const done = tokens[i * textLength + t] === EOS || tokens[i * textLength + t] === PAD;
          tokens[i * textLength + t + 1] = done ? PAD : Number(next.data[i * (textLength - 1) + t]);
        }
      }
      await step.dispose();
      return Array.from(
        { length: count },
        (_, i) =>
          decodePieces(
            dataset.vocabulary,
            tokens.subarray(i * textLength, (i + 1) * textLength),
          ),
      );
    },
    dispose: () => scorer.dispose(),
  };
}
