/** Trains each model with one seed and writes it as ONNX, without what pruning left zero. */

import { exportClassifier } from "../../../methods/losparse/text_export.ts";
import { openTextStudy } from "../../../methods/losparse/text_study.ts";
import type { NdArray } from "../../../methods/tensor/mod.ts";
import type { Run } from "../../../pipeline/types.ts";
import type { deploy, DeployedModel } from "./deploy.ts";
import { budgetOf, readSetting } from "./read_setting.ts";

/** Texts whose logits are compared. */
const COMPARED = 48;

function firstRows({ data, shape: [rows, columns] }: NdArray): number[][] {
  return Array.from(
    { length: Math.min(rows, COMPARED) },
    (_, i) => Array.from(data.subarray(i * columns, (i + 1) * columns), Number),
  );
}

export const run: Run<typeof deploy> = async (ctx) => {
  const { inputs, params, outputs, provider, threads, progress } = ctx;
  const { methods, budget, training, seed, tokens, batches } = params;
  const setting = await readSetting(inputs), place = { provider, threads };
  const about: DeployedModel[] = [];
  for (const { method, lr } of methods) {
    const study = await openTextStudy(method, setting, budgetOf(budget), training, place);
    const { outcome, logits, trained } = await study.run(seed, lr, "test");
    await study.dispose();
    const files: DeployedModel["files"][number][] = [];
    let parameters = 0;
    for (const batch of batches) {
      const paths = method === "dense" ? [] : study.paths, name = `${method}-${batch}x${tokens}.onnx`;
      const size = { batch, tokens };
      const exported = exportClassifier(setting.encoder.config, trained, paths, size);
      const { onnx, inputs, output } = exported;
      await outputs.models.write(name, onnx);
      files.push({ name, batch, bytes: onnx.length, inputs, output });
      parameters = exported.parameters;
    }
    const { ratio, accuracy } = outcome;
    about.push({ method, ratio, accuracy, parameters, files, logits: firstRows(logits) });
    progress({ step: about.length, steps: methods.length });
  }
  await outputs.about.write(about);
};
