/** Runs the report stage. */

import type { Run } from "../../pipeline/types.ts";
import { claimsSection } from "../common/claims_section.ts";
import { CLAIMS_WORDS, limitsSection, summarySection } from "./report/words.ts";
import { choicesSection, curvesSection, regretSection } from "./report/training.ts";
import { outcomesSection, tasksSection } from "./report/outcomes.ts";
import { samplesSection, teacherSection } from "./report/samples.ts";
import { type Section, written } from "../common/section.ts";
import type { report } from "./report.ts";

export const run: Run<typeof report> = async ({ inputs, outputs }) => {
  const [metrics, verdicts, evidence] = await Promise.all([
    inputs.metrics.read(),
    inputs.verdicts.read(),
    inputs.evidence.read(),
  ]);
  const sections: (Section | null)[] = [
    summarySection(metrics, verdicts),
    claimsSection(verdicts, evidence, CLAIMS_WORDS),
    curvesSection(metrics),
    choicesSection(metrics),
    regretSection(metrics),
    outcomesSection(metrics),
    tasksSection(metrics),
    samplesSection(metrics),
    teacherSection(metrics),
    limitsSection(metrics),
  ];
  await outputs.sections.write(written(sections));
};
