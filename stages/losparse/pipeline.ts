/** LoSparse: low-rank plus structured-sparse compression, from planted weights to verdicts. */

import { pipeline } from "../../pipeline/mod.ts";
import { STRUCTURES } from "../../methods/losparse/planted.ts";
import { verdict } from "../common/verdict.ts";
import { loadClaims } from "./claims.ts";
import { collect } from "./collect.ts";
import { compress } from "./compress.ts";
import { report } from "./report.ts";
import { losparseConfig } from "./schema.ts";
import { tune } from "./tune.ts";

export default pipeline({
  name: "losparse",
  title: "LoSparse: Structured Compression of Large Language Models based on Low-Rank and " +
    "Sparse Approximation",
  citation: "Yixiao Li, Yifan Yu, Qingru Zhang, Chen Liang, Pengcheng He, Weizhu Chen, Tuo Zhao. " +
    "ICML 2023. arXiv 2306.11222",
  summary: "The mechanism at miniature scale: weights split into a low-rank product and a sparse " +
    "residual whose rows are pruned while training, beside low rank alone and pruning alone at " +
    "equal budgets, on small networks whose weights have the supposed structure and on controls " +
    "that have not. No table of the paper is reproduced.",
  config: losparseConfig,
  build({ config }) {
    const { sizes, training, budgets, calibration, seeds } = config;
    const compressed = STRUCTURES.map((structure) => {
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
    const { studies, all } = collect({ inputs: { compressed }, params: {} });
    const decided = verdict({ inputs: { studies }, params: { claims: loadClaims() } });
    const { sections } = report({
      inputs: { all, verdicts: decided.verdicts, evidence: decided.evidence },
      params: {},
    });
    return { verdicts: decided.verdicts, report: sections, keep: { results: all } };
  },
});
