/** A temporary project of small stages, run through the engine's own `plan` and `run`. */

import { z } from "zod";
import { json, pipeline, plan, stage, tree } from "../../../pipeline/mod.ts";
import type { Pipeline } from "../../../pipeline/mod.ts";
import { type Host, systemHost } from "../../../pipeline/host.ts";
import type { OpenRemote } from "../../../pipeline/remote/remote.ts";
import { run, type RunResult } from "../../../pipeline/run/run.ts";
import type { Selection } from "../../../pipeline/plan/selection.ts";
import { Store } from "../../../pipeline/store/store.ts";
import type { Outcome, ReportSection, RunEvent, Verdict } from "../../../pipeline/types.ts";

/** Sources of the rig's stages; a test replaces those it is about. */
export const SOURCES = {
  make: `export const run = async ({ params, outputs, progress }) => {
    progress({ step: 1, steps: 1, message: "making" });
    console.log("made", params.seed);
    await outputs.files.write("a/one.txt", new TextEncoder().encode("one " + params.seed));
    await outputs.files.write("empty.txt", new Uint8Array());
    await outputs.numbers.write({ seed: params.seed, random: Math.random() });
  };`,
  judge: `export const run = async ({ inputs, outputs }) => {
    const numbers = await inputs.numbers.read();
    const names = await inputs.files.list();
    const text = new TextDecoder().decode(await inputs.files.bytes("a/one.txt"));
    await outputs.verdicts.write([{
      claim: "c", statement: "", source: "", verdict: "reproduced", test: "", statistic: 0, p: 1,
      effect: 0, interval: [0, 0], n: 1, paper: null, control: false,
      explanation: names.join() + text + numbers.random,
    }]);
  };`,
  tell: `export const run = async ({ inputs, outputs }) => {
    await outputs.report.write([{ id: "s", title: "S", html: JSON.stringify(await inputs.verdicts.read()) }]);
  };`,
  side: `export const run = async ({ inputs, outputs }) => {
    await outputs.out.write((await inputs.numbers.read()).seed);
  };`,
};

/** Options of one run. */
export interface RigRun {
  readonly seed?: number;
  readonly jobs?: number;
  readonly force?: boolean;
  readonly checkDeterminism?: boolean;
  readonly select?: Selection;
  /** Added to the declaration of the stage `make`. */
  readonly make?: {
    readonly timeout?: number;
    readonly retries?: number;
    readonly programs?: readonly string[];
  };
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: RunEvent) => void;
  /** Opens the remote cache of the run. */
  readonly remote?: (store: Store, signal: AbortSignal) => OpenRemote;
}

/** A project in a temporary directory: make → judge → tell, and make → side. */
export class Rig {
  private constructor(readonly root: string, readonly host: Host) {}

  static create(
    sources: Partial<typeof SOURCES> = {},
    host: Host = systemHost,
    extra: Record<string, unknown> = {},
  ): Rig {
    const root = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "rig, a-" }));
    Deno.writeTextFileSync(`${root}/deno.json`, JSON.stringify({ imports: {}, ...extra }));
    const rig = new Rig(root, host);
    rig.write({ ...SOURCES, ...sources });
    return rig;
  }

  /** The project of another process. */
  static at(root: string, host: Host = systemHost): Rig {
    return new Rig(root, host);
  }

  /** What `make` declares besides. */
  declare: { env?: readonly string[]; programs?: readonly string[]; provider?: boolean } = {};

  /** Parameters of `make` besides the seed. */
  params: Readonly<Record<string, unknown>> = {};

  /** Replaces sources of stages. */
  write(sources: Partial<typeof SOURCES>): void {
    for (const [name, text] of Object.entries(sources)) {
      Deno.writeTextFileSync(`${this.root}/${name}.ts`, text);
    }
  }

  get storeDir(): string {
    return `${this.root}/store`;
  }

  pipeline(extra: RigRun["make"] = {}): Pipeline {
    const at = (name: string) => new URL(`file://${this.root}/${name}.ts`);
    const make = stage({
      name: "make",
      describe: "makes",
      implementation: at("make"),
      inputs: {},
      params: z.looseObject({ seed: z.int() }),
      outputs: { files: tree("files"), numbers: json<{ seed: number; random: number }>() },
      ...extra,
      ...this.declare,
    });
    const judge = stage({
      name: "judge",
      describe: "judges",
      implementation: at("judge"),
      inputs: { files: tree("files"), numbers: json<{ seed: number; random: number }>() },
      params: z.object({}),
      outputs: { verdicts: json<Verdict[]>() },
    });
    const tell = stage({
      name: "tell",
      describe: "tells",
      implementation: at("tell"),
      inputs: { verdicts: json<Verdict[]>() },
      params: z.object({}),
      outputs: { report: json<ReportSection[]>() },
    });
    const side = stage({
      name: "side",
      describe: "stands aside",
      implementation: at("side"),
      inputs: { numbers: json<{ seed: number; random: number }>() },
      params: z.object({}),
      outputs: { out: json<number>() },
    });
    return pipeline({
      name: "rig",
      title: "Rig",
      citation: "",
      summary: "",
      config: z.object({ seed: z.int() }),
      build: ({ config }) => {
        const { files, numbers } = make({ inputs: {}, params: { ...config, ...this.params } });
        const { verdicts } = judge({ inputs: { files, numbers }, params: {} });
        const { out } = side({ inputs: { numbers }, params: {} });
        return { verdicts, ...tell({ inputs: { verdicts }, params: {} }), keep: { out } };
      },
    }) as unknown as Pipeline;
  }

  /** Plans and runs once, with a store opened anew as a new process would. */
  async run(options: RigRun = {}): Promise<RunResult> {
    const store = await Store.open(this.storeDir, this.host);
    const request = {
      pipeline: this.pipeline(options.make),
      preset: "small",
      config: { seed: options.seed ?? 1 },
      provider: "cpu" as const,
      jobs: options.jobs ?? 2,
      force: options.force || options.checkDeterminism,
      select: options.select,
      root: new URL(`file://${this.root}/`),
      store,
    };
    const signal = options.signal ?? new AbortController().signal;
    const remote = options.remote?.(store, signal);
    try {
      const result = await run({
        ...request,
        plan: await plan(request),
        checkDeterminism: options.checkDeterminism,
        remote,
        signal,
        onEvent: options.onEvent ?? (() => {}),
      });
      await remote?.finish();
      return result;
    } finally {
      store.close();
    }
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.root, { recursive: true });
  }
}

/** `id: status` of each node, in the plan's order. */
export function statuses(result: RunResult): Record<string, string> {
  return Object.fromEntries(result.outcomes.map(({ id, status }) => [id, status]));
}

/** The outcome of one node. */
export function outcomeOf(result: RunResult, id: string): Outcome {
  const outcome = result.outcomes.find((o) => o.id === id);
  if (outcome === undefined) throw new Error(`no node ${id}`);
  return outcome;
}
