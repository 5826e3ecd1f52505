/** `deno task report`: makes the HTML of the last run again, without running stages. */

import { Failed } from "../failure.ts";
import { findPaper } from "../declare/project.ts";
import { readReport, reportedPresets, writeReport } from "../report/report_file.ts";
import type { Command } from "./command.ts";
import { usage } from "./options.ts";

const command: Command = {
  spec: {
    name: "report",
    describe: "Writes the HTML report of a paper's last run again and prints its path. " +
      "Runs no stage.",
    positional: { name: "paper", optional: false },
    options: {
      preset: {
        type: "text",
        value: "NAME",
        describe: "Preset. Default: the one that was run last.",
      },
      json: { type: "flag", describe: "Print one JSON object." },
    },
    examples: ["deno task report optima"],
  },
  async run(args, io) {
    const paper = args.positional;
    if (paper === null) {
      throw usage(command.spec, "Which paper?", "`deno task reproduce --list` names them.");
    }
    await findPaper(io.place.root, paper);
    const dir = io.place.reportsDir;
    const presets = await reportedPresets(dir, paper);
    const preset = args.texts.preset ?? presets[0];
    const saved = preset === undefined ? null : await readReport(dir, paper, preset);
    if (saved === null) {
      const flag = args.texts.preset ? ` --preset ${args.texts.preset}` : "";
      const others = presets.length ? ` There are reports of: ${presets.join(", ")}.` : "";
      throw new Failed({
        code: "no-report",
        message: `There is no report of ${paper}${flag && ` with${flag}`}.${others}`,
        mend: `This runs what is missing and writes it: deno task reproduce ${paper}${flag}`,
      });
    }
    const path = await writeReport(dir, saved);
    io.out.write(
      args.flags.has("json")
        ? JSON.stringify({ paper, preset, report: path, date: saved.meta.date }) + "\n"
        : `${io.place.show(path)}\n`,
    );
    return 0;
  },
};
export default command;
