/** Runs the report stage. */

import type { ReportSection, Run } from "../../pipeline/types.ts";
import { markup } from "../../methods/plot/mod.ts";
import { claimsSection } from "../common/claims_section.ts";
import type { Section } from "../common/section.ts";
import type { report } from "./report.ts";

export const run: Run<typeof report> = async ({ inputs, outputs }) => {
  const [verdicts, evidence] = await Promise.all([inputs.verdicts.read(), inputs.evidence.read()]);
  const sections: Section[] = [
    claimsSection(verdicts, evidence, { families: {}, introduction: markup`` }),
  ];
  await outputs.sections.write(
    sections.map((s): ReportSection => ({ ...s, html: s.html.text })),
  );
};
