/** The shape of OPTIMA's evaluation result: what `evaluate` writes and the verdict and report stages read. */

/**
 * Everything that the statistics and the figures need, and nothing else: losses and scores of each
 * student, training curves, the bandit's history and a few captioned images.
 *
 * Every number must be finite; a measure that was not taken is left out, not written as `null` or NaN.
 */
export interface Metrics {
  /** Replicate seeds, ascending, distinct. One seed fixes data order and student initialisation for all policies. */
  readonly seeds: readonly number[];
  /** Names of the conditions in reading order: `even`, `skew`, `wasted`. */
  readonly conditions: readonly string[];
  /** Names of the policies in reading order; `optima` first. See {@link POLICIES}. */
  readonly policies: readonly string[];
  /** Names of the arms by index: `image`, `text`, `multimodal`. */
  readonly arms: readonly string[];
  /**
   * The modules whose layer losses are averaged into `layer_loss`, by condition (in `wasted` the
   * trivially solved module does not count). Names of `arms`.
   */
  readonly modulesThatMatter: Readonly<Record<string, readonly string[]>>;
  /** One row for each (seed, condition, policy); all combinations present. */
  readonly table: readonly MetricRow[];
  /** Learning curves on held-out data; one for each (seed, condition, policy). */
  readonly curves: readonly Curve[];
  /** The history of choices; only for policies that choose one arm a pull (not `all`, `none`). */
  readonly pulls: readonly Pulls[];
  /** A few held-out images with captions by the teacher and by some students (of the first seed). */
  readonly samples: readonly Sample[];
  readonly teacher: TeacherSummary;
}

/** The measures of one student at the end of its training, on held-out data. */
export interface MetricRow {
  readonly seed: number;
  readonly condition: string;
  readonly policy: string;
  readonly metrics: MetricValues;
}

/** Numbers by name. The named fields are those that claims and figures refer to; more may be added. */
export interface MetricValues {
  /** Primary: mean held-out layer-wise MSE over the modules that matter, after all steps. Lower is better. */
  readonly layer_loss: number;
  /**
   * The same at OPTIMA's compute: read off the curve (linear interpolation) where the cumulative
   * training FLOPs equal the smaller of this student's total and that of OPTIMA's student of the same
   * seed and condition. The dearer of the two is thus read before its schedule ends.
   */
  readonly layer_loss_equal_flops?: number;
  /** OPTIMA's own loss at that same point: the other half of the comparison. */
  readonly optima_loss_equal_flops?: number;
  /** Held-out layer-wise MSE of each module. */
  readonly image_loss: number;
  readonly text_loss: number;
  readonly multimodal_loss: number;
  /** Retrieval recall at k, image to text, in [0, 1]. */
  readonly recall_i2t_1?: number;
  readonly recall_i2t_5?: number;
  readonly recall_i2t_10?: number;
  /** Retrieval recall at k, text to image, in [0, 1]. */
  readonly recall_t2i_1?: number;
  readonly recall_t2i_5?: number;
  readonly recall_t2i_10?: number;
  /** Held-out captioning cross-entropy, nats per token. */
  readonly caption_loss?: number;
  /** Share of held-out captions generated word for word, in [0, 1]. */
  readonly exact_match?: number;
  /** Sum of rewards over all pulls; bandit policies only. */
  readonly cumulative_reward?: number;
  /** Cumulative reward of the best fixed arm of the same seed and condition, minus this policy's. */
  readonly regret?: number;
  /** Training FLOPs in total. */
  readonly flops: number;
  /** Optimiser steps in total. */
  readonly steps?: number;
  readonly [name: string]: number | undefined;
}

/** Held-out losses during training; all arrays have the same length, `steps` ascending from 0. */
export interface Curve {
  readonly seed: number;
  readonly condition: string;
  readonly policy: string;
  /** Optimiser steps done. The same points for all curves of a condition. */
  readonly steps: readonly number[];
  /** Cumulative training FLOPs. */
  readonly flops: readonly number[];
  /** As `MetricValues.layer_loss`. */
  readonly layer_loss: readonly number[];
  readonly image_loss?: readonly number[];
  readonly text_loss?: readonly number[];
  readonly multimodal_loss?: readonly number[];
}

/** The choices of one run; `arms[t]` was distilled during pull t and earned `rewards[t]`. */
export interface Pulls {
  readonly seed: number;
  readonly condition: string;
  readonly policy: string;
  /** Indices into `Metrics.arms`. */
  readonly arms: readonly number[];
  /** Same length as `arms`. */
  readonly rewards: readonly number[];
}

/** One held-out image with its captions. */
export interface Sample {
  /** PNG as a data URI, or pixels: row-major RGB, 0..255, `size` × `size` × 3 numbers. */
  readonly image: string | { readonly size: number; readonly rgb: readonly number[] };
  /** The generated caption that belongs to the image. */
  readonly reference: string;
  readonly teacher: string;
  /** Caption by policy name; at least `optima`, `all`, `none`. */
  readonly students: Readonly<Record<string, string>>;
}

/** How the teacher learnt and how well it does on held-out data. */
export interface TeacherSummary {
  /** Training loss (contrastive + 2 × captioning), steps ascending. */
  readonly curve: readonly { readonly step: number; readonly loss: number }[];
  /** The teacher's held-out recalls, caption loss and exact match, under the names of `MetricValues`. */
  readonly metrics: Readonly<Record<string, number>>;
}
