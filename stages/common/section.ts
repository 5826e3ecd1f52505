/** A section of the report before it is text. */

import type { Markup } from "../../methods/plot/mod.ts";

export interface Section {
  readonly id: string;
  readonly title: string;
  readonly html: Markup;
}
