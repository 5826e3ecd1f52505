/** Captions of emoji: names and keywords of the Unicode CLDR as emojibase publishes them. */

import { z } from "zod";
import type { Stream } from "../tensor/random.ts";
import { plainHexcode } from "./emoji_concept.ts";

const entrySchema = z.object({
  hexcode: z.string().regex(/^[0-9A-Fa-f]+(-[0-9A-Fa-f]+)*$/),
  label: z.string().min(1),
  tags: z.array(z.string()).default([]),
  group: z.int().min(0).optional(),
  order: z.int().optional(),
});
const dataSchema = z.array(entrySchema.extend({ skins: z.array(entrySchema).default([]) })).min(1);
const groupsSchema = z.object({ groups: z.record(z.string().regex(/^\d+$/), z.string()) });

/** One emoji with its texts. */
export interface EmojiText {
  /** See `plainHexcode`. */
  readonly hexcode: string;
  /** CLDR short name, normalised. */
  readonly label: string;
  /** CLDR keywords, normalised, distinct, without the label itself. */
  readonly tags: readonly string[];
  /** Name of the CLDR group, e.g. `animals-nature`. */
  readonly group: string;
  /** Hexcode of the emoji that this one is a skin tone variant of, else its own. */
  readonly base: string;
}

/**
 * Puts a caption into the one form that captions have: lower case, no accents, plain quotes, and no
 * punctuation that only separates (`family: man, boy` becomes `family man boy`).
 */
export function normalizeCaption(text: string): string {
  return text.normalize("NFD").replace(/\p{M}+/gu, "").toLowerCase()
    .replace(/[’‘]/g, "'").replace(/[–−]/g, "-").replace(/[“”":,;()]/g, " ")
    .replace(/\s+/g, " ").trim();
}

/**
 * Reads `en/data.json` and `meta/groups.json` of emojibase-data.
 *
 * @param data Text of `en/data.json`.
 * @param groups Text of `meta/groups.json`.
 * @returns Emoji that belong to a group, in CLDR order, each followed by its skin tone variants.
 * @throws Error naming the file and the field when a file has another structure.
 */
export function parseEmojiTexts(data: string, groups: string): EmojiText[] {
  const names = parse("meta/groups.json", groupsSchema, groups).groups;
  const texts: EmojiText[] = [];
  const entries = parse("en/data.json", dataSchema, data);
  entries.sort((a, b) => (a.order ?? 0) - (b.order ?? 0));
  for (const entry of entries) {
    // Without a group: the letters that flags are composed of, which no vendor draws as emoji.
    if (entry.group === undefined) continue;
    const group = names[String(entry.group)];
    if (group === undefined) {
      throw new Error(`meta/groups.json names no group ${entry.group} (of ${entry.hexcode})`);
    }
    const base = plainHexcode(entry.hexcode);
    for (const { hexcode, label, tags } of [entry, ...entry.skins]) {
      const name = normalizeCaption(label);
      texts.push({
        hexcode: plainHexcode(hexcode),
        label: name,
        tags: [...new Set(tags.map(normalizeCaption))].filter((tag) => tag !== "" && tag !== name),
        group,
        base,
      });
    }
  }
  return texts;
}

function parse<S extends z.ZodType>(file: string, schema: S, text: string): z.output<S> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`emojibase-data: ${file} is no JSON (${(error as Error).message})`);
  }
  const result = schema.safeParse(value);
  if (!result.success) {
    const { path, message } = result.error.issues[0];
    throw new Error(`emojibase-data: ${file} at ${path.join(".")}: ${message}`);
  }
  return result.data;
}

/**
 * Further captions made of keywords: the tags in random order, some at a time.
 *
 * @param text The emoji.
 * @param options.count At most so many captions.
 * @param options.tagsEach Keywords in each caption.
 * @param options.random Order of the keywords.
 * @returns Distinct captions, none equal to the label. Fewer than `count` when tags run out.
 */
export function keywordCaptions(
  text: EmojiText,
  options: { count: number; tagsEach: number; random: Stream },
): string[] {
  const order = [...options.random.permutation(text.tags.length)].map((i) => text.tags[i]);
  const captions = new Set<string>();
  for (let i = 0; i < order.length && captions.size < options.count; i += options.tagsEach) {
    const caption = order.slice(i, i + options.tagsEach).join(" ");
    if (caption !== text.label) captions.add(caption);
  }
  return [...captions];
}
