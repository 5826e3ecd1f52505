/** Runs the report stage. */

import type { Run } from "../../pipeline/types.ts";
import { claimsSection } from "../common/claims_section.ts";
import { type Section, written } from "../common/section.ts";
import { curvesSection } from "./report/curves.ts";
import { dimensionSection } from "./report/dimension.ts";
import { imagesSection } from "./report/images.ts";
import { slopesSection } from "./report/slopes.ts";
import { floorsSection, seedsSection } from "./report/tables.ts";
import { CLAIMS_WORDS, limitsSection, outcomeSection } from "./report/words.ts";
import type { report } from "./report.ts";

export const run: Run<typeof report> = async ({ inputs, params, outputs }) => {
  const [designs, verdicts, evidence] = await Promise.all([
    inputs.designs.read(),
    inputs.verdicts.read(),
    inputs.evidence.read(),
  ]);
  const exhibits = await Promise.all(params.sets.map(async (set, i) => ({
    set,
    result: await inputs.images[i].read(),
    eigenvalues: await inputs.eigenvalues[i].read(),
  })));
  const { study: { smoothness, noise, lengthScale }, rows, measures: { floorFactor } } = params;
  const sections: (Section | null)[] = [
    outcomeSection(verdicts),
    curvesSection(designs),
    slopesSection(designs),
    claimsSection(verdicts, evidence, CLAIMS_WORDS),
    dimensionSection(designs, smoothness),
    floorsSection(designs, floorFactor),
    imagesSection(exhibits, { smoothness, floorFactor }),
    seedsSection(designs),
    limitsSection(designs, { noise, lengthScale, validation: rows.validation }),
  ];
  await outputs.sections.write(written(sections));
};
