// The penalty that keeps P and Q near orthonormal, as printed and as in the authors' code.

import {
  add,
  eye,
  matmul,
  matrixTranspose,
  mul,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
} from "../tensor/mod.ts";
import type { SvdAdapters } from "./triplets.ts";

/** Settings of {@link orthogonality}. */
export interface OrthogonalityOptions {
  /**
   * `code`: the mean over the 2n matrices of ‖PᵀP − I‖_F and ‖QQᵀ − I‖_F, as in the authors' code and in
   * PEFT. `printed`: the sum of their squares (equation 4).
   * @default "code"
   */
  form?: "code" | "printed";
  /** ε in √(‖·‖² + ε²) − ε: the norm of the code's form has no gradient at 0. @default 1e-12 */
  epsilon?: number;
}

/** ‖m − I‖²_F of a Gram matrix [r, r]. */
function squaredDistance(gram: Tensor): Tensor {
  return sum(square(sub(gram, eye(gram.shape[0], gram.shape[0], gram.dtype))));
}

/**
 * R of all adapters, to be multiplied by γ; scalar. It also pulls at LoRA's factors (Table 5's "LoRA +
 * orth. reg."), given as { q: a, p: b }.
 */
export function orthogonality(
  adapters: { readonly [path: string]: Pick<SvdAdapters[string], "p" | "q"> },
  { form = "code", epsilon = 1e-12 }: OrthogonalityOptions = {},
): Tensor {
  const squares = Object.values(adapters).flatMap(({ p, q }) => [
    squaredDistance(matmul(p, matrixTranspose(p))),
    squaredDistance(matmul(matrixTranspose(q), q)),
  ]);
  const total = (terms: Tensor[]) => terms.reduce((a, b) => add(a, b));
  if (form === "printed") return total(squares);
  const norms = squares.map((s) => sub(sqrt(add(s, epsilon ** 2)), epsilon));
  return mul(total(norms), 1 / norms.length);
}
