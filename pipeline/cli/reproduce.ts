/** `deno task reproduce`: runs a paper's pipeline, shows progress, ends with its verdicts. */

import { storeFailure } from "../run/child_failure.ts";
import { failureOf } from "../failure.ts";
import { isSystemError } from "../host.ts";
import { duration, plural } from "../report/format.ts";
import { htmlPath, isReportCurrent, writeReport } from "../report/report_file.ts";
import type { RemoteAddress } from "../remote/address.ts";
import type { RemoteSummary } from "../remote/remote.ts";
import { DamagedObject } from "../store/store.ts";
import { run as runPlan, type RunResult } from "../run/run.ts";
import type { Outcome } from "../types.ts";
import { circumstances, commandLine } from "./circumstances.ts";
import type { Command, Io } from "./command.ts";
import { explainLines } from "./explain.ts";
import { cancelledExit, onInterrupt } from "./interrupt.ts";
import { partialJson, plannedStages, ranStages, verdictNumbers } from "./json.ts";
import { type LockMode, lockMode } from "./lock_mode.ts";
import { type Arguments, usage } from "./options.ts";
import {
  mayComeLines,
  openRemoteOf,
  remoteLines,
  remoteOf,
  remoteOptions,
} from "./remote_options.ts";
import { displayFor } from "./progress.ts";
import { openSession, planOptions, type Session } from "./session.ts";
import { aroundJson, aroundText, tellFailures } from "./end_of_run.ts";
import { sameBytesLines } from "./summary.ts";
import { tellFailure } from "./tell.ts";

const command: Command = {
  spec: {
    name: "reproduce",
    describe: "Runs the stages of a paper that are not in the store yet, and says whether its " +
      "claims are reproduced.",
    positional: { name: "paper", optional: false },
    options: {
      ...planOptions,
      ...remoteOptions,
      "packages": {
        type: "text",
        value: "DIR",
        describe: "Take data packages from DIR/NAME@VERSION/ and downloads from DIR/FILE_NAME or " +
          "DIR/SHA256 instead of the network.",
      },
      "frozen": {
        type: "flag",
        describe: "Fail when the result is not what artifacts/<paper>.lock.yaml expects.",
      },
      "update-lock": {
        type: "flag",
        describe: "Write what came of the run to artifacts/<paper>.lock.yaml, to be committed.",
      },
      "check-determinism": {
        type: "flag",
        describe: "Run each stage twice, or once more where its result is stored, and fail those " +
          "whose bytes differ.",
      },
      "dry-run": { type: "flag", short: "n", describe: "Say what would run; run nothing." },
      "json": { type: "flag", describe: "Print one JSON object; progress goes to standard error." },
      "quiet": { type: "flag", short: "q", describe: "No progress." },
      "list": { type: "flag", describe: "List the papers and their presets." },
    },
    examples: [
      "deno task reproduce optima",
      "deno task reproduce optima --preset smoke --provider wasm",
      "deno task reproduce optima --dry-run --json",
    ],
  },
  async run(args, io) {
    if (args.flags.has("list")) {
      const { listAll } = await import("./list.ts");
      return await listAll(args, io);
    }
    const mode = lockMode(command, args);
    const startedAt = performance.now();
    checkPackages(args, io);
    const remote = remoteOf(args);
    const session = await openSession(command.spec, args, io.place);
    if (mode !== "compare") {
      const { lockBefore } = await import("./committed.ts");
      lockBefore(mode, session.plan.paper, session.preset, io.place);
    }
    try {
      return args.flags.has("dry-run")
        ? dryRun(session, remote, args, io, startedAt)
        : await reproduce(session, { address: remote, mode }, args, io, startedAt);
    } finally {
      session.store.close();
    }
  },
};
export default command;

function dryRun(
  session: Session,
  remote: RemoteAddress | null,
  args: Arguments,
  io: Io,
  startedAt: number,
): number {
  const { plan } = session;
  if (args.flags.has("json")) {
    const said = aroundJson({
      paper: plan.paper,
      preset: plan.preset,
      provider: plan.provider,
      stages: plannedStages(plan),
      verdicts: [],
      report: null,
      results: null,
      committed: null,
      ...partialJson(plan),
      dryRun: true,
    });
    io.out.write(said.join(String(secondsSince(startedAt))));
  } else {
    const lines = explainLines(plan, io.out.paint, io.out.width());
    io.out.write([...lines, ...mayComeLines(plan, remote)].join("\n") + "\n");
  }
  return 0;
}

