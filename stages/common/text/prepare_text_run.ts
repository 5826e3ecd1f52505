/** Makes a task: corpus, distinct texts, parts, tokens. */

import { openBertTokenizer } from "../../../methods/text/bert_tokenizer.ts";
import {
  brownCorpus,
  type Corpus,
  definitionCorpus,
  reviewCorpus,
  taggedCorpus,
} from "../../../methods/text/corpora.ts";
import { distinctTexts, splitTexts } from "../../../methods/text/labelled_text.ts";
import { encodeTextTask, textTask } from "../../../methods/text/text_task.ts";
import { stream } from "../../../methods/tensor/random.ts";
import type { Run, TreeReader } from "../../../pipeline/types.ts";
import { type prepareText, TEXT_TASKS } from "./prepare_text.ts";

type Params = Parameters<Run<typeof prepareText>>[0]["params"];

/** Words that fill a text: word pieces and marks take about a quarter more tokens. */
const WORDS_OF_TOKENS = 0.8;

async function readCorpus(files: TreeReader, params: Params): Promise<Corpus> {
  const { task, tokens, classes, from } = params, [name] = TEXT_TASKS[task].include;
  const words = Math.ceil(WORDS_OF_TOKENS * tokens);
  switch (task) {
    case "imdb":
      return reviewCorpus(JSON.parse(await files.text(name)), from === "end" ? words : undefined);
    case "cooking":
      return taggedCorpus(await files.text(name), classes);
    case "wordnet":
      return definitionCorpus(await files.text(name), classes);
    case "brown": {
      const names = await files.list();
      const documents = await Promise.all(
        names.map(async (name) => [name, await files.text(name)] as const),
      );
      return brownCorpus(new Map(documents), words);
    }
  }
}

export const run: Run<typeof prepareText> = async ({ inputs, params, outputs, progress }) => {
  const { task, tokens, perGroup, seed, train, validation, test } = params;
  const { classes, texts } = await readCorpus(inputs.corpus, params);
  const distinct = distinctTexts(texts);
  progress({ message: `${texts.length} texts, ${distinct.length} distinct` });
  const sizes = { train, validation, test };
  const parts = splitTexts(distinct, { sizes, perGroup }, stream(seed, "text", task));
  const tokenizer = openBertTokenizer(JSON.parse(await inputs.model.text("model/tokenizer.json")));
  const { package: name, version, license, attribution } = TEXT_TASKS[task];
  const source = { package: name, version, license, attribution };
  const encoded = textTask({ name: task, classes, source }, parts, tokenizer, tokens);
  await outputs.task.write(encodeTextTask(encoded));
};
