/** What GLUE measures predictions by. */

/** Names of the measures. */
export type MeasureName = "accuracy" | "f1" | "matthews" | "pearson" | "spearman";

function sameLength(a: ArrayLike<number>, b: ArrayLike<number>): void {
  if (a.length !== b.length || a.length === 0) {
    throw new RangeError(`${a.length} predictions for ${b.length} labels`);
  }
}

/** Share of equal entries. */
export function accuracy(predicted: ArrayLike<number>, labels: ArrayLike<number>): number {
  sameLength(predicted, labels);
  let right = 0;
  for (let i = 0; i < labels.length; i++) if (predicted[i] === labels[i]) right++;
  return right / labels.length;
}

/** Counts of predictions 0 and 1 against labels 0 and 1. @throws RangeError for other classes. */
function confusion(predicted: ArrayLike<number>, labels: ArrayLike<number>) {
  sameLength(predicted, labels);
  const counts = [0, 0, 0, 0];
  for (let i = 0; i < labels.length; i++) {
    const at = 2 * labels[i] + predicted[i];
    const binary = (x: number) => x === 0 || x === 1;
    if (!binary(predicted[i]) || !binary(labels[i])) {
      throw new RangeError(`classes ${predicted[i]} and ${labels[i]} are not 0 or 1`);
    }
    counts[at]++;
  }
  const [trueNegative, falsePositive, falseNegative, truePositive] = counts;
  return { trueNegative, falsePositive, falseNegative, truePositive };
}

/** F1 of class 1; 0 where nothing is of class 1 and nothing is predicted to be. */
export function f1(predicted: ArrayLike<number>, labels: ArrayLike<number>): number {
  const { truePositive, falsePositive, falseNegative } = confusion(predicted, labels);
  const all = 2 * truePositive + falsePositive + falseNegative;
  return all === 0 ? 0 : 2 * truePositive / all;
}

/** Matthews' correlation of two classes; 0 where predictions or labels are all of one class. */
export function matthews(predicted: ArrayLike<number>, labels: ArrayLike<number>): number {
  const { trueNegative: tn, falsePositive: fp, falseNegative: fn, truePositive: tp } = confusion(
    predicted,
    labels,
  );
  const product = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn);
  return product === 0 ? 0 : (tp * tn - fp * fn) / Math.sqrt(product);
}

/** Pearson's correlation; NaN where one side does not vary. */
export function pearson(a: ArrayLike<number>, b: ArrayLike<number>): number {
  sameLength(a, b);
  const n = a.length;
  let meanA = 0, meanB = 0;
  for (let i = 0; i < n; i++) {
    meanA += a[i] / n;
    meanB += b[i] / n;
  }
  let ab = 0, aa = 0, bb = 0;
  for (let i = 0; i < n; i++) {
    const x = a[i] - meanA, y = b[i] - meanB;
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return ab / Math.sqrt(aa * bb);
}

/** Ranks from 1; equal values share the mean of their ranks. */
function ranks(values: ArrayLike<number>): Float64Array {
  const order = Array.from({ length: values.length }, (_, i) => i)
    .sort((i, k) => values[i] - values[k]);
  const found = new Float64Array(values.length);
  for (let start = 0; start < order.length;) {
    let end = start + 1;
    while (end < order.length && values[order[end]] === values[order[start]]) end++;
    for (let k = start; k < end; k++) found[order[k]] = (start + end + 1) / 2;
    start = end;
  }
  return found;
}

/** Spearman's correlation: Pearson's of the ranks. */
export function spearman(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return pearson(ranks(a), ranks(b));
}

/** The measures by their names. */
export const MEASURES = { accuracy, f1, matthews, pearson, spearman } as const;
