/**
 * The linear step of the ADMM: the normal equations of the splits β, K β, S β (and ℓ′β), where
 * K′K = Σ̂² and S′S = Σ̂, over all coordinates or over a working set of them.
 */

import {
  addTransposed,
  type Dense,
  inverse,
  multiply,
  semidefiniteFactor,
  zeros,
} from "../linear_algebra/dense.ts";
import type { Eigen } from "../linear_algebra/eigen.ts";
import type { Budget, Programme } from "./programme.ts";

/** Right-hand sides and products of one step; overwritten by `step`. */
export interface Step {
  /** In: right-hand side of the β split. */
  readonly r1: Float64Array;
  /** In: right-hand side of the K split. */
  readonly r2: Float64Array;
  /** In: right-hand side of the S split; empty without a cone. */
  readonly r3: Float64Array;
  /** In: right-hand side of the ℓ split; 0 without one. */
  r4: number;
  /** Out: β. */
  readonly beta: Float64Array;
  /** Out: K β. */
  readonly product: Float64Array;
  /** Out: S β, up to a rotation. */
  readonly root: Float64Array;
  /** Out: ℓ′β. */
  linear: number;
}

/** Solves `(ω I + K′K [+ S′S] [+ ℓℓ′]) β = r1 + K′r2 [+ S′r3] [+ ℓ r4]`. */
export interface System {
  /** ω > 0: how much the split z1 = β counts beside the others. */
  readonly weight: number;
  /** Coordinates of β that may be nonzero. */
  readonly columns: Int32Array;
  /** Slab constraints that are kept. */
  readonly rows: Int32Array;
  /** Buffers of the right sizes. */
  buffers(): Step;
  /** One linear step: four products with a matrix. */
  step(s: Step): void;
  /** S x for x over `columns`, up to the rotation that `step` uses. */
  rootOf(x: Float64Array): Float64Array;
  /** S′ w, over `columns`. */
  rootTransposed(w: Float64Array): Float64Array;
}

function buffersOf(columns: number, rows: number, root: number): Step {
  const array = (length: number) => new Float64Array(length);
  return {
    r1: array(columns),
    r2: array(rows),
    r3: array(root),
    r4: 0,
    beta: array(columns),
    product: array(rows),
    root: array(root),
    linear: 0,
  };
}

/**
 * All coordinates, by the eigendecomposition Σ̂ = V′diag(w)V. Eigenvalues that are zero to rounding
 * are dropped, so with n ≪ p a step costs four products with a rank × p matrix (the thin form).
 */
export class SpectralSystem implements System {
  readonly columns: Int32Array;
  readonly rows: Int32Array;
  readonly #vectors: Dense;
  readonly #values: Float64Array;
  readonly #diagonal: Float64Array;
  readonly #cone: boolean;
  readonly #linear: Float64Array | null;
  /** (ωI + Σ̂²)⁻¹ℓ and 1 + ℓ′(ωI + Σ̂²)⁻¹ℓ, for the Sherman–Morrison correction. */
  readonly #solvedLinear: Float64Array;
  readonly #linearScale: number = 1;
  readonly #a: Float64Array;
  readonly #b: Float64Array;

