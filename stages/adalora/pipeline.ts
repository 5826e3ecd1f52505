/** AdaLoRA: adaptive budget allocation for parameter-efficient fine-tuning, on planted updates. */

import { pipeline } from "../../pipeline/mod.ts";
import { NEEDS } from "../../methods/adalora/planted.ts";
import { verdict } from "../common/verdict.ts";
import { adapt } from "./adapt.ts";
import { loadClaims } from "./claims.ts";
import { collect } from "./collect.ts";
import { report } from "./report.ts";
import { adaloraConfig } from "./schema.ts";
import { tune } from "./tune.ts";

export default pipeline({
  name: "adalora",
  title: "AdaLoRA: Adaptive Budget Allocation for Parameter-Efficient Fine-Tuning",
  citation: "Qingru Zhang, Minshuo Chen, Alexander Bukharin, Nikos Karampatziakis, Pengcheng He, " +
    "Yu Cheng, Weizhu Chen, Tuo Zhao. ICLR 2023. arXiv 2303.10512",
  summary: "The mechanism at miniature scale: frozen networks adapted by updates P Λ Q whose " +
    "triplets are ranked by importance and pruned to a budget, beside LoRA and the paper's " +
    "ablations, where the target's updates are planted in a few maps and where, as a control, all " +
    "maps need as much. No table of the paper is reproduced.",
  config: adaloraConfig,
  build({ config }) {
    const { sizes, training, ranks, initial, calibration, seeds } = config;
    const adapted = NEEDS.map((need) => {
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
    const { studies, all } = collect({ inputs: { adapted }, params: {} });
    const decided = verdict({ inputs: { studies }, params: { claims: loadClaims() } });
    const { sections } = report({
      inputs: { all, verdicts: decided.verdicts, evidence: decided.evidence },
      params: {},
    });
    return { verdicts: decided.verdicts, report: sections, keep: { results: all } };
  },
});
