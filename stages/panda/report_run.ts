/** Runs the report stage. */

import { markup } from "../../methods/plot/mod.ts";
import type { Run } from "../../pipeline/types.ts";
import { claimsSection } from "../common/claims_section.ts";
import { written } from "../common/section.ts";
import type { report } from "./report.ts";
import { cellsSection } from "./report/cells.ts";
import { sensitivitySection } from "./report/sensitivity.ts";
import { genesSection, variationsSection } from "./report/variations.ts";
import { FAMILIES, limitsSection, summarySection } from "./report/words.ts";

export const run: Run<typeof report> = async ({ inputs, params, outputs }) => {
  const [results, verdicts, evidence] = await Promise.all([
    inputs.results.read(),
    inputs.verdicts.read(),
    inputs.evidence.read(),
  ]);
  const sections = [
    summarySection(verdicts),
    sensitivitySection(results),
    cellsSection(results, params.published),
    variationsSection(results, params.published),
    genesSection(results),
    claimsSection(verdicts, evidence, {
      families: FAMILIES,
      introduction:
        markup`All methods see the same samples, so each replicate gives one paired difference.`,
    }),
    limitsSection(),
  ];
  await outputs.sections.write(written(sections));
};
