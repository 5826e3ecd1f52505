/** A random project with a model of what its stages mean, for tests that edit it and predict what runs. */

import { z } from "zod";
import { json, many } from "../../../pipeline/declare/artifact.ts";
import { sha256 } from "../../../pipeline/canonical.ts";
import { pipeline } from "../../../pipeline/declare/pipeline.ts";
import { plan, type PlanRequest, programsOf } from "../../../pipeline/plan/plan.ts";
import { schedule } from "../../../pipeline/run/scheduler.ts";
import { stage } from "../../../pipeline/declare/stage.ts";
import { Store } from "../../../pipeline/store/store.ts";
import type {
  Artifact,
  Digest,
  Outcome,
  Plan,
  ReportSection,
  Verdict,
} from "../../../pipeline/types.ts";

/** A source of small whole numbers, so that a failing case can be repeated. */
export class Dice {
  #state: number;
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }
  /** An integer in [0, sides). */
  roll(sides: number): number {
    // Mulberry32.
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % sides;
  }
  some(sides: number): number[] {
    return Array.from({ length: sides }, (_, i) => i).filter(() => this.roll(2) === 1);
  }
}

interface Helper {
  constant: number;
  /** Modules of lower number whose function this one calls. */
  calls: number[];
  unreached: number;
}
interface StageModel {
  constant: number;
  helpers: number[];
  tables: number[];
  packages: number[];
  /** Output is one bit of what it would be, so that changes often stop here. */
  lossy: boolean;
  cores: number;
}
interface NodeModel {
  stage: number;
  param: number;
  inputs: number[];
}

/** What decides a node's output, by component of its key. */
export interface Meaning {
  readonly code: string;
  readonly params: string;
  readonly inputs: string;
  readonly environment: string;
}

/** How often each layout-only edit was applied to a file; each makes it differ from before. */
interface Dress {
  comments: number;
  blanks: number;
}

/** Sources, DAG, parameters and settings, and what they mean. */
export class World implements AsyncDisposable {
  readonly helpers: Helper[];
  readonly tables: number[];
  readonly tableLayout: number[];
  readonly packages: { version: number; integrity: number }[];
  readonly stages: StageModel[];
  readonly nodes: NodeModel[];
  jobs = 2;
  readonly #dress = new Map<string, Dress>();

  private constructor(readonly dir: string, dice: Dice) {
    this.helpers = Array.from({ length: 4 }, (_, i) => ({
      constant: 10 + i,
      calls: dice.some(i),
      unreached: 1,
    }));
    this.tables = [100, 200];
    this.tableLayout = [0, 0];
    this.packages = [{ version: 0, integrity: 0 }, { version: 0, integrity: 0 }];
    this.stages = Array.from({ length: 3 }, (_, i) => ({
      constant: 1000 * (i + 1),
      helpers: dice.some(4),
      tables: dice.some(2),
      packages: dice.some(2),
      lossy: dice.roll(2) === 0,
      cores: 1 + dice.roll(2),
    }));
    this.nodes = Array.from({ length: 5 + dice.roll(4) }, (_, i) => ({
      stage: dice.roll(3),
      param: i,
      inputs: dice.some(i).slice(0, 3),
    }));
  }

