/** LoSparse: low-rank plus structured-sparse compression, on text and on planted weights. */

import { pipeline } from "../../pipeline/mod.ts";
import { STRUCTURES } from "../../methods/losparse/planted.ts";
import type { Artifact } from "../../pipeline/types.ts";
import { verdict } from "../common/verdict.ts";
import { loadClaims } from "./claims.ts";
import { collect } from "./collect.ts";
import { compress } from "./compress.ts";
import { paperCalibration, paperStudy } from "./paper/nodes.ts";
import { report } from "./report.ts";
import { losparseConfig, type StudiesConfig } from "./schema.ts";
import { textCalibration, textStudy } from "./text/nodes.ts";
import { tune } from "./tune.ts";

/** Share of a map's entries that its coherent part may have, in the claim on real weights. */
const PREMISE_RATIO = 0.2;

export default pipeline({
  name: "losparse",
  title: "LoSparse: Structured Compression of Large Language Models based on Low-Rank and " +
    "Sparse Approximation",
  citation: "Yixiao Li, Yifan Yu, Qingru Zhang, Chen Liang, Pengcheng He, Weizhu Chen, Tuo Zhao. " +
    "ICML 2023. arXiv 2306.11222",
  summary:
    "A pre-trained encoder (MiniLM) compressed while it is fine-tuned on three tasks of text: " +
    "weights split into a low-rank product and a sparse residual whose rows are pruned, beside low " +
    "rank alone and pruning alone at equal budgets; and small networks whose weights have the " +
    "supposed structure, or as a control have not. At this miniature scale no table of the paper is " +
    "reproduced; presets named paper run GLUE and SQuAD on files that the user supplies.",
  config: losparseConfig,
  build({ config }) {
    if (config.paper) {
      return config.paper.calibrate ? paperCalibration(config.paper) : paperStudy(config.paper);
    }
    if (config.text.calibrate) {
      const { chosen, sections } = textCalibration(config.text);
      return { report: sections, keep: { chosen } };
    }
    const compressed = plantedStudy(config.planted);
    const study = textStudy(config.text);
    const { studies, all, text } = collect({
      inputs: { compressed, texts: study.compressed, premises: study.premises, noise: study.noise },
      params: { averaged: config.text.averaged, premiseRatio: PREMISE_RATIO },
    });
    const decided = verdict({ inputs: { studies }, params: { claims: loadClaims() } });
    const { sections } = report({
      inputs: {
        all,
        text,
        premises: study.premises,
        noise: study.noise,
        verdicts: decided.verdicts,
        evidence: decided.evidence,
      },
      params: {},
    });
    const keep: Record<string, Artifact> = {
      results: all,
      real_text: text,
      models: study.models,
    };
    const { measurements } = study;
    return { verdicts: decided.verdicts, report: sections, measurements, keep };
  },
});

/** Networks of each structure, compressed by every method at rates that were chosen for it. */
function plantedStudy(config: StudiesConfig["planted"]) {
  const { sizes, training, budgets, calibration, seeds } = config;
  return STRUCTURES.map((structure) => {
    const { rates } = tune({
      id: structure,
      inputs: {},
      params: {
        structure,
        sizes,
        training,
        budget: budgets.find(({ rank }) => rank === config.tuned)!,
        rates: config.rates,
        seeds: calibration,
      },
    });
    return compress({
      id: structure,
      inputs: { rates },
      params: { structure, sizes, training, budgets, seeds },
    }).compressed;
  });
}
