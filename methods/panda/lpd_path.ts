/**
 * The exact solution path of LPD (Cai and Liu 2011) in its bound t:
 *
 *     minimise ‖β‖₁  subject to  ‖μ̂ − Σ̂β‖_∞ ≤ t.
 *
 * β(t) is piecewise linear, like the path of the Dantzig selector, and is followed from
 * t = ‖μ̂‖_∞, where β = 0, by alternating primal and dual steps between the points where the set of
 * nonzero coordinates A or of binding constraints B changes (|A| = |B| = k in between). A step costs
 * O(pk): the whole path costs less than one LP of a general solver, and ADMM is slow on LPs.
 */

import type { Dense } from "../linear_algebra/dense.ts";
import { PathBasis } from "./path_basis.ts";

/** Where a path that cannot be followed stopped. */
export class PathError extends Error {
  override readonly name = "PathError";
}

/**
 * The solutions at `bounds`, which descend.
 *
 * @param maxEvents Changes of A and B to follow. @default 40 p + 1000
 * @yields One β of p entries for each bound, when asked for: a consumer may stop early. The path ends
 *   before the last bound where no β satisfies the constraint, as a singular Σ̂ has it for small t.
 * @throws PathError when the events run out, or rounding errors led astray.
 */
export function* lpdPath(
  covariance: Dense,
  target: Float64Array,
  bounds: readonly number[],
  maxEvents = 40 * target.length + 1000,
): Generator<Float64Array> {
  if (bounds.some((t, i) => !(t > 0) || (i > 0 && t > bounds[i - 1]))) {
    throw new RangeError("lpdPath: bounds must be positive and descend");
  }
  const path = new Path(covariance, target);
  let found = 0;
  for (let event = 0; found < bounds.length; event++) {
    if (event > maxEvents) throw new PathError(`lpdPath: ${maxEvents} events, at t = ${path.t}`);
    const move = path.primal();
    while (found < bounds.length && bounds[found] >= path.t - move.length) {
      yield path.at(bounds[found++], move);
    }
    if (found < bounds.length && !path.advance(move)) return;
  }
}

/** Changes below this share of the direction's size are rounding errors. */
const ROUNDING = 1e-9;

/** A primal step: t falls by `length`, β_A moves along `direction`, then something happens. */
interface Move {
  readonly direction: Float64Array;
  /** Σ̂ applied to the direction. */
  readonly change: Float64Array;
  readonly length: number;
  /** What happens: a constraint begins to bind, or a coordinate of A reaches zero. */
  readonly event: { readonly row: number } | { readonly leaves: number };
}

class Path {
  t: number;
  readonly #covariance: Dense;
  readonly #target: Float64Array;
  readonly #basis: PathBasis;
  readonly #beta: Float64Array;
  readonly #y: Float64Array;
  /** μ̂ − Σ̂β. */
  readonly #residual: Float64Array;
  /** Σ̂y. */
  readonly #correlation: Float64Array;
  #sinceRefresh = 0;
  /** The largest variance. */
  readonly #largest: number;

  constructor(covariance: Dense, target: Float64Array) {
    const p = target.length;
    this.#covariance = covariance;
    this.#target = target;
    this.#largest = covariance.data.reduce((most, v) => Math.max(most, v), 0);
    this.#basis = new PathBasis(covariance);
    this.#beta = new Float64Array(p);
    this.#y = new Float64Array(p);
    this.#residual = Float64Array.from(target);
    this.#correlation = new Float64Array(p);
    let first = 0;
    for (let j = 1; j < p; j++) if (Math.abs(target[j]) > Math.abs(target[first])) first = j;
    this.t = Math.abs(target[first]);
    if (this.t > 0) this.#rowEnters(first);
  }

