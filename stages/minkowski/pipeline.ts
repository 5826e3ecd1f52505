/** Effective Minkowski dimension: learning curves of ReLU networks on designs with decaying spectra. */

import { npmPackage, pipeline } from "../../pipeline/mod.ts";
import { verdict } from "../common/verdict.ts";
import { loadClaims } from "./claims.ts";
import { IMAGE_PACKAGES } from "./data_packages.ts";
import { learn } from "./learn.ts";
import { learnImages } from "./learn_images.ts";
import { measure } from "./measure.ts";
import { prepareImages } from "./prepare_images.ts";
import { report } from "./report.ts";
import { minkowskiConfig } from "./schema.ts";

/** Consecutive parts of `items`, of `size` each but the last. */
const parts = <T>(items: readonly T[], size: number): T[][] =>
  Array.from(
    { length: Math.ceil(items.length / size) },
    (_, i) => items.slice(i * size, (i + 1) * size),
  );

export default pipeline({
  name: "minkowski",
  title: "Effective Minkowski Dimension of Deep Nonparametric Regression: Function " +
    "Approximation and Statistical Theories",
  citation: "Zixuan Zhang, Minshuo Chen, Mengdi Wang, Wenjing Liao, Tuo Zhao. ICML 2023, " +
    "PMLR 202:40911–40931. arXiv 2306.14859",
  summary: "A test of the abstract's theory by simulation: does the error of ReLU networks fall " +
    "with the sample size as the decay of the inputs' spectrum predicts, whatever the ambient " +
    "dimension is? The paper is not known to have experiments; no number of it is compared with.",
  config: minkowskiConfig,
  build({ config }) {
    const { study, rows, designs, seeds, images } = config;
    const groups = parts(seeds, config.seedsPerNode);
    const results = designs.flatMap((design) =>
      groups.map((group) =>
        learn({
          id: `${design}/${group[0]}-${group.at(-1)}`,
          inputs: {},
          params: { design, seeds: group, study, rows },
        }).result
      )
    );
    const rules = { smoothness: study.smoothness, ...config.measures };
    const measured = measure({ inputs: { results }, params: { designs, rules } });

    const training = study.fit.sizes.at(-1)! + rows.fresh + rows.validation;
    const exhibits = images.sets.map((set) => {
      const prepared = prepareImages({
        id: set,
        inputs: { files: npmPackage(IMAGE_PACKAGES[set]).files },
        params: { set, images: training },
      });
      const learned = learnImages({
        id: set,
        inputs: prepared,
        params: { seeds: images.seeds, study, rows },
      });
      return { result: learned.result, eigenvalues: prepared.eigenvalues };
    });

    const decided = verdict({
      inputs: { studies: measured.studies },
      params: { claims: loadClaims() },
    });
    const { sections } = report({
      inputs: {
        designs: measured.designs,
        images: exhibits.map((e) => e.result),
        eigenvalues: exhibits.map((e) => e.eigenvalues),
        verdicts: decided.verdicts,
        evidence: decided.evidence,
      },
      params: { sets: images.sets, study, rows, measures: config.measures },
    });
    return {
      verdicts: decided.verdicts,
      report: sections,
      keep: { measures: measured.designs, studies: measured.studies },
    };
  },
});
