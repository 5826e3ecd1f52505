/** Runs the report stage. */

import { markup } from "../../methods/plot/mod.ts";
import type { ReportSection, Run } from "../../pipeline/types.ts";
import { claimsSection } from "../common/claims_section.ts";
import type { Section } from "../common/section.ts";
import type { report } from "./report.ts";

export const run: Run<typeof report> = async ({ inputs, outputs }) => {
  const [verdicts, evidence] = await Promise.all([inputs.verdicts.read(), inputs.evidence.read()]);
  const sections: (Section | null)[] = [
    claimsSection(verdicts, evidence, { families: {}, introduction: markup`` }),
  ];
  await outputs.sections.write(
    sections.filter((s) => s !== null).map((s): ReportSection => ({ ...s, html: s.html.text })),
  );
};