  /** β at a bound within the step `move`; above the start it is 0. */
  at(bound: number, { direction }: Move): Float64Array {
    const beta = Float64Array.from(this.#beta);
    const step = Math.max(0, this.t - bound);
    this.#basis.columns.forEach((j, i) => beta[j] += step * direction[i]);
    return beta;
  }

  /** How β_A moves as t falls, and how far until something happens. */
  primal(): Move {
    const { columns, rows } = this.#basis;
    const sign = Float64Array.from(rows, (i) => Math.sign(this.#residual[i]));
    const direction = this.#basis.solve(sign);
    const change = this.#product(columns, direction);
    let length = this.t, leaves = -1, row = -1;
    columns.forEach((j, i) => {
      const reach = -this.#beta[j] / direction[i];
      if (reach > 0 && reach < length) [length, leaves] = [reach, i];
    });
    const binding = new Set(rows);
    for (let i = 0; i < change.length; i++) {
      if (binding.has(i)) continue;
      const r = this.#residual[i], g = change[i];
      const up = g < 1 ? Math.max(0, this.t - r) / (1 - g) : Infinity;
      const down = g > -1 ? Math.max(0, this.t + r) / (1 + g) : Infinity;
      const reach = Math.min(up, down);
      if (reach < length) [length, row] = [reach, i];
    }
    const event = row < 0 && leaves >= 0 ? { leaves } : { row };
    return { direction, change, length, event };
  }

  /** Goes to the end of `move`, and makes the change there; false when the path ends there. */
  advance({ direction, change, length, event }: Move): boolean {
    this.#basis.columns.forEach((j, i) => this.#beta[j] += length * direction[i]);
    for (let i = 0; i < change.length; i++) this.#residual[i] -= length * change[i];
    this.t -= length;
    const goesOn = "row" in event
      ? event.row >= 0 && this.#rowEnters(event.row)
      : this.#columnLeaves(event.leaves);
    // Rounding errors of the updates add up: now and then everything is computed from A and B again.
    if (goesOn && ++this.#sinceRefresh >= 50) this.#refresh();
    return goesOn;
  }

  /** Constraint `row` begins to bind: its multiplier grows until a coordinate enters or another's is zero. */
  #rowEnters(row: number): boolean {
    const basis = this.#basis;
    const sign = Math.sign(this.#residual[row]);
    const { data, columns: p } = this.#covariance;
    const right = Float64Array.from(basis.columns, (j) => -sign * data[row * p + j]);
    const direction = basis.solveTransposed(right);
    const rows = [...basis.rows, row];
    const end = this.#dual(rows, Float64Array.of(...direction, sign), -1);
    if (end === null) return false;
    if ("column" in end) basis.append(row, end.column);
    else if (end.position < basis.rows.length) basis.replaceRow(end.position, row);
    else throw new PathError("lpdPath: a constraint left as it entered");
    return true;
  }

  /** Coordinate A[position] reached zero: its dual constraint loosens until something replaces it. */
  #columnLeaves(position: number): boolean {
    const basis = this.#basis;
    const j = basis.columns[position];
    this.#beta[j] = 0;
    const right = new Float64Array(basis.columns.length);
    right[position] = -Math.sign(this.#correlation[j]);
    const end = this.#dual(basis.rows, basis.solveTransposed(right), j);
    if (end === null) return false;
    if ("column" in end) basis.replaceColumn(position, end.column);
    else basis.remove(end.position, position);
    return true;
  }

  /** Moves y along `direction` over `rows` until a multiplier is zero or a coordinate's correlation is ±1; null: never. */
  #dual(
    rows: readonly number[],
    direction: Float64Array,
    leaving: number,
  ): { readonly column: number } | { readonly position: number } | null {
    const change = this.#product(rows, direction);
    let length = Infinity, position = -1, column = -1;
    rows.forEach((i, k) => {
      const reach = -this.#y[i] / direction[k];
      if (this.#y[i] !== 0 && reach >= 0 && reach < length) [length, position] = [reach, k];
    });
    const noise = ROUNDING * direction.reduce((most, d) => Math.max(most, Math.abs(d)), 0) *
      this.#largest;
    const inside = new Set(this.#basis.columns);
    for (let j = 0; j < change.length; j++) {
      if (inside.has(j) && j !== leaving) continue;
      const c = this.#correlation[j], g = change[j];
      // With a singular Σ̂ the direction may change nothing but rounding errors.
      if (Math.abs(g) <= noise) continue;
      // The coordinate that leaves can come back only with the other sign.
      const reach = ((g > 0 ? 1 : -1) - c) / g;
      if (reach < length) [length, column] = [Math.max(0, reach), j];
    }
    // An unbounded dual: nothing satisfies the constraint below this t.
    if (length === Infinity) return null;
    rows.forEach((i, k) => this.#y[i] += length * direction[k]);
    for (let j = 0; j < change.length; j++) this.#correlation[j] += length * change[j];
    if (column >= 0) return { column };
    this.#y[rows[position]] = 0;
    return { position };
  }

  #refresh(): void {
    this.#sinceRefresh = 0;
    const { columns, rows } = this.#basis;
    const signs = Float64Array.from(rows, (i) => Math.sign(this.#residual[i]));
    const corners = Float64Array.from(columns, (j) => Math.sign(this.#correlation[j]));
    this.#basis.refactor();
    const beta = this.#basis.solve(
      Float64Array.from(rows, (i, k) => this.#target[i] - this.t * signs[k]),
    );
    const y = this.#basis.solveTransposed(corners);
    columns.forEach((j, i) => this.#beta[j] = beta[i]);
    rows.forEach((i, k) => this.#y[i] = y[k]);
    const product = this.#product(columns, beta);
    for (let i = 0; i < product.length; i++) this.#residual[i] = this.#target[i] - product[i];
    this.#correlation.set(this.#product(rows, y));
  }

  /** Σ̂ restricted to some columns, times x. */
  #product(columns: readonly number[], x: Float64Array): Float64Array {
    const { data, columns: p } = this.#covariance;
    const out = new Float64Array(p);
    for (let k = 0; k < columns.length; k++) {
      const xk = x[k], row = columns[k] * p;
      for (let j = 0; j < p; j++) out[j] += data[row + j] * xk;
    }
    return out;
  }
}
