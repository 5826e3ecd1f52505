/** A tiny encoder compressed, written as ONNX and measured, by the stages' own functions. */

import assert from "node:assert/strict";
import { encodeFactors, splitLinears } from "../../../methods/losparse/mod.ts";
import { encodeEncoder } from "../../../methods/nn/mod.ts";
import { encodeTextTask } from "../../../methods/text/text_task.ts";
import type { MeasurementTable } from "../../../pipeline/types.ts";
import type { DeployedModel } from "../../../stages/common/text/deployed.ts";
import { run as measure } from "../../../stages/common/text/measure_run.ts";
import { run as deploy } from "../../../stages/losparse/text/deploy_run.ts";
import { memoryFile, memoryJson, memoryTree, memoryTreeWriter } from "../common/memory.ts";
import { tinyEncoder, tinyTask } from "../common/text/tiny.ts";

const context = { provider: "cpu" as const, threads: 1, progress: () => {} };
const task = memoryFile(), encoder = memoryFile(), factors = memoryFile();
const { params } = tinyEncoder();
await task.write(encodeTextTask(tinyTask()));
await encoder.write(encodeEncoder(tinyEncoder()));
const where = (path: string) => path.startsWith("blocks.");
await factors.write(encodeFactors(splitLinears(params, { ratio: 0.5, where }).lowRanks));

const written = memoryTreeWriter(), about = memoryJson<DeployedModel[]>();
const half = { name: "p50", budget: { ratio: 0.5, share: 0.5 }, lr: 0.01 };
await deploy({
  inputs: { task, encoder, factors },
  params: {
    models: [
      { method: "dense", name: "all", budget: { ratio: 1, share: 0.5 }, lr: 0.01 },
      { method: "losparse", ...half },
      { method: "low_rank", ...half },
      { method: "itp", ...half },
    ],
    training: {
      steps: 12,
      batch: 8,
      texts: 40,
      rise: 1,
      warmup: 2,
      cooldown: 5,
      every: 2,
      clip: 1,
    },
    seed: 0,
    batches: [1, 10],
  },
  outputs: { models: written, about },
  ...context,
});

Deno.test("compressed models as files predict what was trained, in two builds, with fewer numbers", async () => {
  const models = await about.read(), tables = memoryJson<MeasurementTable[]>();
  await measure({
    inputs: { models: memoryTree(written.files), about, task },
    params: { threads: [1], repetitions: 2 },
    outputs: { tables },
    ...context,
  });
  const [{ rows }, latencies] = await tables.read();
  assert.deepEqual(rows.map(([title]) => title), models.map(({ title }) => title));
  for (const [title, , , , trained, other] of rows) {
    assert.ok(Number(trained) < 1e-5 && Number(other) < 1e-5, `${title}`);
  }
  const [dense, ...compressed] = models;
  // The 36 maps of a real encoder are 12 here, of 8·8 and 8·16 entries: 1024, of which half is gone.
  for (const { title, parameters, files } of compressed) {
    assert.ok(parameters < dense.parameters - 250, `${title}: ${parameters}`);
    assert.deepEqual(files.map(({ batch }) => batch), [1, 10]);
  }
  assert.equal(new Set(models.flatMap(({ files }) => files.map(({ name }) => name))).size, 8);
  assert.ok(latencies.rows.every((row) => row.length === 3));
});
