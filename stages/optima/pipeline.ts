/** OPTIMA: module-wise adaptive distillation of a CoCa student, from emoji pictures to verdicts. */

import { npmPackage, pipeline } from "../../pipeline/mod.ts";
import { CONDITION } from "../../methods/optima/condition.ts";
import { loadClaims } from "./claims.ts";
import { EMOJI_GOOGLE, EMOJI_TWITTER, EMOJIBASE, OPENMOJI } from "./data_packages.ts";
import { distill } from "./distill.ts";
import { evaluate } from "./evaluate.ts";
import { checkFit } from "./fit.ts";
import { inferTeacher } from "./infer_teacher.ts";
import { initStudent } from "./init_student.ts";
import { prepareData } from "./prepare_data.ts";
import { report } from "./report.ts";
import { type OptimaConfig, optimaConfig } from "./schema.ts";
import { trainTeacher } from "./train_teacher.ts";
import { verdict } from "./verdict.ts";

const depthsOf = (
  { imageLayers, textLayers, multimodalLayers }: OptimaConfig["student"]["model"],
) => ({
  imageLayers,
  textLayers,
  multimodalLayers,
});

export default pipeline({
  name: "optima",
  title: "OPTIMA: Module-wise Adaptive Distillation for Multimodality Foundation Models",
  citation: "Chen Liang, Jiahui Yu, Ming-Hsuan Yang, Matthew Brown, Yin Cui, Tuo Zhao, Boqing " +
    "Gong, Tianyi Zhou. NeurIPS 2023. arXiv 2310.04550",
  summary: "A reconstruction from the abstract: a bandit (modified Thompson sampling) chooses " +
    "which module of a CoCa-style student is distilled next, rewarded by the loss decrement that " +
    "follows. No code was released and no number of the paper is compared with; the qualitative " +
    "claim is tested at miniature scale on emoji pictures with their names.",
  config: optimaConfig.superRefine(checkFit),
  build({ config }) {
    const { student, teacher, distill: distilling } = config;
    const { data } = prepareData({
      inputs: {
        captions: npmPackage(EMOJIBASE).files,
        google: npmPackage(EMOJI_GOOGLE).files,
        twitter: npmPackage(EMOJI_TWITTER).files,
        openmoji: npmPackage(OPENMOJI).files,
      },
      params: config.data,
    });
    const trained = trainTeacher({ inputs: { data }, params: teacher });
    const { states } = inferTeacher({
      inputs: { data, teacher: trained.weights },
      params: { model: teacher.model, student: depthsOf(student.model) },
    });

    const start = (seed: number, textSolved: boolean) =>
      initStudent({
        id: textSolved ? `${seed}, text solved` : `${seed}`,
        inputs: { data, states },
        params: {
          student: student.model,
          teacher: teacher.model,
          objective: distilling.objective,
          optimiser: distilling.optimiser,
          batch: distilling.batch,
          pretrainSteps: student.pretrainSteps,
          presolveSteps: textSolved ? student.presolveSteps : 0,
          seed,
        },
      }).student;
    const starts = new Map(
      config.seeds.map((seed) => [seed, { plain: start(seed, false), solved: start(seed, true) }]),
    );
    const runs = config.conditions.flatMap((condition) =>
      config.seeds.flatMap((seed) => {
        const { plain, solved } = starts.get(seed)!;
        return config.policies.map((policy) =>
          distill({
            id: `${condition}/${policy}/${seed}`,
            inputs: { data, states, init: CONDITION[condition].textSolved ? solved : plain },
            params: {
              student: student.model,
              teacher: teacher.model,
              distill: distilling,
              condition,
              policy,
              seed,
            },
          })
        );
      })
    );

    const { metrics } = evaluate({
      inputs: {
        data,
        states,
        teacher: trained.weights,
        teacherCurve: trained.curve,
        students: runs.map((run) => run.student),
        traces: runs.map((run) => run.trace),
      },
      params: {
        student: student.model,
        teacher: teacher.model,
        seeds: config.seeds,
        conditions: config.conditions,
        policies: config.policies,
        sampleImages: config.sampleImages,
      },
    });
    const decided = verdict({ inputs: { metrics }, params: { claims: loadClaims() } });
    const sections = report({
      inputs: { metrics, verdicts: decided.verdicts, evidence: decided.evidence },
      params: {},
    });
    return { verdicts: decided.verdicts, report: sections.sections, keep: { metrics } };
  },
});
