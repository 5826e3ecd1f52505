/** What the command line asks of the lock file of a paper. */

import type { Command } from "./command.ts";
import { type Arguments, usage } from "./options.ts";

/** What to do with the lock file besides comparing. */
export type LockMode = "compare" | "frozen" | "update";

/** The mode that the options ask for. @throws {Failed} "usage" when they contradict each other. */
export function lockMode({ spec }: Command, { flags, texts }: Arguments): LockMode {
  const mode = flags.has("frozen") ? "frozen" : flags.has("update-lock") ? "update" : "compare";
  if (mode === "compare") return mode;
  const name = mode === "frozen" ? "--frozen" : "--update-lock";
  if (flags.has("frozen") && flags.has("update-lock")) {
    throw usage(spec, "--frozen checks the lock file, --update-lock writes it.", "Drop either.");
  }
  if (flags.has("dry-run")) {
    throw usage(spec, `${name} needs a run, and --dry-run runs nothing.`, "Drop either.");
  }
  const part = ["only", "from", "until"].find((option) => texts[option] !== undefined);
  if (part !== undefined) {
    throw usage(spec, `${name} is for a whole result, and --${part} runs a part.`);
  }
  return mode;
}
