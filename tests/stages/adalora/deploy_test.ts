/** A tiny encoder adapted, written as ONNX in three forms and measured, by the stages' own functions. */

import assert from "node:assert/strict";
import { encodeEncoder } from "../../../methods/nn/mod.ts";
import { encodeTextTask } from "../../../methods/text/text_task.ts";
import type { MeasurementTable } from "../../../pipeline/types.ts";
import type { DeployedModel } from "../../../stages/common/text/deployed.ts";
import { run as measure } from "../../../stages/common/text/measure_run.ts";
import { run as deploy } from "../../../stages/adalora/text/deploy_run.ts";
import { memoryFile, memoryJson, memoryTree, memoryTreeWriter } from "../common/memory.ts";
import { tinyEncoder, tinyTask } from "../common/text/tiny.ts";

const context = { provider: "cpu" as const, threads: 1, progress: () => {} };
const task = memoryFile(), encoder = memoryFile();
await task.write(encodeTextTask(tinyTask()));
await encoder.write(encodeEncoder(tinyEncoder()));

const written = memoryTreeWriter(), about = memoryJson<DeployedModel[]>();
const training = { steps: 12, batch: 8, texts: 40, rise: 1, warmup: 2, cooldown: 5, every: 1 };
await deploy({
  inputs: { task, encoder },
  params: {
    rank: 1,
    initial: 2,
    lr: 0.05,
    training: { ...training, gamma: 0.1, scale: 2 },
    seed: 0,
    batches: [1, 10],
  },
  outputs: {
    models: written,
    about,
  },
  ...context,
});

async function tablesOf(models: DeployedModel[]): Promise<MeasurementTable[]> {
  const tables = memoryJson<MeasurementTable[]>(), given = memoryJson<DeployedModel[]>();
  await given.write(models);
  await measure({
    inputs: { models: memoryTree(written.files), about: given, task },
    params: { threads: [1], repetitions: 2 },
    outputs: { tables },
    ...context,
  });
  return await tables.read();
}

Deno.test("adapted models as files predict what was trained, in two builds; merging costs no size", async () => {
  const models = await about.read();
  const [{ rows }, latencies] = await tablesOf(models);
  assert.deepEqual(rows.map(([title]) => title), models.map(({ title }) => title));
  const [frozen, beside, merged] = rows;
  for (const [, , , , trained, other] of [beside, merged]) {
    assert.ok(Number(trained) < 1e-5 && Number(other) < 1e-5);
  }
  assert.equal(frozen[4], null);
  assert.equal(merged[2], frozen[2]);
  assert.ok(Number(beside[2]) > Number(merged[2]));
  assert.deepEqual(latencies.columns.slice(1), ["1×6, 1 thr.", "10×6, 1 thr."]);
  assert.ok(latencies.rows.every((row) => row.length === 3));
});

Deno.test("a model that is not what was trained shows", async () => {
  const [frozen, , merged] = await about.read();
  const [{ rows: [[, , , , trained]] }] = await tablesOf([{ ...frozen, logits: merged.logits }]);
  assert.ok(Number(trained) > 1e-3);
});
