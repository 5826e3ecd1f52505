// What a development set comes to, by the measures of its task.

import { MEASURES } from "../text/glue/measures.ts";
import { scoreAnswer } from "../text/squad/measures.ts";
import { bestAnswers, type ScoredWindow, type SpanScores } from "../text/squad/windows.ts";
import type { BenchmarkTask, LabelledSequences, SpanQuestions } from "./task.ts";

/** Outputs of some texts, one after another; of spans start and end logits of all places. */
export interface Outputs {
  /** Numbers of one text. */
  readonly each: number;
  readonly values: Float32Array;
}

const rowOf = ({ each, values }: Outputs, i: number) => values.subarray(i * each, (i + 1) * each);

/** −log softmax(logits)[label]. */
function entropy(logits: Float32Array, label: number): number {
  const top = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  return top - logits[label] + Math.log(logits.reduce((sum, x) => sum + Math.exp(x - top), 0));
}

/** Mean over texts of what is minimised in training, in float64; see `taskLoss`. */
export function lossOf(
  { goal }: Pick<BenchmarkTask, "goal">,
  { labels }: LabelledSequences,
  outputs: Outputs,
): number {
  const count = labels.shape[0], half = outputs.each / 2;
  const one = (i: number): number => {
    const row = rowOf(outputs, i);
    if (goal.kind === "score") return (row[0] - Number(labels.data[i])) ** 2;
    if (goal.kind === "classes") return entropy(row, Number(labels.data[i]));
    const [start, end] = [Number(labels.data[2 * i]), Number(labels.data[2 * i + 1])];
    return (entropy(row.subarray(0, half), start) + entropy(row.subarray(half), end)) / 2;
  };
  let sum = 0;
  for (let i = 0; i < count; i++) sum += one(i);
  return sum / count;
}

/** Of equal logits the first counts. */
function largest(values: Float32Array): number {
  let best = 0;
  values.forEach((value, i) => {
    if (value > values[best]) best = i;
  });
  return best;
}

/**
 * Scores of one development set in percent, in the order of the task's measures; a correlation that is not
 * defined, since all outputs are equal, counts as 0.
 *
 * @throws RangeError when an output is not finite: the model has diverged.
 */
export function scoresOf(
  { goal, measures, spans }: BenchmarkTask,
  part: LabelledSequences,
  outputs: Outputs,
): number[] {
  const wrong = outputs.values.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) {
    const text = Math.floor(wrong / outputs.each);
    throw new RangeError(`outputs of text ${text} are not finite: the model has diverged`);
  }
  if (measures.length === 0) return [];
  if (goal.kind === "span") return spanScores(spans!, part, outputs);
  const values = part.labels.data as Int32Array;
  const predicted = Float64Array.from(
    values,
    (_, i) => goal.kind === "score" ? rowOf(outputs, i)[0] : largest(rowOf(outputs, i)),
  );
  return measures.map((measure) => {
    const value = MEASURES[measure as keyof typeof MEASURES](predicted, values);
    return Number.isNaN(value) ? 0 : 100 * value;
  });
}

/** EM and F1, means over questions. An answer may be empty if some question of the set has none. */
function spanScores(
  { questions, questionOf, first, places }: SpanQuestions,
  { texts: { starts } }: LabelledSequences,
  outputs: Outputs,
): number[] {
  const withNone = questions.some(({ answers }) => answers.length === 0);
  const length = outputs.each / 2, spots = places.data as Int32Array;
  const windowsOf = questions.map((): { window: ScoredWindow; scores: SpanScores }[] => []);
  let at = 0;
  (questionOf.data as Int32Array).forEach((question, w) => {
    const begin = Number(first.data[w]);
    // Behind the context stands one mark.
    const count = starts[w + 1] - starts[w] - begin - 1;
    const pieces = Array.from({ length: count }, () => ({
      start: spots[2 * at],
      end: spots[2 * at++ + 1],
    }));
    const row = rowOf(outputs, w);
    windowsOf[question].push({
      window: { first: begin, pieces },
      scores: { start: row.subarray(0, length), end: row.subarray(length) },
    });
  });
  let exact = 0, f1 = 0;
  questions.forEach(({ context, answers }, q) => {
    const { answers: [best], none } = bestAnswers(
      context,
      windowsOf[q].map(({ window }) => window),
      windowsOf[q].map(({ scores }) => scores),
    );
    const text = !best || (withNone && none > best.score) ? "" : best.text;
    const score = scoreAnswer(text, answers);
    exact += score.exact;
    f1 += score.f1;
  });
  return [100 * exact / questions.length, 100 * f1 / questions.length];
}
