// Covariance spectra of the Gaussian designs.

/**
 * How eigenvalues decay; the largest is always 1.
 * - `exponential`: λ_j = exp(−θ (j − 1))
 * - `polynomial`: λ_j = j^(−ω)
 * - `isotropic`: λ_j = 1, the control without structure
 */
export type Spectrum =
  | { readonly kind: "exponential"; readonly rate: number }
  | { readonly kind: "polynomial"; readonly exponent: number }
  | { readonly kind: "isotropic" };

/**
 * The eigenvalues λ_1 ≥ … ≥ λ_d of a design's covariance.
 *
 * @param dimension d, the ambient dimension, at least 1.
 */
export function eigenvalues(spectrum: Spectrum, dimension: number): Float64Array {
  if (!Number.isInteger(dimension) || dimension < 1) {
    throw new RangeError(`A design needs a dimension of at least 1, not ${dimension}`);
  }
  return Float64Array.from({ length: dimension }, (_, j) => {
    switch (spectrum.kind) {
      case "exponential":
        return Math.exp(-spectrum.rate * j);
      case "polynomial":
        return (j + 1) ** -spectrum.exponent;
      case "isotropic":
        return 1;
    }
  });
}
