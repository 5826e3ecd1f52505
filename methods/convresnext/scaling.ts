// Exponents: least squares of a logarithm on logarithms.

/** One measured cell of a study: a positive value at some n and D. */
export interface Cell {
  readonly n: number;
  readonly D: number;
  readonly value: number;
}

/** Least squares log value = a + b log n + c log D. */
export interface ScalingFit {
  readonly a: number;
  /** Exponent of the number of examples. */
  readonly b: number;
  /** Exponent of the ambient dimension. */
  readonly c: number;
}

/**
 * Fits b and c together over the cells of one replicate. On a full grid of n and D they are the
 * slopes of the two marginal means.
 * @throws RangeError when n or D takes one value only, or a value is not positive
 */
export function fitScaling(cells: readonly Cell[]): ScalingFit {
  const centre = (values: number[]) => {
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    return { mean, rest: values.map((v) => v - mean) };
  };
  if (cells.some(({ value }) => !(value > 0))) throw new RangeError("values must be positive");
  const x = centre(cells.map(({ n }) => Math.log(n)));
  const z = centre(cells.map(({ D }) => Math.log(D)));
  const y = centre(cells.map(({ value }) => Math.log(value)));
  const dot = (a: readonly number[], b: readonly number[]) =>
    a.reduce((s, v, i) => s + v * b[i], 0);
  const xx = dot(x.rest, x.rest), zz = dot(z.rest, z.rest), xz = dot(x.rest, z.rest);
  const determinant = xx * zz - xz * xz;
  if (!(determinant > 1e-9 * xx * zz)) {
    throw new RangeError("n and D must each take several values");
  }
  const xy = dot(x.rest, y.rest), zy = dot(z.rest, y.rest);
  const b = (xy * zz - zy * xz) / determinant, c = (zy * xx - xy * xz) / determinant;
  return { a: y.mean - b * x.mean - c * z.mean, b, c };
}
