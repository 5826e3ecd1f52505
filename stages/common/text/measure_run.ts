/** Times models in turn, so that what disturbs the machine disturbs all of them alike. */

import { scoreLogits } from "../../../methods/nn/mod.ts";
import { quantile } from "../../../methods/stats/mod.ts";
import { type Executable, load, type NdArray, type Provider } from "../../../methods/tensor/mod.ts";
import { decodeProgram } from "../../../methods/tensor/program_file.ts";
import { decodeTextTask, type TextBatch } from "../../../methods/text/text_task.ts";
import type { MeasurementTable, Run, TreeReader } from "../../../pipeline/types.ts";
import type { DeployedModel } from "./deployed.ts";
import type { measure } from "./measure.ts";

type Texts = { ids: NdArray; mask: NdArray };
type Classifier = Executable<[Texts], NdArray>;

async function open(
  models: TreeReader,
  file: DeployedModel["files"][number],
  place: { provider: Provider; threads: number },
): Promise<Classifier> {
  const program = decodeProgram(await models.bytes(file.name));
  return await load(program, place) as unknown as Classifier;
}

function rows({ ids, mask }: TextBatch, first: number, count: number): Texts {
  const [, tokens] = ids.shape;
  const cut = (x: NdArray): NdArray => ({
    dtype: "int32",
    shape: [count, tokens],
    data: (x.data as Int32Array).slice(first * tokens, (first + count) * tokens),
  });
  return { ids: cut(ids), mask: cut(mask) };
}

/** Logits of all texts, which the batch must divide. */
async function logitsOf(model: Classifier, texts: TextBatch, batch: number): Promise<NdArray> {
  const [count] = texts.ids.shape, all: number[] = [];
  for (let first = 0; first < count; first += batch) {
    all.push(...Array.from((await model.run(rows(texts, first, batch))).data, Number));
  }
  return { dtype: "float32", shape: [count, all.length / count], data: Float32Array.from(all) };
}

const distance = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((most, x, i) => Math.max(most, Math.abs(x - b[i])), 0);

/** Milliseconds of each model, after one run that warms up. */
async function timesOf(
  models: readonly Classifier[],
  texts: Texts,
  repetitions: number,
): Promise<number[][]> {
  const times: number[][] = models.map(() => []);
  for (let repetition = 0; repetition <= repetitions; repetition++) {
    for (const [i, model] of models.entries()) {
      const start = performance.now();
      await model.run(texts);
      if (repetition > 0) times[i].push(performance.now() - start);
    }
  }
  return times;
}

const milliseconds = (times: readonly number[]) => {
  const [low, middle, high] = [0.25, 0.5, 0.75].map((q) => quantile(times, q).toPrecision(3));
  return `${middle} [${low}, ${high}]`;
};

export const run: Run<typeof measure> = async ({ inputs, params, outputs, provider }) => {
  const about = await inputs.about.read(), { models } = inputs;
  const { test } = decodeTextTask(await inputs.task.bytes()), [count, tokens] = test.ids.shape;
  const other: Provider = provider === "wasm" ? "cpu" : "wasm";

  const sizes: MeasurementTable["rows"][number][] = [];
  for (const { title, parameters, files, logits } of about) {
    const file = files.reduce((a, b) => b.batch > a.batch ? b : a);
    const found: NdArray[] = [];
    for (const place of [provider, other]) {
      const model = await open(models, file, { provider: place, threads: 1 });
      found.push(await logitsOf(model, test, file.batch));
      await model.dispose();
    }
    const [here, there] = found;
    sizes.push([
      title,
      (file.bytes / 1e6).toFixed(2),
      (parameters / 1e6).toFixed(3),
      logits ? (100 * scoreLogits(here, test.labels).accuracy).toFixed(1) : null,
      logits ? distance(here.data as Float32Array, logits).toExponential(1) : null,
      distance(here.data as Float32Array, there.data as Float32Array).toExponential(1),
    ]);
  }

  const threadCounts = provider === "cpu" ? params.threads : [1];
  const cases = about[0].files.flatMap(({ batch }) =>
    threadCounts.map((threads) => ({ batch, threads }))
  );
  const columns: number[][][] = [];
  for (const { batch, threads } of cases) {
    const opened: Classifier[] = [];
    for (const { files } of about) {
      const file = files.find((one) => one.batch === batch)!;
      opened.push(await open(models, file, { provider, threads }));
    }
    columns.push(await timesOf(opened, rows(test, 0, batch), params.repetitions));
    for (const model of opened) await model.dispose();
  }
  await outputs.tables.write([
    {
      title: "Models as plain ONNX files, weights inside",
      columns: ["model", "MB", "10⁶ numbers", "accuracy %", "≠ trained", `≠ ${other}`],
      rows: sizes,
      note:
        `Largest difference of the logits of ${count} test texts: from the program that trained ` +
        `the model, and from the same file in ONNX Runtime's build for ${other}.`,
    },
    {
      title: "Latency, ms: median and quartiles",
      columns: [
        "model",
        ...cases.map(({ batch, threads }) => `${batch}×${tokens}, ${threads} thr.`),
      ],
      rows: about.map(({ title }, i) => [title, ...columns.map((times) => milliseconds(times[i]))]),
      note: `Texts × tokens on ${provider}, ${params.repetitions} runs of each model in turn.`,
    },
  ]);
};
