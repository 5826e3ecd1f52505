/** `deno task bundle diff`: how two bundles differ. */

import { type BundleDifference, diffBundles } from "../archive/diff.ts";
import { plural } from "../report/format.ts";
import { openFiles, openOptions } from "./bundle_files.ts";
import type { Command, Io } from "./command.ts";
import { usage } from "./options.ts";

const command: Command = {
  spec: {
    name: "bundle diff",
    describe: "Compares two bundles: nodes, why their keys differ, outputs, metrics, verdicts. " +
      "Ends with 0 when they hold the same results, else with 1.",
    positional: { name: "before", optional: false },
    more: [{ name: "after", optional: false }],
    options: { ...openOptions, json: { type: "flag", describe: "Print one JSON object." } },
    examples: ["deno task bundle diff before.tar after.tar"],
  },
  async run(args, io) {
    const [before, after] = args.positionals;
    if (after === undefined) throw usage(command.spec, "Which two bundles?", "Name both files.");
    using a = await openFiles(command.spec, [before], args, io);
    using b = await openFiles(command.spec, [after], args, io);
    const difference = await diffBundles(a, b);
    if (args.flags.has("json")) io.out.write(JSON.stringify(difference) + "\n");
    else tell(difference, io);
    return difference.same ? 0 : 1;
  },
};
export default command;

function tell(difference: BundleDifference, io: Io): void {
  const lines: string[] = [];
  for (const [field, { before, after }] of Object.entries(difference.about)) {
    lines.push(`${field}: ${before} → ${after}`);
  }
  lines.push(...difference.removed.map((id) => `- ${id}`));
  lines.push(...difference.added.map((id) => `+ ${id}`));
  for (const { id, key, changes, outputs } of difference.nodes) {
    const others = Object.keys(outputs);
    const bytes = others.length === 0 ? "same outputs" : `other bytes: ${others.join(", ")}`;
    lines.push(`~ ${id} (${key === null ? `same key, ${bytes}` : bytes})`);
    lines.push(...changes.slice(0, 3).map(({ text }) => `    ${text}`));
    if (changes.length > 3) lines.push(`    and ${changes.length - 3} more`);
  }
  for (const { target, different, numbers, largest, other } of difference.metrics) {
    const most = largest === null
      ? ""
      : `, most at ${largest.path}: ${largest.before} → ${largest.after}`;
    const rest = other.length === 0 ? "" : `; also ${other.slice(0, 3).join(", ")}`;
    lines.push(`${target}: ${different} of ${numbers} numbers differ${most}${rest}`);
  }
  for (const { claim, before, after, fields } of difference.verdicts) {
    const label = before === after ? before : `${before ?? "none"} → ${after ?? "none"}`;
    const numbers = Object.entries(fields)
      .map(([name, { before, after }]) => `${name} ${word(before)} → ${word(after)}`);
    lines.push(`verdict ${claim}: ${[label, ...numbers].join(", ")}`);
  }
  const kept = `${plural(difference.unchanged, "node")} the same.`;
  lines.push(difference.same ? `The same results; ${kept}` : kept);
  io.out.write(lines.join("\n") + "\n");
}

function word(value: unknown): string {
  return Array.isArray(value) ? `[${value.join(", ")}]` : String(value);
}
