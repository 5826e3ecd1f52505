/** The vertex of an LP's polyhedron that an approximate solution points to. */

import { invert } from "./dense.ts";
import type { Iterate, Programme } from "./programme.ts";

/**
 * Solves the optimality conditions of LPD or of AdaLDA's first stage on the active sets of `iterate`: A
 * where β ≠ 0, with signs s, and B where y ≠ 0, with signs σ:
 *
 *     (Σ̂_BA + a σ ℓ_A′) β_A = μ̂_B − a σ,    (Σ̂_BA + a σ ℓ_A′)′ y_B = s.
 *
 * @returns null when |A| ≠ |B| or the system is singular. Whether the result is optimal is for
 *   `certify` to say.
 */
export function vertexOf(programme: Programme, { beta, y }: Iterate): Iterate | null {
  const { covariance, target, slack, budget } = programme;
  const p = target.length;
  const columns = indicesOf(beta), rows = indicesOf(y);
  if (columns.length !== rows.length || columns.length === 0) return null;
  const sigma = rows.map((i) => Math.sign(y[i]));
  const inverse = invert(rows.map((i, k) =>
    Float64Array.from(columns, (j) => {
      const weight = budget.kind === "linear" ? budget.weights[j] : 0;
      return covariance.data[i * p + j] + slack * sigma[k] * weight;
    })
  ));
  if (inverse === null) return null;
  const exact = { beta: new Float64Array(p), y: new Float64Array(p), kappa: 0 };
  columns.forEach((j, c) => {
    const s = Math.sign(beta[j]);
    rows.forEach((i, r) => {
      exact.beta[j] += inverse[c][r] * (target[i] - slack * sigma[r]);
      exact.y[i] += inverse[c][r] * s;
    });
  });
  return exact;
}

function indicesOf(x: Float64Array): number[] {
  const out: number[] = [];
  for (let j = 0; j < x.length; j++) if (x[j] !== 0) out.push(j);
  return out;
}
