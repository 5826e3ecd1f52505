/** Questions as windows over their contexts, answers as tokens of them, and scores as answers again. */

import type { Subword, Subwords } from "../subwords.ts";
import type { Sequence } from "../sequences.ts";
import type { Question } from "./read.ts";

/** [CLS] question [SEP] part of the context [SEP]. */
export interface Window {
  readonly sequence: Sequence;
  /** Token of the sequence at which the context begins, and its pieces in this window. */
  readonly first: number;
  readonly pieces: readonly Subword[];
  /** Tokens of the first answer, both included; 0 and 0, the mark [CLS], where it is not whole in here. */
  readonly start: number;
  readonly end: number;
}

/** Lengths in tokens. The published runs have 384, 128 and 64. */
export interface WindowOptions {
  readonly longest: number;
  /** How far two windows overlap. */
  readonly stride: number;
  readonly longestQuestion?: number;
}

/** The windows of a question, one after another until its context ends. */
export function windowsOf(
  { question, context, answers: [answer] }: Question,
  { marks, ids, places }: Subwords,
  { longest, stride, longestQuestion = 64 }: WindowOptions,
): Window[] {
  const asked = ids(question).slice(0, longestQuestion), all = places(context);
  const first = asked.length + 2, room = longest - first - 1;
  if (room <= stride) {
    throw new RangeError(`windows of ${longest} tokens cannot overlap by ${stride}`);
  }
  const windows: Window[] = [];
  for (let at = 0;; at += room - stride) {
    const pieces = all.slice(at, at + room);
    const inside = (character: number) =>
      pieces.findIndex(({ start, end }) => start <= character && character < end);
    const from = answer ? inside(answer.start) : -1;
    const to = answer
      ? pieces.findLastIndex(({ start, end }) => {
        const last = answer.start + answer.text.trimEnd().length - 1;
        return start <= last && last < end;
      })
      : -1;
    const whole = from >= 0 && to >= from;
    windows.push({
      sequence: {
        ids: [marks.begin, ...asked, marks.end, ...pieces.map(({ id }) => id), marks.end],
        second: first,
      },
      first,
      pieces,
      start: whole ? first + from : 0,
      end: whole ? first + to : 0,
    });
    if (at + room >= all.length) return windows;
  }
}

/** Scores of each token of a window as the answer's first and last. */
export interface SpanScores {
  readonly start: ArrayLike<number>;
  readonly end: ArrayLike<number>;
}

/** What of a window answers are read with. */
export interface ScoredWindow {
  readonly first: number;
  readonly pieces: readonly Pick<Subword, "start" | "end">[];
}

/** An answer with the sum of its scores. */
export interface Candidate {
  readonly text: string;
  readonly score: number;
}

/** Settings of {@link bestAnswers}; the defaults are those of the published scripts. */
export interface DecodeOptions {
  /** Starts and ends that are looked at in each window. @default 20 */
  readonly best?: number;
  /** Tokens. @default 30 */
  readonly longestAnswer?: number;
}

/**
 * The best answers of a question, highest first, one of each text; and the score of there being none,
 * the least over its windows.
 */
export function bestAnswers(
  context: string,
  windows: readonly ScoredWindow[],
  scores: readonly SpanScores[],
  { best = 20, longestAnswer = 30 }: DecodeOptions = {},
): { answers: Candidate[]; none: number } {
  const found = new Map<string, number>();
  let none = Infinity;
  windows.forEach(({ first, pieces }, w) => {
    const { start, end } = scores[w];
    none = Math.min(none, start[0] + end[0]);
    const top = (values: ArrayLike<number>) =>
      pieces.map((_, i) => i).sort((a, b) => values[first + b] - values[first + a]).slice(0, best);
    const ends = top(end);
    for (const from of top(start)) {
      for (const to of ends) {
        if (to < from || to - from + 1 > longestAnswer) continue;
        const text = context.slice(pieces[from].start, pieces[to].end);
        const score = start[first + from] + end[first + to];
        if (score > (found.get(text) ?? -Infinity)) found.set(text, score);
      }
    }
  });
  const answers = [...found].map(([text, score]) => ({ text, score }))
    .sort((a, b) => b.score - a.score).slice(0, best);
  return { answers, none };
}