async function reproduce(
  session: Session,
  { address, mode }: { address: RemoteAddress | null; mode: LockMode },
  args: Arguments,
  terminals: Io,
  startedAt: number,
): Promise<number> {
  const { plan } = session;
  let warned = false;
  const err: Io["err"] = {
    ...terminals.err,
    write(text) {
      warned ||= text !== "";
      terminals.err.write(text);
    },
  };
  const io = { ...terminals, err };
  const json = args.flags.has("json");
  const title = `${plan.paper} · ${plan.preset} · ${plan.provider}`;
  const display = displayFor(
    { terminal: io.err, title, jobs: session.jobs },
    args.flags.has("quiet"),
  );
  const controller = new AbortController();
  const interrupt = onInterrupt(() => {
    display.say("Stopping. Finished stages are kept. Ctrl-C again leaves at once.");
    controller.abort();
  }, () => display.close());
  const cold = plan.nodes.some((p) => p.status !== "cached");
  if (cold) {
    display.event({
      type: "setup",
      message: `provider ${plan.provider}: ${session.providerReason}`,
    });
  }
  let result: RunResult;
  let shared: RemoteSummary | null;
  try {
    const warn = (line: string) => display.say(`${io.err.paint.warn("warning")}: ${line}`);
    const remote = await openRemoteOf(address, session.store, controller.signal, warn);
    result = await runPlan({
      ...session,
      typed: commandLine(),
      checkDeterminism: args.flags.has("check-determinism"),
      remote: remote ?? undefined,
      packagesDir: args.texts.packages && io.place.resolve(args.texts.packages),
      signal: controller.signal,
      onEvent: (event) => display.event(event),
    });
    if (remote !== null && remote.waiting > 0) {
      display.say(`Uploading the last ${plural(remote.waiting, "result")} to the remote cache.`);
    }
    shared = await remote?.finish() ?? null;
  } catch (error) {
    const failure = failureOf(error) ?? storeFailure(error, session.store.dir);
    if (failure === null) throw error;
    display.close();
    tellFailure(io, json, failure);
    return controller.signal.aborted ? cancelledExit : 1;
  } finally {
    interrupt.dispose();
    display.close();
  }
  const whole = result.ok && result.complete;
  const report = whole ? await reportIfPossible(session, withGiven(result), io) : null;
  const results = whole ? await resultsIfPossible(session, withGiven(result), io) : null;
  const isCommitted = mode !== "compare" || isThere(io.place.committedFile(plan.paper));
  // Loaded only when there is something to compare or to write.
  const committed = whole && !plan.partial && isCommitted
    ? await (await import("./committed.ts")).committedResult(session, result, io, mode)
    : { json: null, lines: [], frozen: null };
  const seconds = secondsSince(startedAt);
  let said: readonly [string, string];
  if (json) {
    said = aroundJson({
      paper: plan.paper,
      preset: plan.preset,
      provider: plan.provider,
      stages: ranStages(result.outcomes),
      verdicts: verdictNumbers(result.verdicts),
      ...(result.measurements.length === 0 ? {} : { measurements: result.measurements }),
      report,
      results,
      committed: committed.json,
      ...(committed.frozen === null ? {} : { frozen: committed.frozen }),
      ...(shared === null ? {} : { remote: shared }),
      ...(result.sameBytes === undefined ? {} : { sameBytes: result.sameBytes }),
      ...partialJson(plan),
    });
    io.out.write(said.join(String(seconds)));
  } else {
    const notes = [
      ...sameBytesLines(result.sameBytes),
      ...remoteLines(shared),
      ...committed.lines,
    ];
    said = aroundText(io, title, result, { report, results, notes });
    io.out.write(said.join(duration(seconds)));
    if (!result.ok) tellFailures(io, result);
  }
  if (!cold && !warned) {
    // Loaded only when the next run may profit.
    const { certify } = await import("../certificate/certify.ts");
    await certify(Deno.args, session, result, { parts: said, json }, io);
  }
  if (result.ok) return committed.frozen?.ok === false ? 1 : 0;
  return controller.signal.aborted ? cancelledExit : 1;
}

