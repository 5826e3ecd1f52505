/** Times models in turn, so that what disturbs the machine disturbs all of them alike. */

import type { NdArray, Provider } from "../../../methods/tensor/mod.ts";
import type { Session } from "../../../methods/tensor/providers/session.ts";
import { quantile } from "../../../methods/stats/mod.ts";
import { decodeTextTask, type TextBatch } from "../../../methods/text/text_task.ts";
import type { MeasurementTable, Run, TreeReader } from "../../../pipeline/types.ts";
import { METHOD_NAMES } from "../report/names.ts";
import type { DeployedModel } from "./deploy.ts";
import type { measure } from "./measure.ts";

type File = DeployedModel["files"][number];

async function open(onnx: Uint8Array, provider: Provider, threads: number): Promise<Session> {
  const settings = { provider, threads, intermediates: 0 };
  if (provider === "cpu" || provider === "cuda") {
    const { openNative } = await import("../../../methods/tensor/providers/native.ts");
    return await openNative(onnx, settings);
  }
  const { openWeb } = await import("../../../methods/tensor/providers/web.ts");
  return await openWeb(onnx, settings);
}

/** Rows from `first`, padded to so many tokens. */
function padded({ ids, mask }: TextBatch, first: number, batch: number, tokens: number) {
  const own = ids.shape[1];
  const fill = ({ data }: NdArray): NdArray => {
    const rows = new Int32Array(batch * tokens);
    for (let i = 0; i < batch; i++) {
      rows.set((data as Int32Array).subarray((first + i) * own, (first + i + 1) * own), i * tokens);
    }
    return { dtype: "int32", shape: [batch, tokens], data: rows };
  };
  return [fill(ids), fill(mask)];
}

const feedsOf = ({ inputs }: File, arrays: readonly NdArray[]) =>
  Object.fromEntries(inputs.map((name, i) => [name, arrays[i]]));

/** Logits of the compared texts. */
async function logitsOf(
  session: Session,
  file: File,
  { texts, count, tokens }: { texts: TextBatch; count: number; tokens: number },
): Promise<number[]> {
  const all: number[] = [];
  for (let first = 0; first + file.batch <= count; first += file.batch) {
    const feeds = feedsOf(file, padded(texts, first, file.batch, tokens));
    const [logits] = await session.run(feeds, [file.output]);
    all.push(...Array.from(logits.data, Number));
  }
  return all;
}

const distance = (a: readonly number[], b: readonly number[]) =>
  a.reduce((most, x, i) => Math.max(most, Math.abs(x - b[i])), 0);

/** Milliseconds of each model, `repetitions` of each after one that warms up. */
async function timesOf(
  models: TreeReader,
  files: readonly File[],
  arrays: readonly NdArray[],
  at: { provider: Provider; threads: number; repetitions: number },
): Promise<number[][]> {
  const sessions: Session[] = [];
  for (const { name } of files) {
    sessions.push(await open(await models.bytes(name), at.provider, at.threads));
  }
  const times: number[][] = files.map(() => []);
  for (let repetition = 0; repetition <= at.repetitions; repetition++) {
    for (const [i, file] of files.entries()) {
      const feeds = feedsOf(file, arrays), start = performance.now();
      await sessions[i].run(feeds, [file.output]);
      if (repetition > 0) times[i].push(performance.now() - start);
    }
  }
  for (const session of sessions) await session.dispose();
  return times;
}

const milliseconds = (times: readonly number[]) => {
  const [low, middle, high] = [0.25, 0.5, 0.75].map((q) => quantile(times, q).toPrecision(3));
  return `${middle} [${low}, ${high}]`;
};

export const run: Run<typeof measure> = async ({ inputs, params, outputs, provider, progress }) => {
  const { tokens, batches, threads, repetitions } = params;
  const about = await inputs.about.read(), { models } = inputs;
  const { test } = decodeTextTask(await inputs.task.bytes());
  const other: Provider | null = provider === "wasm" ? null : "wasm";

  const sizes: MeasurementTable["rows"][number][] = [];
  for (const { method, ratio, accuracy, parameters, files, logits } of about) {
    const [file] = files, compared = { texts: test, count: logits.length, tokens };
    const onnx = await models.bytes(file.name);
    const [here, there] = await Promise.all([provider, other].map(async (provider) => {
      if (provider === null) return null;
      const session = await open(onnx, provider, 1);
      const found = await logitsOf(session, file, compared);
      await session.dispose();
      return found;
    }));
    sizes.push([
      METHOD_NAMES[method],
      (file.bytes / 1e6).toFixed(1),
      (parameters / 1e6).toFixed(2),
      (100 * ratio).toFixed(1),
      (100 * accuracy).toFixed(1),
      distance(here!, logits.flat()),
      there && distance(there, here!),
    ]);
    progress({ message: `${method}: same predictions`, step: sizes.length, steps: about.length });
  }

  const cases = batches.flatMap((batch) => threads.map((threads) => ({ batch, threads })));
  const usable = provider === "cpu" || provider === "cuda" ? cases : cases.filter((c) => c.threads === 1);
  const columns: number[][][] = [];
  for (const { batch, threads } of usable) {
    const files = about.map(({ files }) => files.find((file) => file.batch === batch)!);
    const arrays = padded(test, 0, batch, tokens);
    // Texts are shorter than what is timed: all places count.
    arrays[1].data.fill(1 as never);
    columns.push(await timesOf(models, files, arrays, { provider, threads, repetitions }));
    progress({ message: `batch ${batch}, threads ${threads}`, step: columns.length, steps: usable.length });
  }
  await outputs.tables.write([
    {
      title: "Models as plain ONNX, weights inside",
      columns: ["model", "MB", "10⁶ numbers", "% left", "accuracy %", "≠ trained", "≠ other build"],
      rows: sizes,
      note: `Numbers with the embeddings of the task's own vocabulary; % left of the six maps of each ` +
        `block. Largest difference of the logits of ${about[0].logits.length} test texts: the file from ` +
        `the trained model with its zero rows, and the file in ${other ?? "no other build"} from ${provider}.`,
    },
    {
      title: "Latency, ms: median and quartiles",
      columns: ["model", ...usable.map(({ batch, threads }) => `${batch}×${tokens}, ${threads} thr.`)],
      rows: about.map(({ method }, i) => [
        METHOD_NAMES[method],
        ...columns.map((times) => milliseconds(times[i])),
      ]),
      note: `Texts × tokens on ${provider} with so many threads, ${repetitions} runs of each model in turn.` +
        about.slice(1).map(({ method }, i) => {
          const gains = columns.map((times) => quantile(times[0], 0.5) / quantile(times[i + 1], 0.5));
          return ` ${METHOD_NAMES[method]} is ${Math.min(...gains).toFixed(1)} to ${
            Math.max(...gains).toFixed(1)
          } times as fast as ${METHOD_NAMES[about[0].method]}.`;
        }).join(""),
    },
  ]);
};
