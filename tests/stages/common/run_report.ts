/** Runs a paper's report stage in memory. */

import type { ReportSection } from "../../../pipeline/types.ts";

/** A stage's input that was read already. */
export const input = <T>(value: T) => ({
  path: "input.json",
  read: () => Promise.resolve(value),
});

/** What a stage's implementation is called with besides inputs and parameters. */
export const surroundings = { provider: "cpu", threads: 1, progress: () => {} } as const;

type Outputs = {
  readonly sections: { path: string; write: (sections: ReportSection[]) => Promise<void> };
};

/** The sections that `run` writes, by their ids. */
export async function sectionsOf(
  run: (outputs: Outputs) => Promise<void>,
): Promise<Record<string, ReportSection>> {
  let sections: ReportSection[] = [];
  await run({
    sections: {
      path: "sections.json",
      write: (s) => Promise.resolve(void (sections = s)),
    },
  });
  return Object.fromEntries(sections.map((s) => [s.id, s]));
}
