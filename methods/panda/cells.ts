/** Names of cells and grids: what the stages, the claims and the report agree on. */

import type { ModelName } from "./populations.ts";

/** The name of a cell's study, e.g. `ar1_400_5`; with n where it is not the usual 200. */
export function cellName(
  { model, p, s, n }: {
    readonly model: ModelName;
    readonly p: number;
    readonly s: number;
    readonly n: number;
  },
): string {
  const sparsity = model === "approximately_sparse" ? "" : `_${s}`;
  return `${model}_${p}${sparsity}${n === 200 ? "" : `_n${n}`}`;
}

/** λ̃ = to, to − step, …, step. */
export function linearGrid(step: number, to: number): number[] {
  const count = Math.round(to / step);
  // Division gives the decimals that people write, 0.3 and not 0.30000000000000004.
  return Array.from({ length: count }, (_, i) => (count - i) / Math.round(1 / step));
}

/** `points` values from `to` down to `from`, evenly spaced in their logarithms. */
export function logarithmicGrid(from: number, to: number, points: number): number[] {
  return Array.from({ length: points }, (_, i) => to * (from / to) ** (i / (points - 1)));
}
