/** What `reproduce` and `explain` share: from command line to plan. */

import { loadConfig } from "../declare/config.ts";
import { storeFailure } from "../run/child_failure.ts";
import { chooseProvider } from "../plan/environment.ts";
import { Failed } from "../failure.ts";
import { plan } from "../plan/plan.ts";
import { type Selection, splitPatterns } from "../plan/selection.ts";
import { findPaper, loadPaper } from "../declare/project.ts";
import type { Pipeline } from "../declare/pipeline.ts";
import { Store } from "../store/store.ts";
import type { Plan, Provider } from "../types.ts";
import { shellQuote } from "./circumstances.ts";
import type { Arguments, CommandSpec, OptionSpec } from "./options.ts";
import { usage } from "./options.ts";
import type { Place } from "./place.ts";
import { statedLimits } from "./stated_limits.ts";

/** Options of every command that plans. */
export const planOptions: Readonly<Record<string, OptionSpec>> = {
  preset: {
    type: "text",
    value: "NAME",
    describe:
      "Preset of stages/<paper>/config.yaml. Default: small. `deno task reproduce --list` names them.",
  },
  provider: {
    type: "text",
    choices: ["auto", "cpu", "cuda", "webgpu", "wasm"],
    describe: "Where tensors run. auto (default): the fastest that works here.",
  },
  jobs: {
    type: "count",
    value: "N",
    describe: "Cores to use. Default: all of them. Threads of a stage are part of its key.",
  },
  memory: {
    type: "text",
    value: "SIZE",
    describe: "Memory for all stages that run at a time, e.g. 16G. Default: the machine's.",
  },
  slots: {
    type: "text",
    value: "NAME=N,...",
    describe: "Named slots that stages ask for, e.g. gpu=2,license=1. Default: gpu as found.",
  },
  force: { type: "flag", describe: "Run every stage, whatever the store holds." },
  only: {
    type: "text",
    value: "PATTERNS",
    describe: "Run just these nodes: ids or stages, * for any characters, several with commas.",
  },
  from: { type: "text", value: "PATTERNS", describe: "Run these nodes and what depends on them." },
  until: { type: "text", value: "PATTERNS", describe: "Run these nodes and what they need." },
  store: { type: "text", value: "DIR", describe: "The store. Default: artifacts/store." },
};

/** A paper, planned. */
export interface Session {
  readonly pipeline: Pipeline;
  readonly preset: string;
  readonly config: unknown;
  readonly provider: Provider;
  /** Why this provider. */
  readonly providerReason: string;
  readonly jobs: number;
  readonly memory?: number;
  readonly slots?: Readonly<Record<string, number>>;
  readonly root: URL;
  readonly force: boolean;
  readonly select?: Selection;
  readonly command: string;
  readonly store: Store;
  readonly plan: Plan;
}

/**
 * Loads the paper and its preset, opens the store and plans.
 * @throws Failed when the paper, the preset, its configuration or a stage cannot be used.
 */
export async function openSession(
  command: CommandSpec,
  args: Arguments,
  place: Place,
): Promise<Session> {
  const paper = args.positional;
  if (paper === null) {
    throw usage(command, "Which paper?", "`deno task reproduce --list` names them.");
  }
  const entry = await findPaper(place.root, paper);
  const pipeline = await loadPaper(place.root, paper);
  const preset = args.texts.preset ?? "small";
  const config = await loadConfig({
    file: entry.config,
    root: place.root,
    schema: pipeline.config,
    preset,
  });
  const storeDir = place.storeDir(args);
  const store = await openStore(storeDir, place);
  const requested = (args.texts.provider ?? "auto") as Provider | "auto";
  const choice = await chooseProvider(requested, {
    cacheDir: `${storeDir}/cache`,
    host: store.host,
  });
  const jobs = args.counts.jobs ?? navigator.hardwareConcurrency;
  const inputs = {
    pipeline,
    preset,
    config,
    provider: choice.provider,
    jobs,
    ...statedLimits(command, args),
    root: place.root,
    store,
    // Both runs of a stage are wanted then, whatever the store holds.
    force: args.flags.has("force") || args.flags.has("check-determinism"),
    select: selectionOf(args),
    command: `deno task reproduce ${paper}${typedOptions(args)}`,
  };
  try {
    return { ...inputs, providerReason: choice.reason, plan: await plan(inputs) };
  } catch (error) {
    const failure = storeFailure(error, storeDir);
    throw failure === null ? error : new Failed(failure, { cause: error });
  }
}

/** `--only`, `--from` and `--until`; undefined when none is given. */
function selectionOf({ texts }: Arguments): Selection | undefined {
  const { only, from, until } = texts;
  if (only === undefined && from === undefined && until === undefined) return undefined;
  const patterns = (text?: string) => text === undefined ? undefined : splitPatterns(text);
  return { only: patterns(only), from: patterns(from), until: patterns(until) };
}

/** Options that decide what a plan means, as they were typed. */
function typedOptions({ texts, counts }: Arguments): string {
  const given = { ...texts, ...counts } as Record<string, string | number>;
  return ["preset", "provider", "jobs", "memory", "slots", "store"].flatMap((name) =>
    given[name] === undefined ? [] : [` --${name} ${shellQuote(String(given[name]))}`]
  ).join("");
}

async function openStore(dir: string, place: Place): Promise<Store> {
  try {
    return await Store.open(dir);
  } catch (error) {
    // Whatever the system says: no permission, a file in the way, a full or read-only disk.
    throw new Failed({
      code: "store",
      message: `the store cannot be opened: ${error instanceof Error ? error.message : error}`,
      where: place.show(dir),
      mend: "Name a folder that can be written to with --store DIR.",
    }, { cause: error });
  }
}
