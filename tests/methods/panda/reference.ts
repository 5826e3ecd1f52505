/** Reads tests/reference/panda.json: values by Clarabel, HiGHS and NumPy. */

import type { Dense } from "../../../methods/linear_algebra/dense.ts";
import { type Moments, momentsOf } from "../../../methods/panda/moments.ts";
import json from "../../reference/panda.json" with { type: "json" };

export const reference = json;
export type Case = typeof json.cases[number];

export function dense(rows: readonly (readonly number[])[]): Dense {
  return {
    rows: rows.length,
    columns: rows[0].length,
    data: Float64Array.from(rows.flat()),
  };
}

export function momentsOfCase({ x0, x1 }: Case): Moments {
  return momentsOf(dense(x0), dense(x1));
}

/** Largest absolute difference. */
export function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i] - b[i]));
  return most;
}

/** ‖β‖₁. */
export function size(beta: Float64Array): number {
  return beta.reduce((sum, b) => sum + Math.abs(b), 0);
}
