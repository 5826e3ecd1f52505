/** The square matrix Σ̂_BA of a path's binding constraints B and nonzero coordinates A, with its inverse. */

import { type Dense, dot, invert } from "../linear_algebra/dense.ts";

/** Rows B, columns A, and the inverse of Σ̂_BA, updated in O(k²) when B or A changes. */
export class PathBasis {
  /** A, in the order of the columns of Σ̂_BA. */
  readonly columns: number[] = [];
  /** B, in the order of its rows. */
  readonly rows: number[] = [];
  readonly #covariance: Dense;
  /** Row c of the inverse belongs to column c of Σ̂_BA. */
  #inverse: Float64Array[] = [];

  constructor(covariance: Dense) {
    this.#covariance = covariance;
  }

  /** x with Σ̂_BA x = b. */
  solve(b: Float64Array): Float64Array {
    return Float64Array.from(this.#inverse, (row) => dot(row, 0, b, 0, b.length));
  }

  /** x with Σ̂_AB x = b. */
  solveTransposed(b: Float64Array): Float64Array {
    const out = new Float64Array(b.length);
    this.#inverse.forEach((row, c) => {
      const bc = b[c];
      if (bc !== 0) { for (let r = 0; r < out.length; r++) out[r] += row[r] * bc; }
    });
    return out;
  }

  /** Appends a row and a column. */
  append(row: number, column: number): void {
    const k = this.rows.length;
    const down = this.solve(Float64Array.from(this.rows, (i) => this.#entry(i, column)));
    const across = this.solveTransposed(
      Float64Array.from(this.columns, (j) => this.#entry(row, j)),
    );
    const bottom = Float64Array.from(this.columns, (j) => this.#entry(row, j));
    const schur = this.#entry(row, column) - dot(bottom, 0, down, 0, k);
    const grown = this.#inverse.map((old, c) => {
      const next = new Float64Array(k + 1);
      const f = down[c] / schur;
      for (let r = 0; r < k; r++) next[r] = old[r] + f * across[r];
      next[k] = -f;
      return next;
    });
    const last = new Float64Array(k + 1);
    for (let r = 0; r < k; r++) last[r] = -across[r] / schur;
    last[k] = 1 / schur;
    this.#inverse = [...grown, last];
    this.rows.push(row);
    this.columns.push(column);
  }

  /** Puts constraint `row` in the place of the r-th. */
  replaceRow(r: number, row: number): void {
    const next = this.solveTransposed(Float64Array.from(this.columns, (j) => this.#entry(row, j)));
    const pivot = next[r];
    for (const line of this.#inverse) {
      const f = line[r] / pivot;
      for (let q = 0; q < line.length; q++) line[q] -= f * next[q];
      line[r] = f;
    }
    this.rows[r] = row;
  }

  /** Puts coordinate `column` in the place of the c-th. */
  replaceColumn(c: number, column: number): void {
    const next = this.solve(Float64Array.from(this.rows, (i) => this.#entry(i, column)));
    const pivotLine = this.#inverse[c].map((x) => x / next[c]);
    this.#inverse.forEach((line, i) => {
      if (i === c) return;
      const f = next[i];
      for (let q = 0; q < line.length; q++) line[q] -= f * pivotLine[q];
    });
    this.#inverse[c] = pivotLine;
    this.columns[c] = column;
  }

  /** Removes the r-th row and the c-th column. */
  remove(r: number, c: number): void {
    const line = this.#inverse[c];
    const kept = this.#inverse.filter((_, i) => i !== c);
    this.#inverse = kept.map((old) => {
      const f = old[r] / line[r];
      const next = new Float64Array(old.length - 1);
      for (let q = 0, to = 0; q < old.length; q++) if (q !== r) next[to++] = old[q] - f * line[q];
      return next;
    });
    this.rows.splice(r, 1);
    this.columns.splice(c, 1);
  }

  /**
   * Computes the inverse from scratch.
   * @throws RangeError when Σ̂_BA is singular.
   */
  refactor(): void {
    const inverse = invert(
      this.rows.map((i) => Float64Array.from(this.columns, (j) => this.#entry(i, j))),
    );
    if (inverse === null) throw new RangeError("PathBasis: the basis is singular");
    this.#inverse = inverse;
  }

  #entry(i: number, j: number): number {
    return this.#covariance.data[i * this.#covariance.columns + j];
  }
}
