/**
 * Solves one programme to a proven gap: ADMM on a working set of coordinates and constraints, which
 * grows by whatever the duality gap of the whole problem blames, and all coordinates as the last resort.
 */

import { admm } from "./admm.ts";
import { type Certificate, certify, type Iterate, type Programme } from "./programme.ts";
import { WorkingSystem } from "./system.ts";

/** A solution with its proof. */
export interface Solution extends Iterate {
  readonly certificate: Certificate;
  /** Penalty, for a warm start. */
  readonly rho: number;
  /** ADMM steps over all rounds. */
  readonly steps: number;
  /** Working sets that were tried. */
  readonly rounds: number;
}

/** How exact a solution must be. */
export interface SolveOptions {
  /** Largest relative duality gap, and relative violation of the slab. @default 1e-4 */
  readonly gap?: number;
  /** ADMM steps in all. @default 20_000 */
  readonly maxSteps?: number;
}

/** Coordinates and constraints this close to binding are in the first working set. */
const FIRST_NEAR = Number(Deno.env.get('N1')??0.8), LATER_NEAR = Number(Deno.env.get('N2')??0.97);
const FIRST_TOLERANCE = 1e-4;

/** Solves `programme` from `start`, e.g. the solution of a neighbouring one. */
export function solve(
  programme: Programme,
  start: Iterate & { readonly rho?: number },
  { gap = 1e-4, maxSteps = 20_000 }: SolveOptions = {},
): Solution {
  let current: Iterate & { readonly rho: number } = { rho: 1, ...start };
  let certificate = certify(programme, current);
  let columns = new Set<number>(), rows = new Set<number>();
  let tolerance = FIRST_TOLERANCE, steps = 0, rounds = 0;
  let system: WorkingSystem | null = null;
  while ((certificate.gap > gap || certificate.violation > gap) && steps < maxSteps) {
    const grown = grow(programme, current, certificate, columns, rows, rounds === 0);
    if (grown || system === null) {
      system = new WorkingSystem(programme, sortedArray(columns), sortedArray(rows));
    } else {
      tolerance /= 4;
    }
    const result = admm(programme, system, current, { tolerance, maxSteps: maxSteps - steps });
    steps += result.steps;
    rounds++;
    current = result;
    certificate = certify(programme, current);
  }
  return { ...current, certificate, steps, rounds };
}

/** Adds what is near its bound; says whether anything was. */
function grow(
  { slack, budget }: Programme,
  { beta, y }: Iterate,
  { residual, correlation, tau }: Certificate,
  columns: Set<number>,
  rows: Set<number>,
  first: boolean,
): boolean {
  const before = columns.size + rows.size;
  const near = first ? FIRST_NEAR : LATER_NEAR;
  const half = slack * (tau + 1);
  for (let j = 0; j < beta.length; j++) {
    if (beta[j] !== 0 || Math.abs(correlation[j]) > near) columns.add(j);
    if (y[j] !== 0 || Math.abs(residual[j]) > near * half) {
      rows.add(j);
      // Without τ to widen the slab, a constraint needs a coordinate that can satisfy it.
      if (budget.kind !== "cone") columns.add(j);
    }
  }
  return columns.size + rows.size > before;
}

function sortedArray(set: Set<number>): Int32Array {
  return Int32Array.from(set).sort();
}