  constructor(spectrum: Eigen, p: number, budget: Budget, readonly weight: number) {
    const { values, vectors } = spectrum;
    this.columns = this.rows = Int32Array.from({ length: p }, (_, i) => i);
    this.#cone = budget.kind === "cone";
    this.#values = values;
    this.#vectors = vectors;
    const power = this.#cone ? 1 : 0;
    this.#diagonal = values.map((w) => 1 / (weight + w * w + power * w));
    this.#a = new Float64Array(values.length);
    this.#b = new Float64Array(values.length);
    this.#linear = budget.kind === "linear" ? budget.weights : null;
    this.#solvedLinear = new Float64Array(p);
    if (this.#linear !== null) {
      const l = this.#linear;
      multiply(vectors, l, this.#a);
      for (let k = 0; k < this.#a.length; k++) this.#a[k] *= this.#diagonal[k] - 1 / weight;
      this.#solvedLinear.set(l.map((x) => x / weight));
      addTransposed(vectors, this.#a, this.#solvedLinear);
      this.#linearScale = 1 + inner(l, this.#solvedLinear);
    }
  }

  buffers(): Step {
    const p = this.columns.length;
    return buffersOf(p, p, this.#cone ? this.#values.length : 0);
  }

  step(s: Step): void {
    const w = this.#values, d = this.#diagonal, a = this.#a, b = this.#b;
    const l = this.#linear;
    s.beta.set(s.r1);
    if (l !== null) { for (let j = 0; j < l.length; j++) s.beta[j] += l[j] * s.r4; }
    multiply(this.#vectors, s.beta, a);
    multiply(this.#vectors, s.r2, b);
    for (let j = 0; j < s.beta.length; j++) s.beta[j] /= this.weight;
    // a: V′β; b: what the thin factor adds to the right-hand side and to its solution.
    for (let k = 0; k < w.length; k++) {
      const extra = w[k] * b[k] + (this.#cone ? Math.sqrt(w[k]) * s.r3[k] : 0);
      const solved = d[k] * (a[k] + extra);
      b[k] = solved - a[k] / this.weight;
      a[k] = solved;
    }
    addTransposed(this.#vectors, b, s.beta);
    if (l !== null) {
      const shift = inner(l, s.beta) / this.#linearScale;
      for (let j = 0; j < l.length; j++) s.beta[j] -= shift * this.#solvedLinear[j];
      multiply(this.#vectors, s.beta, a);
      s.linear = inner(l, s.beta);
    }
    for (let k = 0; k < w.length; k++) {
      if (this.#cone) s.root[k] = Math.sqrt(w[k]) * a[k];
      a[k] *= w[k];
    }
    s.product.fill(0);
    addTransposed(this.#vectors, a, s.product);
  }

  rootOf(x: Float64Array): Float64Array {
    const out = new Float64Array(this.#cone ? this.#values.length : 0);
    if (!this.#cone) return out;
    multiply(this.#vectors, x, out);
    return out.map((v, k) => Math.sqrt(this.#values[k]) * v);
  }

  rootTransposed(w: Float64Array): Float64Array {
    const out = new Float64Array(this.columns.length);
    if (!this.#cone) return out;
    addTransposed(this.#vectors, w.map((v, k) => Math.sqrt(this.#values[k]) * v), out);
    return out;
  }
}

/** A working set of coordinates and constraints, by the inverse of its k × k normal matrix. */
export class WorkingSystem implements System {
  readonly columns: Int32Array;
  readonly rows: Int32Array;
  readonly #k: Dense;
  /** S = L′ with L L′ = Σ̂ over the columns; empty without a cone. */
  readonly #l: Dense;
  readonly #inverse: Dense;
  readonly #linear: Float64Array | null;
  readonly #right: Float64Array;

  constructor(
    programme: Programme,
    columns: Int32Array,
    rows: Int32Array,
    readonly weight: number,
  ) {
    const { covariance, budget } = programme;
    const n = columns.length, m = rows.length;
    this.columns = columns;
    this.rows = rows;
    this.#k = zeros(m, n);
    pick(covariance, rows, columns, this.#k);
    const normal = zeros(n, n);
    for (let r = 0; r < m; r++) {
      const at = r * n;
      for (let i = 0; i < n; i++) {
        const x = this.#k.data[at + i], row = i * n;
        for (let j = 0; j <= i; j++) normal.data[row + j] += x * this.#k.data[at + j];
      }
    }
    if (budget.kind === "cone") {
      const part = zeros(n, n);
      pick(covariance, columns, columns, part);
      this.#l = semidefiniteFactor(part);
      for (let i = 0; i < n * n; i++) normal.data[i] += part.data[i];
    } else {
      this.#l = zeros(0, 0);
    }
    this.#linear = budget.kind === "linear" ? columnsOf(budget.weights, columns) : null;
    for (let i = 0; i < n; i++) {
      const li = this.#linear?.[i] ?? 0;
      if (li !== 0) {
        for (let j = 0; j <= i; j++) normal.data[i * n + j] += li * this.#linear![j];
      }
      normal.data[i * n + i] += weight;
      for (let j = 0; j < i; j++) normal.data[j * n + i] = normal.data[i * n + j];
    }
    this.#inverse = inverse(normal);
    this.#right = new Float64Array(n);
  }

  buffers(): Step {
    return buffersOf(this.columns.length, this.rows.length, this.#l.rows);
  }

  step(s: Step): void {
    const right = this.#right, l = this.#linear;
    right.set(s.r1);
    addTransposed(this.#k, s.r2, right);
    if (this.#l.rows > 0) addLower(this.#l, s.r3, right);
    if (l !== null) { for (let j = 0; j < l.length; j++) right[j] += l[j] * s.r4; }
    multiply(this.#inverse, right, s.beta);
    multiply(this.#k, s.beta, s.product);
    if (this.#l.rows > 0) lowerTransposed(this.#l, s.beta, s.root);
    if (l !== null) s.linear = inner(l, s.beta);
  }

  rootOf(x: Float64Array): Float64Array {
    const out = new Float64Array(this.#l.rows);
    if (out.length > 0) lowerTransposed(this.#l, x, out);
    return out;
  }

  rootTransposed(w: Float64Array): Float64Array {
    const out = new Float64Array(this.columns.length);
    if (this.#l.rows > 0) addLower(this.#l, w, out);
    return out;
  }
}

/** Adds L w to `out`. */
function addLower({ rows: n, data }: Dense, w: Float64Array, out: Float64Array): void {
  for (let i = 0; i < n; i++) {
    let s = 0;
    const row = i * n;
    for (let j = 0; j <= i; j++) s += data[row + j] * w[j];
    out[i] += s;
  }
}

/** Writes L′x to `out`. */
function lowerTransposed({ rows: n, data }: Dense, x: Float64Array, out: Float64Array): void {
  out.fill(0);
  for (let i = 0; i < n; i++) {
    const xi = x[i], row = i * n;
    for (let j = 0; j <= i; j++) out[j] += data[row + j] * xi;
  }
}

function pick(from: Dense, rows: Int32Array, columns: Int32Array, out: Dense): void {
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] * from.columns;
    for (let j = 0; j < columns.length; j++) {
      out.data[i * columns.length + j] = from.data[row + columns[j]];
    }
  }
}

/** The entries of `x` at `indices`. */
export function columnsOf(x: Float64Array, indices: Int32Array): Float64Array {
  return Float64Array.from(indices, (i) => x[i]);
}

/** Inner product. */
export function inner(a: Float64Array, b: Float64Array): number {
  let s = 0;
  for (let i = 0; i < a.length; i++) s += a[i] * b[i];
  return s;
}
