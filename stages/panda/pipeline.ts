/** PANDA: tuning-insensitive sparse discriminant analysis, from simulated and real samples to verdicts. */

import { localFile, pipeline } from "../../pipeline/mod.ts";
import { cellName } from "../../methods/panda/cells.ts";
import { verdict } from "../common/verdict.ts";
import { loadClaims } from "./claims.ts";
import { collect } from "./collect.ts";
import { loadPublished } from "./published.ts";
import { report } from "./report.ts";
import { type Genes, pandaConfig } from "./schema.ts";
import { sense } from "./sense.ts";
import { simulate } from "./simulate.ts";
import { splitGenes } from "./split_genes.ts";
import { vary } from "./vary.ts";

/** The parts of `replicates` that one stage process takes, with their first seeds. */
function chunks(replicates: number, size: number, firstSeed: number) {
  return Array.from({ length: Math.ceil(replicates / size) }, (_, i) => ({
    firstSeed: firstSeed + i * size,
    replicates: Math.min(size, replicates - i * size),
  }));
}

export default pipeline({
  name: "panda",
  title: "PANDA: Pivotal Estimation of Linear Discriminant Analysis in High Dimensions",
  citation: "Ethan X. Fang, Yajun Mei, Yuyang Shi, Qunzhi Xu, Tuo Zhao. JMLR 24(302), 1–45, 2023.",
  summary:
    "One convex programme estimates the discriminant direction with a tuning parameter that " +
    "need not follow the unknown signal strength Δ. The paper released no code; its simulations are " +
    "drawn anew, its tables stand beside what they gave, and the baselines LPD and AdaLDA are rebuilt.",
  config: pandaConfig,
  build({ config }) {
    const { tuning, populationSeed, firstSeed, chunk } = config;
    const cells = config.cells.flatMap((cell) =>
      chunks(cell.replicates, chunk, firstSeed).map((part) =>
        simulate({
          id: `${cellName(cell)},seed=${part.firstSeed}`,
          inputs: {},
          params: {
            cell: { ...cell, replicates: part.replicates, methods: cell.methods ?? config.methods },
            tuning,
            populationSeed,
            firstSeed: part.firstSeed,
          },
        }).result
      )
    );
    const sensitivity = config.sensitivity.flatMap((study) =>
      chunks(study.replicates, chunk, firstSeed).map((part) =>
        sense({
          id: `${study.model},seed=${part.firstSeed}`,
          inputs: {},
          params: {
            study: { ...study, replicates: part.replicates },
            tuning,
            methods: config.methods,
            firstSeed: part.firstSeed,
          },
        }).result
      )
    );
    const { penalty, rate, theory } = config;
    const variations = vary({
      inputs: {},
      params: { penalty, rate, theory, tuning, populationSeed, firstSeed },
    });
    const genes = (name: "leukemia" | "srbct", { file, ...study }: Genes) => {
      const source = file === null
        ? { name, url: new URL(`./data/${name}.csv.gz`, import.meta.url) }
        : { name, path: file };
      const { gridStep, gridTo, c } = tuning;
      return splitGenes({
        id: name,
        inputs: { table: localFile(source).file },
        params: { study, gridStep, gridTo, c, firstSeed },
      }).result;
    };

    const claims = loadClaims();
    const { results, studies } = collect({
      inputs: {
        cells,
        sensitivity,
        variations: variations.result,
        leukemia: genes("leukemia", config.leukemia),
        srbct: genes("srbct", config.srbct),
      },
      params: { studies: [...new Set(claims.flatMap((claim) => claim.study ?? []))] },
    });
    const decided = verdict({ inputs: { studies }, params: { claims } });
    const sections = report({
      inputs: { results, verdicts: decided.verdicts, evidence: decided.evidence },
      params: { published: loadPublished() },
    });
    return { verdicts: decided.verdicts, report: sections.sections, keep: { results } };
  },
});
