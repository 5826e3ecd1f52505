/** Runs the report stage. */

import type { ReportSection, Run } from "../../pipeline/types.ts";
import { claimsSection } from "../common/claims_section.ts";
import type { Section } from "../common/section.ts";
import type { report } from "./report.ts";
import { CLAIMS_WORDS } from "./report/words.ts";

export const run: Run<typeof report> = async ({ inputs, outputs }) => {
  const [verdicts, evidence] = await Promise.all([
    inputs.verdicts.read(),
    inputs.evidence.read(),
  ]);
  const sections: Section[] = [claimsSection(verdicts, evidence, CLAIMS_WORDS)];
  await outputs.sections.write(
    sections.map((s): ReportSection => ({ ...s, html: s.html.text })),
  );
};
