/** Gene expression data: reading, the paper's filters, and stratified splits. */

import type { Stream } from "../tensor/random.ts";
import { type Dense, zeros } from "../linear_algebra/dense.ts";

/** Samples with their classes. */
export interface Expression {
  /** Class of each sample. */
  readonly classes: readonly string[];
  /** Names of the genes. */
  readonly genes: readonly string[];
  /** Samples × genes. */
  readonly values: Dense;
  /** Values that were missing; they hold the mean of their gene. */
  readonly imputed: number;
}

/**
 * Reads CSV with a header: sample, class, then genes. An empty value is missing and gets the mean of
 * its gene over all samples, whatever their class.
 *
 * @throws RangeError naming the line when values are too few, too many, or not numbers.
 */
export function parseExpression(text: string): Expression {
  const [header, ...lines] = text.trim().split("\n").map((line) => line.split(","));
  const genes = header.slice(2);
  const values = zeros(lines.length, genes.length);
  lines.forEach((cells, i) => {
    if (cells.length !== genes.length + 2) {
      throw new RangeError(
        `line ${i + 2} has ${cells.length - 2} values for ${genes.length} genes`,
      );
    }
    for (let j = 0; j < genes.length; j++) {
      const cell = cells[j + 2], value = cell === "" ? NaN : Number(cell);
      if (cell !== "" && !Number.isFinite(value)) {
        throw new RangeError(`line ${i + 2}: "${cell}" is not a number`);
      }
      values.data[i * genes.length + j] = value;
    }
  });
  return { classes: lines.map((cells) => cells[1]), genes, values, imputed: impute(values) };
}

function impute({ rows, columns, data }: Dense): number {
  let count = 0;
  for (let j = 0; j < columns; j++) {
    let sum = 0, known = 0;
    for (let i = 0; i < rows; i++) {
      const value = data[i * columns + j];
      if (!Number.isNaN(value)) {
        sum += value;
        known++;
      }
    }
    for (let i = 0; i < rows; i++) {
      if (!Number.isNaN(data[i * columns + j])) continue;
      data[i * columns + j] = known === 0 ? 0 : sum / known;
      count++;
    }
  }
  return count;
}

/** Genes whose variance over all samples lies between its first and its fifth sixth (section 5.3). */
export function middleVariance(values: Dense, parts = 6): Int32Array {
  const { rows, columns, data } = values;
  const variances = Float64Array.from({ length: columns }, (_, j) => {
    let sum = 0, square = 0;
    for (let i = 0; i < rows; i++) sum += data[i * columns + j];
    const mean = sum / rows;
    for (let i = 0; i < rows; i++) square += (data[i * columns + j] - mean) ** 2;
    return square / (rows - 1);
  });
  const sorted = variances.toSorted();
  const quantile = (q: number) => {
    const at = q * (columns - 1), low = Math.floor(at);
    return sorted[low] + (at - low) * (sorted[Math.min(low + 1, columns - 1)] - sorted[low]);
  };
  const least = quantile(1 / parts), most = quantile(1 - 1 / parts);
  return Int32Array.from(
    variances.keys().filter((j) => variances[j] >= least && variances[j] <= most),
  );
}

/** Rows of each class in three disjoint parts. */
export interface Split {
  /** For each class, the samples to train on. */
  readonly train: readonly Int32Array[];
  readonly validation: readonly Int32Array[];
  readonly test: readonly Int32Array[];
}

/**
 * Splits each class at random; `shares` of validation and test are rounded up to at least one sample,
 * the rest is trained on.
 */
export function stratifiedSplit(
  classes: readonly string[],
  names: readonly string[],
  shares: { readonly validation: number; readonly test: number },
  random: Stream,
): Split {
  const parts = names.map((name) => {
    const members = [...classes.keys()].filter((i) => classes[i] === name);
    const order = random.child(name).permutation(members.length);
    const shuffled = Int32Array.from(order, (i) => members[i]);
    const count = (share: number) => Math.max(1, Math.round(share * members.length));
    const validation = count(shares.validation), test = count(shares.test);
    return {
      validation: shuffled.slice(0, validation),
      test: shuffled.slice(validation, validation + test),
      train: shuffled.slice(validation + test),
    };
  });
  return {
    train: parts.map((part) => part.train),
    validation: parts.map((part) => part.validation),
    test: parts.map((part) => part.test),
  };
}

/**
 * The `count` genes among `candidates` that separate the training classes best, by the F statistic of
 * one-way analysis of variance; for two classes it is the square of the two-sample t that the paper
 * uses. Ties go to the earlier gene.
 */
export function screen(
  values: Dense,
  train: readonly Int32Array[],
  candidates: Int32Array,
  count: number,
): Int32Array {
  const { columns, data } = values;
  const total = train.reduce((sum, part) => sum + part.length, 0);
  const statistic = Float64Array.from(candidates, (j) => {
    let all = 0;
    const means = train.map((part) => {
      let sum = 0;
      for (const i of part) sum += data[i * columns + j];
      all += sum;
      return sum / part.length;
    });
    let between = 0, within = 0;
    train.forEach((part, k) => {
      between += part.length * (means[k] - all / total) ** 2;
      for (const i of part) within += (data[i * columns + j] - means[k]) ** 2;
    });
    return within === 0 ? 0 : (between / (train.length - 1)) / (within / (total - train.length));
  });
  const order = [...statistic.keys()].sort((a, b) => statistic[b] - statistic[a] || a - b);
  return Int32Array.from(order.slice(0, count), (k) => candidates[k]).sort();
}

/** Some samples and genes, in the orders given. */
export function part(values: Dense, samples: Int32Array, genes: Int32Array): Dense {
  const out = zeros(samples.length, genes.length);
  for (let i = 0; i < samples.length; i++) {
    for (let j = 0; j < genes.length; j++) {
      out.data[i * genes.length + j] = values.data[samples[i] * values.columns + genes[j]];
    }
  }
  return out;
}
