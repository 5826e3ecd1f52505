/** `deno task fsck`: checks every byte of the store, and mends it with `--repair`. */

import { type Damage, fsck, type FsckReport } from "../fsck/fsck.ts";
import { byteSize, counted, plural } from "../report/format.ts";
import type { Command, Io } from "./command.ts";
import { openExisting } from "./existing_store.ts";

const command: Command = {
  spec: {
    name: "fsck",
    describe: "Checks the store: every object against its name, every record against its key and " +
      "its objects. Changes nothing unless --repair is given. May run beside a pipeline.",
    options: {
      repair: {
        type: "flag",
        describe: "Move damaged objects to quarantine/ and drop broken records, so that the next " +
          "run makes them again.",
      },
      quick: { type: "flag", describe: "Compare sizes only, without reading the objects." },
      store: { type: "text", value: "DIR", describe: "The store. Default: artifacts/store." },
      json: { type: "flag", describe: "Print one JSON object." },
    },
    examples: ["deno task fsck", "deno task fsck --quick", "deno task fsck --repair"],
  },
  async run(args, io) {
    const store = await openExisting(io.place, args);
    const options = { quick: args.flags.has("quick"), repair: args.flags.has("repair") };
    const report = await fsck(store, options);
    const ok = report.damage.every(({ mended }) => mended !== null);
    if (args.flags.has("json")) io.out.write(JSON.stringify({ ok, ...report }) + "\n");
    else tell(report, options, io);
    return ok ? 0 : 1;
  },
};
export default command;

/** Damage is listed up to here; `--json` has all of it. */
const LISTED = 20;

function tell(report: FsckReport, { quick, repair }: { quick: boolean; repair: boolean }, io: Io) {
  const { bytes = 0, ...counts } = report.counts;
  const looked = Object.entries(counts).map(([name, count]) => counted(count, name));
  const how = quick ? "sizes only" : "every byte";
  io.out.write(`Checked ${looked.join(", ") || "an empty store"} (${byteSize(bytes)}, ${how}).\n`);
  const line = ({ path, what, mended }: Damage) =>
    `  ${io.place.show(path)}: ${what}${mended === null ? "" : `; ${mended}`}\n`;
  report.damage.slice(0, LISTED).forEach((one) => io.out.write(line(one)));
  if (report.damage.length > LISTED) {
    io.out.write(`  and ${report.damage.length - LISTED} more; --json lists them all\n`);
  }
  const open = report.damage.filter(({ mended }) => mended === null).length;
  if (report.damage.length === 0) io.out.write("No damage.\n");
  else if (open === 0) {
    io.out.write(
      `${
        plural(report.damage.length, "place")
      } mended. The next run makes again what is missing.\n`,
    );
  } else {
    const mend = repair
      ? "Check the disk and the permissions of the store."
      : "`deno task fsck --repair` mends what it can; results are never read without a check.";
    io.out.write(`${plural(open, "place")} damaged. ${mend}\n`);
  }
  const remains = Object.entries(report.remains).map(([name, count]) => counted(count, name));
  if (remains.length > 0) io.out.write(`Left behind, harmless: ${remains.join(", ")}.\n`);
}
