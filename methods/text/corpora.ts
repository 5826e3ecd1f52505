// Labelled corpora from the files of the packages that hold them.

import type { LabelledText } from "./labelled_text.ts";

/** Texts and the names of their classes. */
export interface Corpus {
  readonly classes: readonly string[];
  readonly texts: readonly LabelledText[];
}

/** A corpus file that does not read as it should. */
export class CorpusError extends Error {
  override name = "CorpusError";
}

/**
 * Film reviews with their sentiment (Maas et al., ACL 2011), without the line breaks of their pages.
 *
 * @param json a list of `{ t: text, s: 0 | 1 }`; 0 is the negative class.
 * @throws CorpusError naming the review that is none.
 */
export function reviewCorpus(json: unknown, lastWords = Infinity): Corpus {
  if (!Array.isArray(json)) throw new CorpusError("the reviews are not a list");
  const texts = json.map((review, i) => {
    const { t, s } = review ?? {};
    if (typeof t !== "string" || (s !== 0 && s !== 1)) {
      throw new CorpusError(`review ${i} is not { t: text, s: 0 or 1 }`);
    }
    const text = t.replaceAll(/<br\s*\/?>/g, " ");
    return { text: lastWords === Infinity ? text : endOf(text, lastWords), label: s };
  });
  return { classes: ["negative", "positive"], texts };
}

/** The last words of a text. */
function endOf(text: string, words: number): string {
  return text.trim().split(/\s+/).slice(-words).join(" ");
}

/**
 * Questions with the tags of a forum. Classes are the most frequent tags; a question belongs if it has
 * one of them and no other of them.
 *
 * @param lines `__label__TAG … question` each.
 * @throws CorpusError naming the line without tag or question.
 */
export function taggedCorpus(lines: string, classes: number): Corpus {
  const questions = lines.split("\n").filter((line) => line.trim() !== "").map((line, i) => {
    const [, labels, text] = /^((?:__label__\S+\s+)+)(\S.*)$/.exec(line.trim()) ?? [];
    if (!labels) throw new CorpusError(`line ${i + 1} has no tag or no question`);
    return { text, tags: labels.trim().split(/\s+/).map((tag) => tag.slice("__label__".length)) };
  });
  const counts = new Map<string, number>();
  for (const tag of questions.flatMap(({ tags }) => [...new Set(tags)])) {
    counts.set(tag, (counts.get(tag) ?? 0) + 1);
  }
  const order = [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  const frequent = order.slice(0, classes).map(([tag]) => tag);
  const texts = questions.flatMap(({ text, tags }) => {
    const own = frequent.flatMap((tag, label) => tags.includes(tag) ? [label] : []);
    return own.length === 1 ? [{ text, label: own[0] }] : [];
  });
  return { classes: frequent, texts };
}

/** Names of WordNet's lexicographer files of nouns, in the order of their numbers from 3. */
const NOUN_DOMAINS =
  "tops act animal artifact attribute body cognition communication event feeling food " +
  "group location motive object person phenomenon plant possession process quantity relation shape " +
  "state substance time";

/**
 * Definitions of nouns of WordNet with the domain of their lexicographer's file, such as `animal`.
 * Classes are the most frequent domains.
 *
 * @param lines of `data.noun`; those that begin with two blanks are its licence.
 * @throws CorpusError naming the line that is no synset of a noun.
 */
export function definitionCorpus(lines: string, classes: number): Corpus {
  const domains = NOUN_DOMAINS.split(" ");
  const synsets = lines.split("\n").flatMap((line, i) => {
    if (line.trim() === "" || line.startsWith("  ")) return [];
    const [, file, gloss] = /^\d{8} (\d\d) n .* \| (.*)$/.exec(line.trimEnd()) ?? [];
    const domain = domains[Number(file) - 3];
    if (domain === undefined) throw new CorpusError(`line ${i + 1} is no synset of a noun`);
    // Examples of use follow in quotation marks.
    return [{ text: gloss.replace(/;\s*".*$/, "").trim(), domain }];
  });
  const counts = Map.groupBy(synsets, ({ domain }) => domain);
  const order = [...counts].sort(([a, { length: n }], [b, { length: m }]) =>
    m - n || (a < b ? -1 : 1)
  );
  const frequent = order.slice(0, classes).map(([domain]) => domain);
  const texts = synsets.flatMap(({ text, domain }) =>
    frequent.includes(domain) ? [{ text, label: frequent.indexOf(domain) }] : []
  );
  return { classes: frequent, texts };
}

/** The customary four kinds of the Brown corpus, by the letters of its sections. */
const BROWN_KINDS: readonly (readonly [string, string])[] = [
  ["press", "abc"],
  ["general prose", "defgh"],
  ["learned", "j"],
  ["fiction", "klmnpr"],
];

/** `word/tag …` of a line as text. */
function untagged(line: string): string {
  const words = line.trim().split(/\s+/).map((item) => item.slice(0, item.lastIndexOf("/")));
  return words.map((word) => word === "``" || word === "''" ? '"' : word).join(" ");
}

/**
 * Passages of the Brown corpus (Francis and Kučera, 1964) with the kind of their document, which is
 * their group.
 *
 * @param documents text by name, `ca01` to `cr09`: lines of `word/tag`, a sentence each.
 * @param words passages are the fewest consecutive sentences of at least so many words; what is left
 *   at the end of a document is dropped.
 * @throws CorpusError naming the document of no known section.
 */
export function brownCorpus(documents: ReadonlyMap<string, string>, words: number): Corpus {
  const texts: LabelledText[] = [];
  for (const [name, document] of documents) {
    const label = BROWN_KINDS.findIndex(([, sections]) => sections.includes(name[1]));
    if (!/^c[a-r]\d\d$/.test(name) || label < 0) {
      throw new CorpusError(`${name} is no document of the Brown corpus`);
    }
    let passage: string[] = [], length = 0;
    for (const line of document.split("\n").filter((line) => line.trim() !== "")) {
      const sentence = untagged(line);
      passage.push(sentence);
      length += sentence.split(" ").length;
      if (length < words) continue;
      texts.push({ text: passage.join(" "), label, group: name });
      passage = [];
      length = 0;
    }
  }
  return { classes: BROWN_KINDS.map(([kind]) => kind), texts };
}
