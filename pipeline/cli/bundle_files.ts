/** What the commands that read bundles share: options, opening, and words for checks. */

import { BagError, type BagLimits } from "../archive/bag/mod.ts";
import type { Check } from "../archive/checks.ts";
import type { Limits } from "../archive/limited_host.ts";
import { type OpenBundle, openBundle } from "../archive/open_bundle.ts";
import { readKey } from "../archive/signature.ts";
import { Failed } from "../failure.ts";
import type { Host } from "../host.ts";
import type { Io } from "./command.ts";
import type { Arguments, CommandSpec, OptionSpec } from "./options.ts";
import { usage } from "./options.ts";
import { parseSize } from "./sizes.ts";

/** Options of every command that opens bundles. */
export const openOptions: Readonly<Record<string, OptionSpec>> = {
  scratch: {
    type: "text",
    value: "DIR",
    describe: "Where to unpack; as large as the bundle, removed at the end. Default: the " +
      "system's temporary folder.",
  },
  "max-size": {
    type: "text",
    value: "SIZE",
    describe: "Refuse bundles that are larger unpacked. Default: 1T.",
  },
};

/** Opens the bundle in one or several files. @throws {Failed} for files that are none. */
export async function openFiles(
  command: CommandSpec,
  files: readonly string[],
  args: Arguments,
  io: Io,
  host?: Host,
): Promise<OpenBundle> {
  const limits: Partial<BagLimits> = args.texts["max-size"] === undefined
    ? {}
    : { totalBytes: parseSize(command, "max-size", args.texts["max-size"]) };
  const scratch = args.texts.scratch && io.place.resolve(args.texts.scratch);
  const paths = files.map((file) => io.place.resolve(file));
  try {
    return await openBundle(paths, { scratch, limits, host });
  } catch (error) {
    if (error instanceof Failed || !(error instanceof Error) || !("code" in error)) throw error;
    throw new Failed({
      code: "bundle-file",
      message: `it cannot be read: ${error.message}`,
      where: files.join(", "),
    }, { cause: error });
  }
}

/** All positional arguments, at least one. */
export function filesOf(command: CommandSpec, args: Arguments): readonly string[] {
  if (args.positionals.length > 0) return args.positionals;
  throw usage(command, "Which bundle?", "Name the file that `deno task bundle` made.");
}

/** The key of `--public-key`. */
export async function publicKeyOf(args: Arguments, io: Io) {
  const path = args.texts["public-key"];
  if (path === undefined) return undefined;
  const file = io.place.resolve(path);
  try {
    return readKey(await Deno.readTextFile(file), "public", io.place.show(file));
  } catch (error) {
    if (error instanceof Failed) throw error;
    const message = `the key cannot be read: ${error instanceof Error ? error.message : error}`;
    throw new Failed({ code: "key", message, where: io.place.show(file) });
  }
}

/** `--public-key`. */
export const publicKeyOption: OptionSpec = {
  type: "text",
  value: "PUB.pem",
  describe: "Require a signature by this Ed25519 key (openssl pkey -in key.pem -pubout).",
};

/** A bundle that is damaged or none at all, as the one check that failed. */
export function refusal(error: unknown): Check | null {
  if (!(error instanceof Failed)) return null;
  const bag = error instanceof BagError;
  if (!bag && !error.failure.code.startsWith("bundle-")) return null;
  const { where, message } = error.failure;
  const problems = [where === undefined ? message : `${where}: ${message}`];
  return { name: bag ? "bytes" : "contents", status: "failed", what: "", problems };
}

/** Problems of one check that are listed; `--json` has all. */
const LISTED = 10;

/** The checks as a list, problems indented under them. */
export function tellChecks(checks: readonly Check[], io: Io): void {
  const { paint } = io.out;
  const marks = {
    ok: paint.good("ok"),
    failed: paint.bad("FAILED"),
    open: paint.warn("NOT DONE"),
    skipped: paint.muted("–"),
  };
  const plain = { ok: "ok", failed: "FAILED", open: "NOT DONE", skipped: "–" };
  for (const { name, status, what, problems } of checks) {
    const mark = marks[status] + " ".repeat(9 - plain[status].length);
    io.out.write(`${mark}${name.padEnd(15)}${what}`.trimEnd() + "\n");
    for (const problem of problems.slice(0, LISTED)) io.out.write(`         ${problem}\n`);
    if (problems.length > LISTED) {
      io.out.write(`         and ${problems.length - LISTED} more (--json lists them)\n`);
    }
  }
}

/** Limits that hold when nothing is said: generous for a laptop, finite for a stranger's program. */
export function limitsOf(memory: number, seconds: number): Limits {
  return {
    memory,
    cpuSeconds: Math.ceil(seconds * navigator.hardwareConcurrency),
    fileBytes: 64e9,
  };
}
