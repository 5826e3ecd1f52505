// CoCa's two losses: symmetric contrastive over the batch, and captioning by the next token.

import {
  add,
  cast,
  crossEntropy,
  div,
  equal,
  exp,
  logSumExp,
  matmul,
  mean,
  minimum,
  mul,
  slice,
  sub,
  sum,
  type Tensor,
  transpose,
} from "../tensor/mod.ts";
import { type CocaOutputs, PAD } from "./coca.ts";
import type { CocaParams } from "./coca_config.ts";
import { project } from "./layers.ts";

/** Weights of the two losses in CoCa's objective: contrastive 1, captioning 2. */
export const COCA_LOSS_WEIGHTS = { contrastive: 1, captioning: 2 } as const;

/** The largest inverse temperature, as in CLIP. */
export const LARGEST_LOGIT_SCALE = 100;

/**
 * Symmetric InfoNCE: item i's image belongs to item i's text.
 *
 * @param image unit vectors [B, embed].
 * @param text unit vectors [B, embed].
 * @param logitScale scalar log of the inverse temperature, clamped to ln 100 here.
 */
export function contrastiveLoss(image: Tensor, text: Tensor, logitScale: Tensor): Tensor {
  const scale = exp(minimum(logitScale, Math.log(LARGEST_LOGIT_SCALE)));
  const scores = mul(matmul(image, transpose(text, [1, 0])), scale);
  // Cross-entropy with labels 0 … B−1 needs only the diagonal, which is a row-wise inner product.
  const own = mul(mean(sum(mul(image, text), [1])), scale);
  const both = add(mean(logSumExp(scores, [1])), mean(logSumExp(scores, [0])));
  return sub(div(both, 2), own);
}

/**
 * Cross-entropy of the next token: positions 0 … T−2 predict tokens 1 … T−1; padding is not scored.
 *
 * @param logits the weights [d, vocab] of the last linear map, applied here to the positions that
 *   predict something.
 * @param decoded [B, T, d].
 * @param tokens int32 [B, T].
 */
export function captioningLoss(logits: Tensor, decoded: Tensor, tokens: Tensor): Tensor {
  const [batch, length, width] = decoded.shape;
  const before = slice(decoded, [0, 0, 0], [batch, length - 1, width]);
  const targets = slice(tokens, [0, 1], [batch, length]);
  const mask = sub(1, cast(equal(targets, PAD), "float32"));
  return crossEntropy(project(logits, before), targets, { mask });
}

/** Both losses and their weighted sum, all scalars. */
export function cocaLosses(
  params: CocaParams,
  outputs: CocaOutputs,
  tokens: Tensor,
): { contrastive: Tensor; captioning: Tensor; total: Tensor } {
  const contrastive = contrastiveLoss(
    outputs.imageEmbedding,
    outputs.textEmbedding,
    outputs.logitScale,
  );
  const captioning = captioningLoss(params.multimodal.logits, outputs.decoded, tokens);
  const total = add(
    mul(contrastive, COCA_LOSS_WEIGHTS.contrastive),
    mul(captioning, COCA_LOSS_WEIGHTS.captioning),
  );
  return { contrastive, captioning, total };
}
