/** Runs the report stage. */

import type { Run } from "../../pipeline/types.ts";
import { claimsSection } from "../common/claims_section.ts";
import { type Section, written } from "../common/section.ts";
import type { report } from "./report.ts";
import { degreesSection, dimensionSection, localSection } from "./report/dimension.ts";
import { interchangeSection, ratesSection, sparsitySection } from "./report/shape.ts";
import { CLAIMS_WORDS, limitsSection, summarySection } from "./report/words.ts";

export const run: Run<typeof report> = async ({ inputs, outputs }) => {
  const [results, verdicts, evidence] = await Promise.all([
    inputs.results.read(),
    inputs.verdicts.read(),
    inputs.evidence.read(),
  ]);
  const sections: Section[] = [
    summarySection(results, verdicts),
    dimensionSection(results),
    degreesSection(results),
    localSection(results),
    ratesSection(results),
    sparsitySection(results),
    interchangeSection(results),
    claimsSection(verdicts, evidence, CLAIMS_WORDS),
    limitsSection(results),
  ];
  await outputs.sections.write(written(sections));
};
