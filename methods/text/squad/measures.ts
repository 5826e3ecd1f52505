/** How SQuAD compares answers: exact match and F1 over words, after its own normalisation. */

/** Whole words, also beside letters that are not ASCII. */
const ARTICLES = /(?<![\p{L}\p{N}_])(a|an|the)(?![\p{L}\p{N}_])/gu;
const PUNCTUATION = /[!"#$%&'()*+,\-./:;<=>?@[\\\]^_`{|}~]/g;

/** Lower case, without ASCII punctuation, articles and surplus spaces (the official script's). */
export function normaliseAnswer(text: string): string {
  return text.toLowerCase().replace(PUNCTUATION, "").replace(ARTICLES, " ")
    .split(/\s+/).filter((word) => word !== "").join(" ");
}

/** 1 if both are the same after normalisation, else 0. */
export function exactMatch(predicted: string, answer: string): number {
  return Number(normaliseAnswer(predicted) === normaliseAnswer(answer));
}

/** F1 of the words that both have; where one of them is empty, 1 if both are. */
export function answerF1(predicted: string, answer: string): number {
  const words = (text: string) => normaliseAnswer(text).split(" ").filter((word) => word !== "");
  const a = words(predicted), b = words(answer);
  if (a.length === 0 || b.length === 0) return Number(a.length === b.length);
  const left = new Map<string, number>();
  for (const word of b) left.set(word, (left.get(word) ?? 0) + 1);
  let common = 0;
  for (const word of a) {
    const count = left.get(word) ?? 0;
    if (count === 0) continue;
    left.set(word, count - 1);
    common++;
  }
  return common === 0 ? 0 : 2 * common / (a.length + b.length);
}

/** The best over a question's answers; of an unanswerable one (none) the answer is the empty text. */
export function scoreAnswer(
  predicted: string,
  answers: readonly string[],
): { exact: number; f1: number } {
  const gold = answers.filter((answer) => normaliseAnswer(answer) !== "");
  const all = gold.length === 0 ? [""] : gold;
  return {
    exact: Math.max(...all.map((answer) => exactMatch(predicted, answer))),
    f1: Math.max(...all.map((answer) => answerF1(predicted, answer))),
  };
}
