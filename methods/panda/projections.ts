/** The three proximal steps of the ADMM: soft threshold, slab of variable width, second-order cone. */

/** Soft threshold of each entry at `width`; in place. The proximal map of `width · ‖·‖₁`. */
export function softThreshold(x: Float64Array, width: number): void {
  for (let i = 0; i < x.length; i++) {
    const xi = x[i];
    x[i] = xi > width ? xi - width : xi < -width ? xi + width : 0;
  }
}

/** Clips each entry of z to `centre ± half`; in place. */
export function clipToSlab(z: Float64Array, centre: Float64Array, half: number): void {
  for (let i = 0; i < z.length; i++) {
    const e = z[i] - centre[i];
    if (e > half) z[i] = centre[i] + half;
    else if (e < -half) z[i] = centre[i] - half;
  }
}

/**
 * Projects (z, t) on the set |z_i − centre_i| ≤ a (t + 1), t ≥ −1: the polyhedral cone of eq. 5's first
 * constraint. z is changed in place; returns the new t.
 *
 * With r = t + 1 and excesses e = |z − centre|, the projection minimises
 * (r − t₀ − 1)² + Σ (e_i − a r)₊². Its derivative is increasing, piecewise linear and concave in r, so
 * that Newton's method from the left reaches the root in as many steps as there are active sets to
 * pass, without sorting.
 */
export function projectOnSlabCone(
  z: Float64Array,
  t: number,
  centre: Float64Array,
  a: number,
): number {
  let r = t + 1, active = -1;
  for (;;) {
    let sum = t + 1, count = 0;
    const half = a * r;
    for (let i = 0; i < z.length; i++) {
      const e = Math.abs(z[i] - centre[i]);
      if (e > half) {
        sum += a * e;
        count++;
      }
    }
    const next = sum / (1 + a * a * count);
    if (count === active || !(next > r)) break;
    r = next;
    active = count;
  }
  r = Math.max(r, 0);
  clipToSlab(z, centre, a * r);
  return r - 1;
}

/** Projects (z, t) on the cone ‖z‖ ≤ t. z is changed in place; returns the new t. */
export function projectOnCone(z: Float64Array, t: number): number {
  let square = 0;
  for (const zi of z) square += zi * zi;
  const norm = Math.sqrt(square);
  if (norm <= t) return t;
  const scale = norm <= -t ? 0 : (1 + t / norm) / 2;
  for (let i = 0; i < z.length; i++) z[i] *= scale;
  return scale * norm;
}
