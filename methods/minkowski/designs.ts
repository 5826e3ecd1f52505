// The designs of the experiment, by the names that claims and presets use.

import type { Spectrum } from "./spectrum.ts";

/** A Gaussian design: how its eigenvalues decay, and in how many dimensions. */
export interface Design {
  readonly spectrum: Spectrum;
  /** d, the ambient dimension. */
  readonly dimension: number;
}

const exponential = (rate: number, dimension: number): Design => ({
  spectrum: { kind: "exponential", rate },
  dimension,
});
const polynomial = (exponent: number): Design => ({
  spectrum: { kind: "polynomial", exponent },
  dimension: 64,
});
const isotropic = (dimension: number): Design => ({ spectrum: { kind: "isotropic" }, dimension });

/** All designs. Names are words of metrics in claims.yaml. */
export const DESIGNS = {
  exp_quarter_d16: exponential(0.25, 16),
  exp_half_d16: exponential(0.5, 16),
  exp1_d16: exponential(1, 16),
  exp2_d16: exponential(2, 16),
  exp4_d16: exponential(4, 16),
  exp1_d64: exponential(1, 64),
  exp1_d256: exponential(1, 256),
  poly2_d64: polynomial(2),
  poly4_d64: polynomial(4),
  poly8_d64: polynomial(8),
  iso_d4: isotropic(4),
  iso_d8: isotropic(8),
  iso_d16: isotropic(16),
} as const satisfies Record<string, Design>;

/** The name of a design. */
export type DesignName = keyof typeof DESIGNS;
export const DESIGN_NAMES = Object.keys(DESIGNS) as DesignName[];

/** θ rising at d = 16: what the ordering of slopes and the pooled regression are taken over. */
export const BY_RATE: readonly DesignName[] = [
  "exp_quarter_d16",
  "exp_half_d16",
  "exp1_d16",
  "exp2_d16",
  "exp4_d16",
];

/** The controls without a spectrum. */
export const ISOTROPIC: readonly DesignName[] = ["iso_d4", "iso_d8", "iso_d16"];
