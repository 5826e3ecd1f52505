/** AdaLoRA: adaptive budget allocation for parameter-efficient fine-tuning, on text and planted updates. */

import { pipeline } from "../../pipeline/mod.ts";
import { NEEDS } from "../../methods/adalora/planted.ts";
import type { Artifact } from "../../pipeline/types.ts";
import { verdict } from "../common/verdict.ts";
import { adapt } from "./adapt.ts";
import { loadClaims } from "./claims.ts";
import { collect } from "./collect.ts";
import { paperCalibration, paperStudy } from "./paper/nodes.ts";
import { report } from "./report.ts";
import { adaloraConfig, type StudiesConfig } from "./schema.ts";
import { textCalibration, textStudy } from "./text/nodes.ts";
import { tune } from "./tune.ts";

export default pipeline({
  name: "adalora",
  title: "AdaLoRA: Adaptive Budget Allocation for Parameter-Efficient Fine-Tuning",
  citation: "Qingru Zhang, Minshuo Chen, Alexander Bukharin, Nikos Karampatziakis, Pengcheng He, " +
    "Yu Cheng, Weizhu Chen, Tuo Zhao. ICLR 2023. arXiv 2303.10512",
  summary: "A pre-trained encoder (MiniLM) adapted to three tasks of text by updates P Λ Q whose " +
    "triplets are ranked by importance and pruned to a budget, beside LoRA, the paper's ablations " +
    "and its other rivals; and small frozen networks whose need is planted in a few maps or, as a " +
    "control, in all. At this miniature scale no table of the paper is reproduced; presets named " +
    "paper run GLUE and SQuAD on files that the user supplies.",
  config: adaloraConfig,
  build({ config }) {
    if (config.paper) {
      return config.paper.calibrate ? paperCalibration(config.paper) : paperStudy(config.paper);
    }
    if (config.text.calibrate) {
      const { rates, sections } = textCalibration(config.text);
      const keep: Record<string, Artifact> = { rates };
      return { report: sections, keep };
    }
    const adapted = plantedStudy(config.planted);
    const { tuned, models, measurements } = textStudy(config.text);
    const { studies, all, text } = collect({ inputs: { adapted, tuned }, params: {} });
    const decided = verdict({ inputs: { studies }, params: { claims: loadClaims() } });
    const { sections } = report({
      inputs: { all, text, verdicts: decided.verdicts, evidence: decided.evidence },
      params: {},
    });
    const keep: Record<string, Artifact> = { planted_updates: all, real_text: text, models };
    return { verdicts: decided.verdicts, report: sections, measurements, keep };
  },
});

/** Networks of each need, adapted by every method at rates that were chosen for it. */
function plantedStudy(config: StudiesConfig["planted"]) {
  const { sizes, training, ranks, initial, calibration, seeds } = config;
  return NEEDS.map((need) => {
    const { rates } = tune({
      id: need,
      inputs: {},
      params: {
        need,
        sizes,
        training,
        rank: config.tuned,
        initial,
        rates: config.rates,
        seeds: calibration,
      },
    });
    return adapt({
      id: need,
      inputs: { rates },
      params: { need, sizes, training, ranks, initial, seeds },
    }).adapted;
  });
}
