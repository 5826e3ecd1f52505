/** `deno task log`: what a node wrote when it was last tried. */

import { didYouMean, Failed } from "../failure.ts";
import { nodeKeysOf, type PastNode, type PastRun, pastRuns } from "../history/past_run.ts";
import { duration } from "../report/format.ts";
import { DamagedObject, type Store } from "../store/store.ts";
import type { Digest, StageRecord } from "../types.ts";
import type { Command, Io } from "./command.ts";
import { openExisting } from "./existing_store.ts";
import { usage } from "./options.ts";
import { whenText } from "./runs.ts";

const command: Command = {
  spec: {
    name: "log",
    describe: "Shows what a node wrote when it last ran or failed.",
    positional: { name: "paper", optional: false },
    more: [{ name: "node", optional: false }],
    options: {
      preset: { type: "text", value: "NAME", describe: "Of this preset. Default: the last run." },
      store: { type: "text", value: "DIR", describe: "The store. Default: artifacts/store." },
      json: { type: "flag", describe: "Print one JSON object." },
    },
    examples: [
      "deno task log optima train_teacher",
      "deno task log optima 'distill[wasted/random/0]'",
    ],
  },
  async run(args, io) {
    const [paper, node] = args.positionals;
    if (paper === undefined || node === undefined) {
      throw usage(command.spec, paper === undefined ? "Which paper?" : "Which node?");
    }
    const store = await openExisting(io.place, args);
    const found = lastAttempt(store, paper, args.texts.preset, node);
    const log = await textOf(store, found);
    if (args.flags.has("json")) {
      const { run, record: _, past, ...rest } = found;
      const about = { run: run.id, began: run.began, preset: run.preset };
      const failure = past?.failure === undefined ? {} : { failure: past.failure };
      io.out.write(JSON.stringify({ node, paper, ...about, ...rest, ...failure, log }) + "\n");
    } else tell(node, found, log, io);
    return 0;
  },
};
export default command;

/** The newest run that has something to say of a node. */
interface Found {
  readonly run: PastRun;
  readonly status: "ran" | "cached" | "failed";
  readonly key: Digest | null;
  readonly seconds: number;
  /** When it finished; null when it did not. */
  readonly finished: string | null;
  readonly reason: string;
  readonly record: StageRecord | null;
  readonly past: PastNode | undefined;
}

function lastAttempt(
  store: Store,
  paper: string,
  preset: string | undefined,
  node: string,
): Found {
  const ids = new Set<string>();
  let any = false;
  for (const run of pastRuns(store)) {
    if (run.paper !== paper || (preset ?? run.preset) !== run.preset) continue;
    any = true;
    const keys = nodeKeysOf(store, run) ?? [];
    for (const [id] of keys) ids.add(id);
    const found = keys.find(([id]) => id === node);
    if (found === undefined) continue;
    const past = run.active.find(({ id }) => id === node);
    if (past?.status === "skipped") continue;
    const [, key] = found;
    const record = key === null ? null : store.getRecord(key);
    if (past?.status !== "failed" && record === null) continue;
    return {
      run,
      status: past?.status ?? "cached",
      key,
      seconds: past?.status === "failed" ? past.seconds : record!.seconds,
      finished: past?.status === "failed" ? null : record!.finished,
      reason: past?.reason ?? "up to date",
      record,
      past,
    };
  }
  throw notFound(paper, preset, node, ids, any);
}

function notFound(
  paper: string,
  preset: string | undefined,
  node: string,
  ids: ReadonlySet<string>,
  any: boolean,
): Failed {
  const of = preset === undefined ? paper : `${paper} (${preset})`;
  const fail = (message: string, mend: string) =>
    new Failed({ code: "unknown-node", message, mend });
  if (!any) {
    return fail(`no run of ${of} is remembered in this store`, "`deno task runs` lists past runs.");
  }
  if (ids.has(node)) {
    const mend = `Run it: deno task reproduce ${paper}.`;
    return fail(`${node} has not run yet, or its log was deleted`, mend);
  }
  const near = [...ids].filter((id) => id.startsWith(node)).slice(0, 6);
  const guess = near.length > 0
    ? `; there are ${near.join(", ")}`
    : didYouMean(node, [...ids, ...[...ids].map((id) => id.replace(/\[.*$/s, ""))]);
  return fail(
    `${of} has no node "${node}"${guess}`,
    `\`deno task explain ${paper} --all\` lists the nodes.`,
  );
}

/** Null when there is none any more. */
async function textOf(store: Store, { record, past, status }: Found): Promise<string | null> {
  try {
    if (status === "failed") {
      const path = past?.failure?.log;
      if (path === undefined) return "";
      const name = path.slice(path.lastIndexOf("/") + 1);
      // The store may have moved since.
      return await Deno.readTextFile(`${store.dir}/logs/${name}`);
    }
    if (record?.log === null) return "";
    return new TextDecoder().decode(await store.readObject(record!.log!));
  } catch (error) {
    if (error instanceof DamagedObject || error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

function tell(node: string, found: Found, log: string | null, io: Io): void {
  const { paint } = io.out;
  const { run, status, key, seconds, finished, reason, past } = found;
  const colour = status === "failed" ? paint.bad : paint.good;
  const word = status === "cached" ? "done before" : status === "ran" ? "done" : status;
  const facts = [
    `run ${run.id} of ${whenText(run.began)} (${run.preset} · ${run.provider})`,
    ...(finished === null ? [] : [`finished ${whenText(finished)}`]),
    ...(status === "failed" ? [] : [duration(seconds)]),
  ];
  const lines = [
    `${paint.strong(node)}  ${colour(word)}  ${facts.join(", ")}`,
    ...(key === null ? [] : [paint.muted(`key ${key}`)]),
    ...(status === "failed" ? [reason] : []),
    // Of a node that was done before, the run knows only that it had nothing to do.
    ...(status === "ran" ? [paint.muted(`because: ${reason}`)] : []),
    ...(past?.failure?.mend === undefined ? [] : [past.failure.mend]),
    "",
  ];
  io.out.write(lines.join("\n") + "\n");
  if (log === null) io.err.write("The log was deleted.\n");
  else if (log === "") io.out.write(paint.muted("(it wrote nothing)") + "\n");
  else io.out.write(log.endsWith("\n") ? log : log + "\n");
}
