/** `deno task gc`: removes from the store what nobody asks for any more. */

import { Failed } from "../failure.ts";
import { namesIn } from "../fsck/files.ts";
import { gc, type GcReport } from "../gc/gc.ts";
import { byteSize, counted, plural } from "../report/format.ts";
import type { Command, Io } from "./command.ts";
import { openExisting } from "./existing_store.ts";

const KEEP_RUNS = 10;

const command: Command = {
  spec: {
    name: "gc",
    describe:
      "Removes results that are in no paper's last state, no lock file, no recent run and " +
      "no imported bundle, and remains of failed stages. May run beside a pipeline.",
    options: {
      "dry-run": { type: "flag", describe: "Only say what would go, and how many bytes." },
      "older-than": {
        type: "text",
        value: "AGE",
        describe: "Keep what was touched since, e.g. 12h, 30d or 8w. Default: 10m.",
      },
      "keep-runs": {
        type: "count",
        value: "N",
        describe:
          `Keep the results of the last N runs of each paper and preset. Default: ${KEEP_RUNS}.`,
      },
      store: { type: "text", value: "DIR", describe: "The store. Default: artifacts/store." },
      json: { type: "flag", describe: "Print one JSON object." },
    },
    examples: ["deno task gc --dry-run", "deno task gc --older-than 30d --keep-runs 3"],
  },
  async run(args, io) {
    const age = args.texts["older-than"];
    const olderThanMs = age === undefined ? undefined : milliseconds(age);
    const artifacts = `${io.place.rootDir}/artifacts`;
    const lockFiles = namesIn(artifacts).filter((name) => /\.lock\.[a-z]+$/.test(name))
      .map((name) => `${artifacts}/${name}`);
    const report = gc(await openExisting(io.place, args), {
      lockFiles,
      keepRuns: args.counts["keep-runs"] ?? KEEP_RUNS,
      dryRun: args.flags.has("dry-run"),
      olderThanMs,
    });
    if (args.flags.has("json")) io.out.write(JSON.stringify(report) + "\n");
    else tell(report, io);
    return 0;
  },
};
export default command;

const UNITS: Readonly<Record<string, number>> = { m: 60e3, h: 3600e3, d: 86400e3, w: 604800e3 };

function milliseconds(age: string): number {
  const match = /^(\d{1,6})([mhdw])$/.exec(age);
  if (match !== null) return Number(match[1]) * UNITS[match[2]];
  throw new Failed({
    code: "usage",
    message: `--older-than needs an age such as 12h, 30d or 8w, not "${age}"`,
    mend: "`deno task gc --help` lists what is understood.",
  });
}

/** What the counts are called, where their name is no plural. */
const words: Readonly<Record<string, string>> = { history: "details of past runs" };

function tell({ removed, kept, dryRun }: GcReport, io: Io): void {
  const verb = dryRun ? "Would remove" : "Removed";
  const kinds = Object.entries(removed);
  for (const [kind, { count, bytes }] of kinds) {
    io.out.write(`${verb} ${counted(count, words[kind] ?? kind)} (${byteSize(bytes)}).\n`);
  }
  if (kinds.length === 0) io.out.write("Nothing to remove.\n");
  const stays = `${plural(kept.records, "record")} and ${plural(kept.objects, "object")}`;
  io.out.write(`${stays} (${byteSize(kept.bytes)}) stay.\n`);
}
