// Labelled texts, and their parts for training, choosing and testing.

import type { Stream } from "../tensor/random.ts";

/** A text and its class. */
export interface LabelledText {
  readonly text: string;
  /** From 0. */
  readonly label: number;
  /** What it was taken from: texts of one group are never in two parts. @default its own group */
  readonly group?: string;
}

/** Parts of a task, in the order in which they are reported. */
export const TEXT_PARTS = ["train", "validation", "test"] as const;
export type TextPart = typeof TEXT_PARTS[number];

/** How texts are divided. */
export interface TextSplit {
  /** Texts of each part. */
  readonly sizes: Readonly<Record<TextPart, number>>;
  /** Most texts of one group, so that none dominates. @default no limit */
  readonly perGroup?: number;
}

const keyOf = (text: string) => text.toLowerCase().replace(/\s+/g, " ").trim();

/**
 * The texts without repetitions, which would leak between parts: of texts that differ in case or white
 * space only the first stays, and none where they have different labels.
 */
export function distinctTexts(texts: readonly LabelledText[]): LabelledText[] {
  const labels = new Map<string, Set<number>>();
  for (const { text, label } of texts) {
    const key = keyOf(text), known = labels.get(key);
    if (known) known.add(label);
    else labels.set(key, new Set([label]));
  }
  return texts.filter(({ text }) => {
    const key = keyOf(text), first = labels.get(key)?.size === 1;
    labels.delete(key);
    return first;
  });
}

/**
 * Parts of exact sizes. Groups are drawn in random order, each with at most `perGroup` of its texts,
 * also drawn; the last group of a part may give fewer.
 *
 * @param texts distinct ones.
 * @throws RangeError when there are too few texts.
 */
export function splitTexts(
  texts: readonly LabelledText[],
  { sizes, perGroup = Infinity }: TextSplit,
  stream: Stream,
): Record<TextPart, LabelledText[]> {
  const groups = new Map<string, LabelledText[]>();
  texts.forEach((text, i) => {
    // A number is no group's name where groups are named.
    const name = text.group ?? String(i), members = groups.get(name);
    if (members) members.push(text);
    else groups.set(name, [text]);
  });
  const all = [...groups.values()];
  const order = stream.child("groups").permutation(all.length);
  const members = stream.child("members");
  let next = 0;
  const draw = (part: TextPart) => {
    const drawn: LabelledText[] = [];
    while (drawn.length < sizes[part]) {
      if (next === all.length) {
        throw new RangeError(`${texts.length} texts are too few for ${sizes[part]} to ${part}`);
      }
      const group = all[order[next++]];
      const count = Math.min(perGroup, group.length, sizes[part] - drawn.length);
      drawn.push(...Array.from(members.choice(group.length, count), (i) => group[i]));
    }
    return drawn;
  };
  const test = draw("test"), validation = draw("validation");
  return { train: draw("train"), validation, test };
}
