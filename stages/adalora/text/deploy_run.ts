/** Adapts an encoder by AdaLoRA and writes it as ONNX in three forms. */

import { EXPORT_FORMS, exportAdapted } from "../../../methods/adalora/text_export.ts";
import { openTextStudy } from "../../../methods/adalora/text_study.ts";
import type { Run } from "../../../pipeline/types.ts";
import type { DeployedModel } from "../../common/text/deployed.ts";
import { readTextTask } from "../../common/text/kinds.ts";
import type { deploy } from "./deploy.ts";

const TITLES = {
  frozen: "before: no adapters",
  beside: "after: adapters beside the weights",
  merged: "after: merged weights",
} as const;

export const run: Run<typeof deploy> = async ({ inputs, params, outputs, provider, threads }) => {
  const { rank, initial, lr, training, seed, batches } = params;
  const data = await readTextTask(inputs), place = { provider, threads };
  const study = await openTextStudy("adalora", data, { rank, initial }, training, place);
  const { trained } = await study.run(seed, lr, "test");
  await study.dispose();
  if (!trained) throw new TypeError("AdaLoRA's study gives what was trained");
  const [, tokens] = data.task.test.ids.shape;
  const about: DeployedModel[] = [];
  for (const form of EXPORT_FORMS) {
    const files: DeployedModel["files"][number][] = [];
    let parameters = 0;
    for (const batch of batches) {
      const size = { form, scale: training.scale, batch, tokens };
      const exported = exportAdapted(data.encoder, trained, size);
      const name = `${form}-${batch}x${tokens}.onnx`, { onnx } = exported;
      await outputs.models.write(name, onnx);
      files.push({ name, batch, bytes: onnx.length });
      parameters = exported.parameters;
    }
    const logits = form === "frozen" ? {} : { logits: trained.logits };
    about.push({ title: TITLES[form], parameters, files, ...logits });
  }
  await outputs.about.write(about);
};
