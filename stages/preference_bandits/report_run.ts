/** Runs the report stage. */

import type { Run } from "../../pipeline/types.ts";
import { claimsSection } from "../common/claims_section.ts";
import { type Section, written } from "../common/section.ts";
import { banditsSection } from "./report/bandits.ts";
import { estimatesSection, fourActionsSection, validitySection } from "./report/bounds.ts";
import { crossingSection } from "./report/crossing.ts";
import { noiseSection, priceSection, saturationSection } from "./report/exhibits.ts";
import { concentrabilitySection, ratesSection } from "./report/rates.ts";
import { CLAIMS_WORDS, limitsSection, summarySection } from "./report/words.ts";
import type { report } from "./report.ts";

export const run: Run<typeof report> = async ({ inputs, params: { config }, outputs }) => {
  const [results, studies, verdicts, evidence] = await Promise.all([
    inputs.results.read(),
    inputs.studies.read(),
    inputs.verdicts.read(),
    inputs.evidence.read(),
  ]);
  const sections: Section[] = [
    summarySection(verdicts, config),
    crossingSection(results, config),
    banditsSection(results, config),
    saturationSection(studies, config),
    priceSection(results, config),
    ratesSection(results, studies, config),
    validitySection(results, config),
    fourActionsSection(results),
    concentrabilitySection(studies, config),
    noiseSection(results, config),
    estimatesSection(results, config),
    claimsSection(verdicts, evidence, CLAIMS_WORDS),
    limitsSection(config),
  ];
  await outputs.sections.write(written(sections));
};