  static async create(dice: Dice): Promise<World> {
    const world = new World(await Deno.makeTempDir({ prefix: "world " }), dice);
    for (const name of world.files) world.save(name);
    return world;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.dir, { recursive: true });
  }

  get files(): string[] {
    return [
      ...this.helpers.map((_, i) => `methods/helper${i}.ts`),
      ...this.tables.map((_, i) => `methods/table${i}.json`),
      ...this.stages.map((_, i) => `stages/stage${i}_run.ts`),
      "deno.json",
      "deno.lock",
    ];
  }

  path(name: string): string {
    return `${this.dir}/${name}`;
  }

  /** Writes a file as the model says. */
  save(name: string): void {
    const path = this.path(name);
    Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    Deno.writeTextFileSync(path, this.#text(name));
  }

  dress(name: string, how: keyof Dress): void {
    const dress = this.#dress.get(name) ?? { comments: 0, blanks: 0 };
    dress[how]++;
    this.#dress.set(name, dress);
    this.save(name);
  }

  #text(name: string): string {
    const number = Number(/\d+/.exec(name)?.[0]);
    if (name.startsWith("methods/table")) {
      return `{${" ".repeat(this.tableLayout[number])}"v": ${this.tables[number]}}`;
    }
    if (name === "deno.json") {
      const imports = this.packages.map(({ version }, i) =>
        [`pkg${i}`, `npm:pkg${i}@1.0.${version}`] as const
      );
      return JSON.stringify({ imports: Object.fromEntries(imports) });
    }
    if (name === "deno.lock") {
      const names = this.packages.map(({ version, integrity }, i) =>
        [`pkg${i}`, `1.0.${version}`, { integrity: `sha512-${integrity}` }] as const
      );
      return JSON.stringify({
        version: "5",
        specifiers: Object.fromEntries(names.map(([n, v]) => [`npm:${n}@${v}`, v])),
        npm: Object.fromEntries(names.map(([n, v, about]) => [`${n}@${v}`, about])),
      });
    }
    const { comments, blanks } = this.#dress.get(name) ?? { comments: 0, blanks: 0 };
    const code = name.startsWith("methods") ? this.#helper(number) : this.#stage(number);
    return `// ${comments} remarks\n${code.replaceAll("\n", "\n".repeat(1 + blanks))}`;
  }

  #helper(i: number): string {
    const { constant, calls, unreached } = this.helpers[i];
    return [
      ...calls.map((j) => `import { f${j} } from "./helper${j}.ts";`),
      `export function f${i}(x: number): number {`,
      `  return ${["x", ...calls.map((j) => `f${j}(x)`)].join(" + ")} + ${constant};`,
      `}`,
      `export function unreached${i}(x: number): number { return x * ${unreached}; }`,
      "",
    ].join("\n");
  }

  #stage(i: number): string {
    const { constant, helpers, tables, packages } = this.stages[i];
    const calls = [
      ...helpers.map((j) => `f${j}(1)`),
      ...tables.map((j) => `table${j}.v`),
      ...packages.map((j) => `p${j}(1)`),
    ];
    return [
      ...helpers.map((j) => `import { f${j} } from "../methods/helper${j}.ts";`),
      ...tables.map((j) =>
        `import table${j} from "../methods/table${j}.json" with { type: "json" };`
      ),
      ...packages.map((j) => `import { p as p${j} } from "pkg${j}";`),
      `export const run = async (): Promise<void> => {`,
      `  await Promise.resolve([${[constant, ...calls].join(", ")}]);`,
      `};`,
      "",
    ].join("\n");
  }

  // ------------------------------------------------------------------ the model

  #reached(helpers: readonly number[], into = new Map<number, number>()): Map<number, number> {
    for (const i of helpers) {
      into.set(i, this.helpers[i].constant);
      this.#reached(this.helpers[i].calls, into);
    }
    return into;
  }

  #code(stage: StageModel): string {
    return JSON.stringify([
      stage.constant,
      [...this.#reached(stage.helpers)].sort(([a], [b]) => a - b),
      stage.tables.map((i) => this.tables[i]),
      stage.packages.map((i) => this.packages[i]),
    ]);
  }

  /** What each node means and gives, computed from nothing. */
  meanings(): { readonly meaning: Meaning; readonly value: string }[] {
    const done: { meaning: Meaning; value: string }[] = [];
    for (const { stage, param, inputs } of this.nodes) {
      const model = this.stages[stage];
      const meaning = {
        code: this.#code(model),
        params: String(param),
        inputs: JSON.stringify(inputs.map((i) => done[i].value)),
        environment: String(Math.min(model.cores, this.jobs)),
      };
      done.push({ meaning, value: valueOf(meaning, model.lossy) });
    }
    return done;
  }

  // ------------------------------------------------------------------ the engine

  #request(store: Store): PlanRequest {
    const declared = this.stages.map(({ cores }, i) =>
      stage({
        name: `stage${i}`,
        describe: "",
        implementation: new URL(`file://${encodeURI(this.path(`stages/stage${i}_run.ts`))}`),
        inputs: { all: many(json<unknown>()) },
        params: z.object({ param: z.int(), model: z.int() }),
        outputs: { value: json<unknown>() },
        resources: { cores },
      })
    );
    const build = () => {
      const made: Artifact[] = [];
      for (const [i, { stage, param, inputs }] of this.nodes.entries()) {
        const all = inputs.map((j) => made[j]) as Parameters<
          typeof declared[0]
        >[0]["inputs"]["all"];
        const params = { param, model: i };
        made.push(declared[stage]({ id: String(i), inputs: { all }, params }).value);
      }
      const last = made.at(-1)!;
      return {
        verdicts: last as Artifact as Artifact<ReturnType<typeof json<Verdict[]>>>,
        report: last as Artifact as Artifact<ReturnType<typeof json<ReportSection[]>>>,
        keep: Object.fromEntries(made.map((artifact, i) => [`n${i}`, artifact])),
      };
    };
    const toy = pipeline({
      name: "world",
      title: "",
      citation: "",
      summary: "",
      config: z.unknown(),
      build,
    });
    const root = new URL(`file://${encodeURI(this.dir)}/`);
    return {
      pipeline: toy,
      preset: "small",
      config: {},
      provider: "cpu",
      jobs: this.jobs,
      root,
      store,
    };
  }

  /** Plans, then runs the plan with each stage's work done by the model. */
  async reproduce(): Promise<{ plan: Plan; outcomes: Outcome[]; values: string[] }> {
    const store = await Store.open(`${this.dir}/store`);
    const request = this.#request(store);
    const planned = await plan(request);
    const nodes = planned.nodes.map(({ node }) => node);
    const programOf = await programsOf(nodes, request.root, store);
    const read = async (digest: Digest) =>
      JSON.parse(new TextDecoder().decode(await store.readObject(digest))) as string;
    const outcomes = await schedule({
      plan: planned,
      jobs: this.jobs,
      force: false,
      store,
      signal: new AbortController().signal,
      programOf,
      onEvent: () => {},
      execute: async ({ node, inputs, threads }) => {
        const { param, model } = node.params as { param: number; model: number };
        const { lossy } = this.stages[this.nodes[model].stage];
        const values = await Promise.all(inputs.all.map(({ digest }) => read(digest)));
        const meaning = {
          code: this.#code(this.stages[this.nodes[model].stage]),
          params: String(param),
          inputs: JSON.stringify(values),
          environment: String(threads),
        };
        const bytes = new TextEncoder().encode(JSON.stringify(valueOf(meaning, lossy)));
        const digest = await store.putBytes(bytes);
        const value = { digest, form: "file", media: "application/json", bytes: bytes.length };
        return { outputs: { value: { ...value, form: "file" } }, log: null };
      },
    });
    const values = await Promise.all(
      this.nodes.map((_, i) => {
        const id = `stage${this.nodes[i].stage}[${i}]`;
        return read(outcomes.find((outcome) => outcome.id === id)!.outputs.value);
      }),
    );
    store.close();
    return { plan: planned, outcomes, values };
  }
}

function valueOf(meaning: Meaning, lossy: boolean): string {
  const digest = sha256(JSON.stringify(meaning));
  return lossy ? `bit ${parseInt(digest[0], 16) % 2}` : digest;
}
