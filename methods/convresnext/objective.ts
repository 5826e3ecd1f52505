// What is minimised (sec. 2, penalised form): a risk plus λ₁ Σ ‖W_l^{(n,m)}‖_F² + λ₂ ‖W_out‖_F².

import { add, mean, mul, softplus, square, sub, sum, type Tensor } from "../tensor/mod.ts";
import type { Parameters } from "./network.ts";

/** The empirical risk: the paper's logistic one (sec. 2), or the squared one of its experiments (App. B). */
export type Risk = "logistic" | "squared";

/** Weights of the two penalties, at least 0. */
export type Decay<T = Tensor> = {
  /** λ₁, of all convolutions. */
  readonly paths: T;
  /** λ₂, of the read-out. */
  readonly out: T;
};

/** Mean loss of log-odds or predictions f [n] at labels (0 or 1) or responses y [n]. */
export function empiricalRisk(risk: Risk, f: Tensor, y: Tensor): Tensor {
  return mean(risk === "logistic" ? sub(softplus(f), mul(y, f)) : square(sub(f, y)));
}

/**
 * λ₁ Σ ‖W‖² + λ₂ ‖W_out‖². Part of the loss: gradients of both terms go through the optimiser.
 * (Decoupled decay, as AdamW's, has other minimisers: it is another estimator.)
 */
export function penalty({ kernels, out }: Parameters, { paths, out: readOut }: Decay): Tensor {
  return add(mul(paths, sum(square(kernels))), mul(readOut, sum(square(out))));
}
