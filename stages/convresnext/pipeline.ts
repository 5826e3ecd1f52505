/** ConvResNeXt: rates, dimensions, sparsity and shape of overparameterised networks, against kernels. */

import { pipeline } from "../../pipeline/mod.ts";
import { KERNEL_METHODS } from "../../methods/convresnext/cell.ts";
import { verdict } from "../common/verdict.ts";
import { groupsOf } from "./cells.ts";
import { loadClaims } from "./claims.ts";
import { fitKernels } from "./fit_kernels.ts";
import { measure } from "./measure.ts";
import { report } from "./report.ts";
import { convResNeXtConfig } from "./schema.ts";
import { train } from "./train.ts";

export default pipeline({
  name: "convresnext",
  title: "Nonparametric Classification on Low Dimensional Manifolds using Overparameterized " +
    "Convolutional Residual Networks",
  citation: "Kaiqi Zhang, Zixuan Zhang, Minshuo Chen, Yuma Takeda, Mengdi Wang, Tuo Zhao, " +
    "Yu-Xiang Wang. NeurIPS 2024. arXiv 2307.01649",
  summary: "ConvResNeXts trained with weight decay are said to adapt to smoothness and intrinsic " +
    "dimension, to need few of their paths, and to let width and depth in blocks replace each " +
    "other. The paper's experiment is a figure without numbers or code; its design is rebuilt at " +
    "small scale, beside the situation that its theorems are about.",
  config: convResNeXtConfig,
  build({ config }) {
    const measured = groupsOf(config).flatMap(({ study, arm, name, cells, baselines }) => {
      const id = `${arm},${name}`;
      const { outcomes } = train({ id, inputs: {}, params: { cells: [...cells] } });
      const samples = cells.map(({ network: _n, training: _t, decay: _d, ...sample }) => sample);
      const net = { group: { study, arm, method: "net" as const, cells: [...cells] }, outcomes };
      if (!baselines) return [net];
      const fits = fitKernels({ id, inputs: {}, params: { cells: samples } });
      return [
        net,
        ...KERNEL_METHODS.map((method) => ({
          group: { study, arm, method, cells: [...cells] },
          outcomes: fits[method],
        })),
      ];
    });
    const { results, studies } = measure({
      inputs: { outcomes: measured.map(({ outcomes }) => outcomes) },
      params: { seeds: config.seeds, groups: measured.map(({ group }) => group) },
    });
    const decided = verdict({ inputs: { studies }, params: { claims: loadClaims() } });
    const { sections } = report({
      inputs: { results, verdicts: decided.verdicts, evidence: decided.evidence },
      params: {},
    });
    return { verdicts: decided.verdicts, report: sections, keep: { results, studies } };
  },
});
