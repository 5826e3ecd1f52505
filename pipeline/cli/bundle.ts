/** `deno task bundle <paper>`: packs a finished run into one file that verifies itself. */

import { createBundle, type CreatedBundle } from "../archive/create.ts";
import { readKey } from "../archive/signature.ts";
import { Failed } from "../failure.ts";
import { isSystemError } from "../host.ts";
import { byteSize, plural } from "../report/format.ts";
import { splitPatterns } from "../plan/selection.ts";
import type { Command, Io } from "./command.ts";
import { type Arguments, usage } from "./options.ts";
import { openSession, planOptions } from "./session.ts";
import { parseSize } from "./sizes.ts";

const { preset, provider, jobs, store } = planOptions;

const command: Command = {
  spec: {
    name: "bundle",
    describe:
      "Packs the results of a paper, everything that they were made from, and how to make " +
      "them again, into one file. Everything must have run. The same results give the same bytes. " +
      "`deno task bundle verify`, `import` and `diff` read such files.",
    positional: { name: "paper", optional: false },
    options: {
      out: {
        type: "text",
        short: "o",
        value: "FILE",
        describe: "Where to. Default: <paper>-<preset>.tar here.",
      },
      preset,
      provider,
      jobs,
      store,
      target: {
        type: "text",
        value: "NAMES",
        describe: "Only these targets and what they need: verdicts, report, keep.<name>; several " +
          "with commas.",
      },
      until: {
        type: "text",
        value: "PATTERNS",
        describe: "Only these nodes and what they need, as for reproduce --until.",
      },
      "without-data": {
        type: "flag",
        describe: "Leave data packages and downloads outside, by digest and URL (fetch.txt).",
      },
      external: {
        type: "text",
        value: "SIZE",
        describe: "Leave files of data packages and downloads larger than SIZE outside, e.g. 100M.",
      },
      split: {
        type: "text",
        value: "SIZE",
        describe: "Several files of at most SIZE each, e.g. 45G for Zenodo.",
      },
      sign: {
        type: "text",
        value: "KEY.pem",
        describe: "Sign with this Ed25519 key (openssl genpkey -algorithm ed25519).",
      },
      json: { type: "flag", describe: "Print one JSON object." },
    },
    examples: [
      "deno task bundle optima -o optima.tar",
      "deno task bundle optima --preset smoke --sign key.pem",
      "deno task bundle verify optima.tar --rerun",
      "deno task bundle import optima.tar --store DIR",
      "deno task bundle diff before.tar after.tar",
    ],
  },
  async run(args, io) {
    const { texts, flags } = args;
    if (texts.external !== undefined && flags.has("without-data")) {
      throw usage(command.spec, "--without-data leaves out more than --external.", "Drop either.");
    }
    if (texts.target !== undefined && texts.until !== undefined) {
      throw usage(command.spec, "--target and --until both say what is taken.", "Drop either.");
    }
    const size = (name: string) =>
      texts[name] === undefined ? undefined : parseSize(command.spec, name, texts[name]);
    const splitBytes = size("split");
    const externalBytes = flags.has("without-data") ? -1 : size("external");
    const key = texts.sign === undefined ? undefined : await readPrivateKey(io, texts.sign);
    // Planned as a whole: a part that is cached is no reason to leave the rest out of sight.
    const { until, ...rest } = texts;
    const session = await openSession(command.spec, { ...args, texts: rest }, io.place);
    const { paper, preset } = session.plan;
    const file = io.place.resolve(texts.out ?? `${paper}-${encodeURIComponent(preset)}.tar`);
    try {
      const made = await createBundle({
        ...session,
        command: typed(session.plan, args),
        targets: texts.target?.split(","),
        until: until === undefined ? undefined : splitPatterns(until),
        file,
        key,
        splitBytes,
        externalBytes,
      });
      if (flags.has("json")) io.out.write(JSON.stringify({ paper, preset, ...made }) + "\n");
      else tell(made, key !== undefined, io);
      return 0;
    } catch (error) {
      throw unwritten(error, io.place.show(file)) ?? error;
    } finally {
      session.store.close();
    }
  },
};
export default command;

/** The failure behind an error of the system about the bundle's file; null for other errors. */
function unwritten(error: unknown, where: string): Failed | null {
  if (!isSystemError(error)) return null;
  const message = `the bundle cannot be written: ${error.message}`;
  const mend = "Name a file in a folder that can be written to with --out FILE.";
  return new Failed({ code: "bundle-file", message, where, mend }, { cause: error });
}

async function readPrivateKey(io: Io, path: string) {
  const file = io.place.resolve(path);
  try {
    return readKey(await Deno.readTextFile(file), "private", io.place.show(file));
  } catch (error) {
    if (error instanceof Failed) throw error;
    const message = `the key cannot be read: ${error instanceof Error ? error.message : error}`;
    throw new Failed({ code: "key", message, where: io.place.show(file) });
  }
}

/** The command that makes what is missing. */
function typed(plan: { paper: string; preset: string; provider: string }, args: Arguments): string {
  const more = ["jobs", "store"].flatMap((name) => {
    const value = args.texts[name] ?? args.counts[name];
    return value === undefined ? [] : [` --${name} ${value}`];
  });
  const { paper, preset, provider } = plan;
  return `deno task reproduce ${paper} --preset ${preset} --provider ${provider}${more.join("")}`;
}

function tell(made: CreatedBundle, signed: boolean, io: Io): void {
  const { nodes, blobs, external, parts } = made;
  const apart = external === 0
    ? ""
    : `, ${plural(external, "data file")} (${byteSize(made.externalBytes)}) outside`;
  io.out.write(
    `${plural(nodes, "node")}, ${plural(blobs, "object")}${apart}${signed ? ", signed" : ""}\n`,
  );
  for (const { file, digest, bytes } of parts) {
    io.out.write(`${io.place.show(file)} (${byteSize(bytes)})\n  sha256 ${digest}\n`);
  }
  const files = parts.map(({ file }) => io.place.show(file)).join(" ");
  io.out.write(`Check it: deno task bundle verify ${files}\n`);
}
