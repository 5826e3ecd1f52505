/** The nonzero spectrum of a sample covariance, from whichever Gram matrix is smaller. */

import { gram, transpose, zeros } from "../linear_algebra/dense.ts";
import { type Eigen, eigenSymmetric } from "../linear_algebra/eigen.ts";
import type { Moments } from "./moments.ts";

/** Eigenvalues below this share of the largest count as zero. */
const FLOOR = 1e-12;

/**
 * Eigenvalues and eigenvectors of `moments.covariance`, without the zero ones. With N = n₀ + n₁ < p this
 * is the thin form: it decomposes the N × N matrix `X′X / N` of the p × N centred sample X, whose
 * eigenvectors u give `X u / √(N w)`.
 */
export function spectrumOf({ centred, sigmaMax }: Moments): Eigen {
  const { rows: p, columns: n } = centred;
  const thin = n < p;
  const { values, vectors } = eigenSymmetric(
    gram(thin ? transpose(centred) : centred, n * sigmaMax ** 2),
  );
  const first = values.findIndex((w) => w > FLOOR * values[values.length - 1]);
  const kept = values.slice(first), rank = kept.length;
  if (!thin) {
    return {
      values: kept,
      vectors: { rows: rank, columns: p, data: vectors.data.slice(first * p) },
    };
  }
  const wide = zeros(rank, p);
  for (let k = 0; k < rank; k++) {
    const scale = 1 / (sigmaMax * Math.sqrt(n * kept[k])), from = (first + k) * n;
    for (let j = 0; j < p; j++) {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += centred.data[j * n + i] * vectors.data[from + i];
      wide.data[k * p + j] = scale * sum;
    }
  }
  return { values: kept, vectors: wide };
}