function isThere(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    return !(error instanceof Deno.errors.NotFound);
  }
}

/** A partial run's result with the nodes that it read from the store, which a report shows too. */
function withGiven(result: RunResult): RunResult {
  const { plan, outcomes } = result;
  if (!plan.partial) return result;
  const given = plan.partial.given.map(({ node, key, record }): Outcome => ({
    id: node.id,
    stage: node.stage,
    status: "cached",
    reason: "up to date",
    seconds: 0,
    key,
    outputs: Object.fromEntries(
      Object.entries(record?.outputs ?? {}).map(([name, { digest }]) => [name, digest]),
    ),
  }));
  const nodes = [...plan.partial.given, ...plan.nodes];
  return { ...result, plan: { ...plan, nodes }, outcomes: [...given, ...outcomes] };
}

/** A folder that was named by mistake would be passed over in silence, and the network used. */
function checkPackages(args: Arguments, io: Io): void {
  const { packages } = args.texts;
  if (packages === undefined) return;
  try {
    if (Deno.statSync(io.place.resolve(packages)).isDirectory) return;
  } catch {
    // Not there, or not to be looked at.
  }
  throw usage(command.spec, `--packages ${packages} is not a folder.`);
}

/** A full or read-only disk costs the report, not the verdicts. */
async function reportIfPossible(
  session: Session,
  result: RunResult,
  io: Io,
): Promise<string | null> {
  try {
    return await reportOn(session, result, io);
  } catch (error) {
    // Errors of the system carry its code, e.g. ENOSPC; others are defects.
    if (!(error instanceof Error && "code" in error && typeof error.code === "string")) throw error;
    io.err.write(`${io.err.paint.warn("warning")}: the report is not written: ${error.message}\n`);
    return null;
  }
}

/** Places the kept artifacts for people. @returns the folder; null when nothing is kept. */
async function resultsIfPossible(
  { store, plan }: Session,
  result: RunResult,
  io: Io,
): Promise<string | null> {
  if (!Object.keys(result.targets).some((name) => name.startsWith("keep."))) return null;
  const folder = io.place.resultsDir(plan.paper, plan.preset);
  const { placeResults, resultsOf } = await import("../run/results.ts");
  try {
    await placeResults(store, resultsOf(store, result), folder);
    return folder;
  } catch (error) {
    if (!isSystemError(error) && !(error instanceof DamagedObject)) throw error;
    const warning = `the results are not placed: ${error.message}`;
    io.err.write(`${io.err.paint.warn("warning")}: ${warning}\n`);
    return null;
  }
}

/** Writes the report unless the last one says the same. @returns its path. */
async function reportOn(session: Session, result: RunResult, io: Io): Promise<string> {
  const { paper, preset } = session.plan;
  const dir = io.place.reportsDir;
  const nothingRan = result.outcomes.every((o) => o.status === "cached");
  const keyOf = new Map(result.outcomes.map((o) => [o.id, o.key]));
  const keys = result.plan.nodes.map((p) => keyOf.get(p.node.id) ?? null);
  if (nothingRan && await isReportCurrent(dir, paper, preset, keys)) {
    return htmlPath(dir, paper, preset);
  }
  const { collectNodes } = await import("../report/collect.ts");
  const { nodes, packages } = collectNodes(
    result.plan,
    result.outcomes,
    (key) => session.store.getRecord(key),
  );
  return await writeReport(dir, {
    run: {
      paper,
      preset,
      provider: session.plan.provider,
      seconds: result.seconds,
      nodes,
      verdicts: result.verdicts,
      sections: result.sections,
      measurements: result.measurements,
    },
    meta: {
      title: session.pipeline.title,
      citation: session.pipeline.citation,
      summary: session.pipeline.summary,
      packages,
      ...await circumstances(io.place.rootDir),
    },
  });
}

const secondsSince = (start: number) => Math.round(performance.now() - start) / 1000;
