/** Trains each model with one seed and writes it as ONNX, without what pruning left zero. */

import { exportCompressed } from "../../../methods/losparse/text_export.ts";
import { openTextStudy } from "../../../methods/losparse/text_study.ts";
import { toNumbers } from "../../../methods/tensor/mod.ts";
import type { Run } from "../../../pipeline/types.ts";
import type { DeployedModel } from "../../common/text/deployed.ts";
import { METHOD_NAMES } from "../names.ts";
import type { deploy } from "./deploy.ts";
import { budgetOf, readSetting } from "./read_setting.ts";

export const run: Run<typeof deploy> = async (ctx) => {
  const { inputs, params, outputs, provider, threads, progress } = ctx;
  const { models, training, seed, batches } = params;
  const setting = await readSetting(inputs), place = { provider, threads };
  const [, tokens] = setting.task.test.ids.shape;
  const about: DeployedModel[] = [];
  for (const { method, name, budget, lr } of models) {
    const study = await openTextStudy(method, setting, budgetOf(budget), training, place);
    const { outcome: { ratio }, logits, trained } = await study.run(seed, lr, "test");
    await study.dispose();
    const paths = method === "dense" ? [] : study.paths;
    const files: DeployedModel["files"][number][] = [];
    let parameters = 0;
    for (const batch of batches) {
      const exported = exportCompressed(setting.encoder.config, trained, paths, { batch, tokens });
      const file = `${method}-${name}-${batch}x${tokens}.onnx`, { onnx } = exported;
      await outputs.models.write(file, onnx);
      files.push({ name: file, batch, bytes: onnx.length });
      parameters = exported.parameters;
    }
    const share = method === "dense" ? "" : `, ${(100 * ratio).toFixed(1)} %`;
    const title = `${METHOD_NAMES[method]}${share}`;
    about.push({ title, parameters, files, logits: toNumbers(logits) });
    progress({ step: about.length, steps: models.length });
  }
  await outputs.about.write(about);
};
