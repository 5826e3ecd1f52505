/** Declares the stage that classifies gene expressions over random splits. */

import { z } from "zod";
import { file, json } from "../../pipeline/declare/artifact.ts";
import { stage } from "../../pipeline/declare/stage.ts";
import type { GeneResult } from "../../methods/panda/gene_study.ts";
import { genes } from "./schema.ts";

export const splitGenes = stage({
  name: "split_genes",
  describe: "Split, screen, tune and test on gene expressions",
  implementation: new URL("./split_genes_run.ts", import.meta.url),
  inputs: { table: file("local-file", ".gz") },
  params: z.strictObject({
    study: genes.omit({ file: true }),
    gridStep: z.number(),
    gridTo: z.number(),
    c: z.number(),
    firstSeed: z.int(),
  }),
  outputs: { result: json<GeneResult>() },
});
