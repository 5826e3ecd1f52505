/** The command line: finds the command, words its failures, chooses the exit code. */

import type { Command, Io } from "./command.ts";
import { Place } from "./place.ts";
import { terminalOf } from "./terminal.ts";

/** Commands load when they are used: start-up is most of a run that has nothing to do. */
const commands: Readonly<Record<string, () => Promise<{ default: Command }>>> = {
  reproduce: () => import("./reproduce.ts"),
  explain: () => import("./explain.ts"),
  report: () => import("./report.ts"),
  clean: () => import("./clean.ts"),
  runs: () => import("./runs.ts"),
  compare: () => import("./compare.ts"),
  log: () => import("./log.ts"),
  watch: () => import("./watch.ts"),
  fsck: () => import("./fsck.ts"),
  bundle: () => import("./bundle.ts"),
  "bundle verify": () => import("./bundle_verify.ts"),
  "bundle import": () => import("./bundle_import.ts"),
  "bundle diff": () => import("./bundle_diff.ts"),
  gc: () => import("./gc.ts"),
};

async function main(args: readonly string[], io: Io): Promise<number> {
  if (args[0] === "reproduce") {
    const { sameAgain } = await import("../certificate/same_again.ts");
    if (await sameAgain(args, io)) return 0;
  }
  const [{ nearest }, { helpText, parseArguments }] = await Promise.all([
    import("../failure.ts"),
    import("./options.ts"),
  ]);
  const [first, ...others] = args.filter((a, i) => !(i === 0 && a === "--"));
  const sub = Object.hasOwn(commands, `${first} ${others[0]}`);
  const [name, rest] = sub ? [`${first} ${others[0]}`, others.slice(1)] : [first, others];
  const load = name === undefined ? undefined : commands[name];
  if (name !== undefined && load && Object.hasOwn(commands, name)) {
    const command = (await load()).default;
    const parsed = parseArguments(command.spec, rest);
    if (parsed.flags.has("help")) {
      io.out.write(helpText(command.spec, io.out.width()) + "\n");
      return 0;
    }
    return await command.run(parsed, io);
  }
  const help = name === undefined || name === "--help" || name === "-h";
  const guess = help ? null : nearest(name, Object.keys(commands));
  const lines = help ? await overview() : [
    `Unknown command "${name}".${guess ? ` Did you mean "${guess}"?` : ""}`,
    `The commands are ${Object.keys(commands).join(", ")}. Each understands --help.`,
  ];
  (help ? io.out : io.err).write(lines.join("\n") + "\n");
  return help && name !== undefined ? 0 : 2;
}

/** All commands with the first sentence of their help. */
async function overview(): Promise<string[]> {
  const names = Object.keys(commands);
  const width = Math.max(...names.map((name) => name.length));
  const loaded = await Promise.all(names.map((name) => commands[name]()));
  const lines = loaded.map(({ default: { spec } }, i) =>
    `  deno task ${names[i].padEnd(width)}  ${spec.describe.split(/(?<=[.]) /)[0]}`
  );
  return ["Commands:", ...lines, "", "Each understands --help."];
}

/** How Deno says that something which the engine itself imports is not to be had. */
const ABSENT_PACKAGE =
  /(?:Failed caching npm package|npm package not found in cache:) ['"]([^'"]+)/;

/** An error nobody foresaw: one line for the user, the trace in a file. */
async function tellDefect(io: Io, json: boolean, error: unknown): Promise<void> {
  const trace = error instanceof Error ? error.stack ?? error.message : String(error);
  const first = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  let log: string | undefined;
  try {
    log = await Deno.makeTempFile({ prefix: "reproduce-", suffix: ".log" });
    await Deno.writeTextFile(log, `${Deno.args.join(" ")}\nDeno ${Deno.version.deno}\n${trace}\n`);
  } catch {
    // Nowhere to write: the one line has to do.
  }
  const { tellFailure } = await import("./tell.ts");
  const absent = ABSENT_PACKAGE.exec(first)?.[1];
  if (absent !== undefined) {
    tellFailure(io, json, {
      code: "package-missing",
      message: `the npm package ${absent} is not in Deno's cache, and could not be fetched`,
      mend: "Connect to the network, or correct the registry in .npmrc, and run deno install.",
      log,
    });
    return;
  }
  tellFailure(io, json, {
    code: "defect",
    message: `${first.split("\n")[0]} (this is a defect, not something that you did)`,
    log,
  });
}

if (import.meta.main) {
  const io: Io = {
    out: terminalOf(Deno.stdout),
    err: terminalOf(Deno.stderr),
    place: new Place(new URL("../../", import.meta.url), Deno.env.get("INIT_CWD") ?? Deno.cwd()),
  };
  const json = Deno.args.includes("--json");
  // Standard output holds results; what the modules of a paper print is none.
  for (const name of ["log", "info", "debug", "table", "dir"] as const) {
    console[name] = console.error;
  }
  const tell = async (error: unknown) => {
    try {
      const [{ failureOf }, { tellFailure }] = await Promise.all([
        import("../failure.ts"),
        import("./tell.ts"),
      ]);
      const failure = failureOf(error);
      if (failure) tellFailure(io, json, failure);
      else await tellDefect(io, json, error);
    } catch {
      // Standard output takes nothing, e.g. on a full disk; the exit code says it all the same.
      const message = error instanceof Error ? error.message : String(error);
      io.err.write(`${io.err.paint.bad("error")}: ${message}\n`);
    }
  };
  // What nobody waits for, e.g. a promise that the modules of a paper left to itself.
  const end = (event: Event, error: unknown) => {
    event.preventDefault();
    tell(error).finally(() => Deno.exit(1));
  };
  addEventListener("unhandledrejection", (event) => end(event, event.reason));
  addEventListener("error", (event) => end(event, event.error));
  let code: number;
  try {
    code = await main(Deno.args, io);
  } catch (error) {
    const { failureOf } = await import("../failure.ts");
    const failure = failureOf(error);
    await tell(error);
    // A full disk is no wrong usage.
    code = failure && failure.code !== "no-space" ? 2 : 1;
  }
  Deno.exit(code);
}
