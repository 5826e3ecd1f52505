/** A section of the report before it is text. */

import type { Markup } from "../../methods/plot/mod.ts";
import type { ReportSection } from "../../pipeline/types.ts";

export interface Section {
  readonly id: string;
  readonly title: string;
  readonly html: Markup;
}

/** The sections of a report as text; those that a run has no data for are left out. */
export function written(sections: readonly (Section | null)[]): ReportSection[] {
  return sections.filter((s) => s !== null).map((s) => ({ ...s, html: s.html.text }));
}
