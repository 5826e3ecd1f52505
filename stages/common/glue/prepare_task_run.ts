/** Makes a task: the user's files, tokens, arrays. */

import { glueTask, squadTask } from "../../../methods/finetuning/prepare.ts";
import { type BenchmarkTask, encodeBenchmarkTask } from "../../../methods/finetuning/task.ts";
import { readGlue } from "../../../methods/text/glue/read.ts";
import type { GlueTaskName } from "../../../methods/text/glue/tasks.ts";
import { countOf, longestOf } from "../../../methods/text/sequence_table.ts";
import { readSquad } from "../../../methods/text/squad/read.ts";
import { openSentencePiece } from "../../../methods/text/sentencepiece.ts";
import { openTokenizerFile, type Subwords } from "../../../methods/text/subwords.ts";
import { textOf } from "../../../methods/text/user_file.ts";
import { vocabularyFile } from "../../../methods/text/vocabulary_text.ts";
import type { Run } from "../../../pipeline/types.ts";
import type { prepareTask } from "./prepare_task.ts";
import { isGlue } from "./schema.ts";

type Context = Parameters<Run<typeof prepareTask>>[0];

async function openSubwords({ inputs, params }: Context): Promise<Subwords> {
  const { tokenizer: name, lowercase } = params;
  switch (name) {
    case "tokenizer.json":
      return openTokenizerFile(JSON.parse(await inputs.tokenizer.text()), name);
    case "vocab.txt": {
      const text = textOf(await inputs.tokenizer.bytes(), name);
      return openTokenizerFile(vocabularyFile(text, lowercase, name), name);
    }
    case "spm.model":
      return openSentencePiece(await inputs.tokenizer.bytes(), name);
  }
}

async function readGlueTask(name: GlueTaskName, ctx: Context): Promise<BenchmarkTask> {
  const { inputs, params: { names, tokens } } = ctx;
  const train = await readGlue(name, names.train, await inputs.train.bytes());
  const development = await Promise.all(inputs.development.map(async (file, i) => {
    return await readGlue(name, names.development[i], await file.bytes());
  }));
  const skipped = [train, ...development].reduce((sum, part) => sum + part.skipped, 0);
  const parts = {
    train: train.examples,
    development: development.map(({ examples }) => examples),
  };
  return glueTask(name, parts, await openSubwords(ctx), tokens, skipped);
}

export const run: Run<typeof prepareTask> = async (ctx) => {
  const { inputs, params, outputs } = ctx, { task: name, names, tokens, stride } = params;
  const task = isGlue(name) ? await readGlueTask(name, ctx) : squadTask(
    name,
    await readSquad(names.train, await inputs.train.bytes()),
    await readSquad(names.development[0], await inputs.development[0].bytes()),
    await openSubwords(ctx),
    { longest: tokens, stride },
  );
  const parts = [task.train, ...task.development];
  await outputs.task.write(encodeBenchmarkTask(task));
  await outputs.about.write({
    task: name,
    title: task.title,
    measures: task.measures,
    files: [names.train, ...names.development],
    train: countOf(task.train.texts),
    development: task.development.map(({ texts }) => countOf(texts)),
    longest: Math.max(...parts.map(({ texts }) => longestOf(texts))),
    skipped: task.skipped,
  });
};
