// Results of all cells, and the numbers of each seed that the claims are about.

import { slope } from "../stats/slope.ts";
import type { Studies } from "../stats/claims.ts";
import type { MetricScope } from "../stats/estimand.ts";
import type { Cell, KernelMethod, Outcome } from "./cell.ts";
import { fitScaling } from "./scaling.ts";

export type Method = "net" | KernelMethod;
export const STUDIES = [
  "dimension",
  "local",
  "classification",
  "intrinsic",
  "depth",
  "sparsity",
  "interchange",
] as const;
export type StudyName = typeof STUDIES[number];

/** What one method did on one cell of a study. */
export interface CellResult {
  readonly study: StudyName;
  /** Arm of the study: `filled` or `embedded` of `dimension`; else the study's name. */
  readonly arm: string;
  readonly method: Method;
  readonly cell: Cell;
  readonly outcomes: readonly Outcome[];
}

/** The scopes of all seeds of each study; see the functions below for the metrics. */
export function studiesOf(results: readonly CellResult[], seeds: readonly number[]): Studies {
  const scopes: Record<StudyName, (of: readonly SeedCell[]) => MetricScope> = {
    dimension,
    local,
    classification: (cells) => ({ slope: { n: slopeIn(cells, byN) } }),
    intrinsic: (cells) => ({
      slope: slopesOf(cells, ({ data: { shape } }) => `d${shape.kind === "torus" ? shape.d : 1}`),
    }),
    depth: (cells) => ({ slope: slopesOf(cells, ({ network }) => `L${network.L}`) }),
    sparsity,
    interchange: (cells) => ({
      log_error: Object.fromEntries(cells.map(({ cell: { network: { M, N } }, outcome }) => [
        M > N ? "wide" : M === N ? "square" : "deep",
        Math.log(outcome.error),
      ])),
    }),
  };
  return Object.fromEntries(STUDIES.map((study) => [
    study,
    {
      replicates: seeds.map((seed) => ({
        seed,
        scope: scopes[study](
          results.filter((r) => r.study === study).map((r) => ({
            ...r,
            outcome: outcomeOf(r, seed),
          })),
        ),
      })),
    },
  ]));
}

/** One cell's result for one seed. */
type SeedCell = CellResult & { readonly outcome: Outcome };

function outcomeOf({ study, arm, outcomes }: CellResult, seed: number): Outcome {
  const found = outcomes.find((outcome) => outcome.seed === seed);
  if (!found) throw new Error(`${study}, ${arm}: no outcome for seed ${seed}`);
  return found;
}

const byN = ({ n }: Cell) => n;
const byPaths = ({ network: { M, N } }: Cell) => M * N;

/** Slope of log `value` (the error by default) on the logarithm of `size` over the cells. */
function slopeIn(
  cells: readonly SeedCell[],
  size: (cell: Cell) => number,
  value: (outcome: Outcome) => number = ({ error }) => error,
): number {
  return slope(
    cells.map(({ cell }) => Math.log(size(cell))),
    cells.map(({ outcome }) => Math.log(value(outcome))),
  );
}

/** The slope of log error on log n of each group of cells. */
function slopesOf(cells: readonly SeedCell[], group: (cell: Cell) => string): MetricScope {
  return Object.fromEntries(
    [...grouped(cells, ({ cell }) => group(cell))].map(([name, own]) => [name, slopeIn(own, byN)]),
  );
}

function grouped<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const name = key(item), group = groups.get(name) ?? [];
    groups.set(name, group);
    group.push(item);
  }
  return groups;
}

/**
 * `b.<arm>.<method>`, `c.<arm>.<method>`: exponents of n and of D in log MSE = a + b log n + c log D.
 * `slope.<arm>.<D>.<method>`: the exponent of n at the `lowest` and the `highest` D.
 */
function dimension(cells: readonly SeedCell[]): MetricScope {
  const b: Record<string, Record<string, number>> = {};
  const c: Record<string, Record<string, number>> = {};
  const slopes: Record<string, Record<string, Record<string, number>>> = {};
  for (const [arm, ofArm] of grouped(cells, (r) => r.arm)) {
    [b[arm], c[arm], slopes[arm]] = [{}, {}, { lowest: {}, highest: {} }];
    const Ds = ofArm.map(({ cell }) => cell.data.D);
    const [low, high] = [Math.min(...Ds), Math.max(...Ds)];
    for (const [method, own] of grouped(ofArm, (r) => r.method)) {
      const fit = fitScaling(
        own.map(({ cell, outcome }) => ({ n: cell.n, D: cell.data.D, value: outcome.error })),
      );
      [b[arm][method], c[arm][method]] = [fit.b, fit.c];
      const at = (D: number) => slopeIn(own.filter(({ cell }) => cell.data.D === D), byN);
      [slopes[arm].lowest[method], slopes[arm].highest[method]] = [at(low), at(high)];
    }
  }
  return { b, c, slope: slopes };
}

/** `log_inside.<method>`, `log_outside.<method>`: errors inside and outside of the crowded tenth. */
function local(cells: readonly SeedCell[]): MetricScope {
  const part = (which: "inside" | "outside") =>
    Object.fromEntries(
      cells.map(({ method, outcome }) => [method, Math.log(outcome.local![which])]),
    );
  return { log_inside: part("inside"), log_outside: part("outside") };
}

/** Name of a decay in estimands: `none`, or `strong` for the largest and `mid` for others. */
export function decayName(decay: number, largest: number): string {
  return decay === 0 ? "none" : decay === largest ? "strong" : "mid";
}

/**
 * For each decay (`none`, `mid`, `strong`): `active.<decay>` and `participation.<decay>`, exponents of
 * MN in the number of active paths and in the participation ratio; `log_error.<decay>.most` and
 * `.fewest`, at the largest and the smallest MN.
 */
function sparsity(cells: readonly SeedCell[]): MetricScope {
  const largest = Math.max(...cells.map(({ cell }) => cell.decay));
  const active: Record<string, number> = {}, participation: Record<string, number> = {};
  const logs: Record<string, Record<string, number>> = {};
  for (const [name, own] of grouped(cells, ({ cell }) => decayName(cell.decay, largest))) {
    // A network of no use for its paths would have none; its logarithm is taken at one half.
    active[name] = slopeIn(own, byPaths, ({ paths }) => Math.max(paths!.active, 0.5));
    participation[name] = slopeIn(own, byPaths, ({ paths }) => paths!.participation);
    const bySize = own.toSorted((a, b) => byPaths(a.cell) - byPaths(b.cell));
    logs[name] = {
      fewest: Math.log(bySize[0].outcome.error),
      most: Math.log(bySize.at(-1)!.outcome.error),
    };
  }
  return { active, participation, log_error: logs };
}
