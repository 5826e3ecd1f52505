/** npm packages that hold data: where they come from, and whom to credit. */

import type { NpmSource } from "../../pipeline/types.ts";

/** A pinned package and whom to credit. */
export interface DataPackage extends NpmSource {
  readonly attribution: string;
}
