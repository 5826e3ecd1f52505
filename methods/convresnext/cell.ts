// One cell of a study: one kind of data, one size, one network, one decay; a replicate for each seed.

import { activePaths, deletionCurves } from "./active_paths.ts";
import { degreesOfFreedom, excessLogisticRisk, meanSquaredError } from "./errors.ts";
import { gaussianProcess, type KernelFit, kernelRidge, predictKernel } from "./kernel_methods.ts";
import { type Architecture, unstackParameters } from "./network.ts";
import { balancedPenalty, layerNorms, participationRatio } from "./path_norms.ts";
import { predict } from "./predict.ts";
import { type DataSpec, draw, type Drawn } from "./sample.ts";
import { type Execution, type TrainingPlan, trainReplicates } from "./train.ts";

/** The samples of a cell. */
export interface SampleCell {
  readonly data: DataSpec;
  /** n, training examples. */
  readonly n: number;
  readonly testPoints: number;
  /** Places [low, high) of the curve whose error is taken apart from the rest; null for none. */
  readonly crowd: readonly [number, number] | null;
  readonly seeds: readonly number[];
}

/** What a cell is made of. */
export interface Cell extends SampleCell {
  /** Sizes of the network but D, which is the data's. */
  readonly network: Omit<Architecture, "D">;
  readonly training: Omit<TrainingPlan, "risk">;
  /** λ₁ and λ₂. */
  readonly decay: number;
}

/** What is measured of one replicate. */
export interface Outcome {
  readonly seed: number;
  /** Mean squared error against the truth (`squared`) or excess logistic risk (`logistic`). */
  readonly error: number;
  /** MSE at places inside and outside of the crowd; null without one. */
  readonly local: { readonly inside: number; readonly outside: number } | null;
  /** Effective degrees of freedom, see errors.ts; null for labels. */
  readonly degrees: number | null;
  /** Of a network: paths that are needed, and the participation ratio of balanced penalties. */
  readonly paths: { readonly active: number; readonly participation: number } | null;
}

/** Largest change of predictions, relative to their spread, that is not noticed: the 1 % of the claim. */
export const NOTICEABLE = 0.01;
/** Test points at which deletions are tried. */
const DELETION_POINTS = 256;
/** Further noisy examples on which ridge regression is tuned; the networks get none. */
export const VALIDATION_POINTS = 256;

/** Trains the networks of all seeds together and measures each. */
export async function runNetworks(cell: Cell, execution: Execution): Promise<Outcome[]> {
  const { data, n, network, training, decay, seeds } = cell;
  const architecture = { ...network, D: data.D };
  const train = seeds.map((seed) => draw(data, seed, "train", n));
  const test = seeds.map((seed) => draw(data, seed, "test", cell.testPoints));
  const { parameters } = await trainReplicates(
    architecture,
    { ...training, batch: Math.min(training.batch, n), risk: data.risk },
    seeds.map((seed, i) => ({
      x: train[i].x,
      y: train[i].y,
      seed,
      decay: { paths: decay, out: decay },
    })),
    execution,
  );
  const predicted = await predict(architecture, parameters, test.map(({ x }) => x), execution);
  const fitted = await predict(architecture, parameters, train.map(({ x }) => x), execution);
  const networks = unstackParameters(parameters);
  const curves = await deletionCurves(
    architecture,
    networks,
    test.map(({ x }) => x.slice(0, DELETION_POINTS * data.D)),
    execution,
  );
  return seeds.map((seed, i) => {
    const penalties = layerNorms(architecture, networks[i]).flat().map(balancedPenalty);
    return {
      ...measure(cell, seed, { predicted: predicted[i], fitted: fitted[i] }, test[i], train[i]),
      paths: {
        active: activePaths(curves[i], NOTICEABLE),
        participation: participationRatio(penalties),
      },
    };
  });
}

/** The baselines of App. B that the claims name. */
export const KERNEL_METHODS = ["krr", "gp"] as const;
export type KernelMethod = typeof KERNEL_METHODS[number];

/** Fits one baseline to each seed's sample: RBF ridge regression, or a Matérn Gaussian process. */
export function runKernelMethod(
  method: KernelMethod,
  cell: SampleCell,
  onSeed: (done: number) => void = () => {},
): Outcome[] {
  const { data, n, seeds } = cell;
  return seeds.map((seed, i) => {
    const train = draw(data, seed, "train", n), test = draw(data, seed, "test", cell.testPoints);
    const fit: KernelFit = method === "krr"
      ? kernelRidge("rbf", data.D, train, draw(data, seed, "validation", VALIDATION_POINTS))
      : gaussianProcess("matern", data.D, train);
    const predictions = {
      predicted: predictKernel(fit, test.x),
      fitted: predictKernel(fit, train.x),
    };
    onSeed(i + 1);
    return { ...measure(cell, seed, predictions, test, train), paths: null };
  });
}

function measure(
  { data, crowd }: SampleCell,
  seed: number,
  { predicted, fitted }: { predicted: ArrayLike<number>; fitted: ArrayLike<number> },
  test: Drawn,
  train: Drawn,
): Omit<Outcome, "paths"> {
  const { truth, place } = test;
  const crowded = (i: number) => crowd !== null && place[i] >= crowd[0] && place[i] < crowd[1];
  return {
    seed,
    error: data.risk === "squared"
      ? meanSquaredError(predicted, truth)
      : excessLogisticRisk(predicted, truth),
    local: crowd && {
      inside: meanSquaredError(predicted, truth, crowded),
      outside: meanSquaredError(predicted, truth, (i) => !crowded(i)),
    },
    degrees: data.risk === "squared" ? degreesOfFreedom(fitted, train.y, train.truth) : null,
  };
}
