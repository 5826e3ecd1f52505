/** A project whose first stage makes a list, and whose later stages are applied to its items. */

import { z } from "zod";
import { each, json, list, many, pipeline, plan, stage } from "../../../pipeline/mod.ts";
import type { Pipeline, Plan } from "../../../pipeline/mod.ts";
import { run, type RunResult } from "../../../pipeline/run/run.ts";
import type { Selection } from "../../../pipeline/plan/selection.ts";
import { Store } from "../../../pipeline/store/store.ts";
import type { ReportSection, RunEvent, Verdict } from "../../../pipeline/types.ts";

/** Sources of the stages. */
export const SOURCES = {
  split: `export const run = async ({ params, outputs }) => {
    for (const [name, text] of Object.entries(params.texts)) await outputs.texts.add(name, text);
  };`,
  count: `export const run = async ({ inputs, params, outputs }) => {
    const text = await inputs.text.read();
    if (text === "bad") throw new Error("this text is bad");
    if (text.startsWith("slow")) {
      console.log("slow");
      await new Promise((r) => setTimeout(r, params.wait));
    }
    await outputs.length.write(text.length);
  };`,
  add: `export const run = async ({ inputs, outputs }) => {
    const lengths = await Promise.all(inputs.lengths.map((l) => l.read()));
    await outputs.sum.write(lengths.reduce((a, b) => a + b, 0));
    await outputs.verdicts.write([]);
    await outputs.report.write([{ id: "s", title: "S", html: JSON.stringify(lengths) }]);
  };`,
  letters: `export const run = async ({ inputs, outputs }) => {
    for (const letter of new Set(await inputs.text.read())) {
      await outputs.letters.add("letter-" + letter, letter);
    }
  };`,
};

/** What a run does. */
export interface FanOutRun {
  readonly texts: Readonly<Record<string, string>>;
  readonly wait?: number;
  readonly jobs?: number;
  readonly force?: boolean;
  readonly select?: Selection;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: RunEvent) => void;
  /** How the list is mapped over. @default "plain" */
  readonly shape?: "plain" | "nested" | "throwing" | "misfit" | "nameless" | "nothing" | "mixed";
}

const texts = list(json<string>());
const number = json<number>();

/** split → each: count → add. */
export class FanOutRig {
  readonly root: string;

  constructor(sources: Partial<typeof SOURCES> = {}, root?: string) {
    this.root = root ?? Deno.realPathSync(Deno.makeTempDirSync({ prefix: "fan-out-" }));
    if (root !== undefined) return;
    Deno.writeTextFileSync(`${this.root}/deno.json`, JSON.stringify({ imports: {} }));
    this.write({ ...SOURCES, ...sources });
  }

  /** The project of another process. */
  static at(root: string): FanOutRig {
    return new FanOutRig({}, root);
  }

  write(sources: Partial<typeof SOURCES>): void {
    for (const [name, text] of Object.entries(sources)) {
      Deno.writeTextFileSync(`${this.root}/${name}.ts`, text);
    }
  }

  pipeline(shape: FanOutRun["shape"] = "plain"): Pipeline {
    const at = (name: string) => new URL(`file://${this.root}/${name}.ts`);
    const split = stage({
      name: "split",
      describe: "splits",
      implementation: at("split"),
      inputs: {},
      params: z.object({ texts: z.record(z.string(), z.string()) }),
      outputs: { texts },
    });
    const count = stage({
      name: "count",
      describe: "counts",
      implementation: at("count"),
      inputs: { text: json<string>() },
      params: z.object({ wait: z.number() }),
      outputs: { length: number },
    });
    const add = stage({
      name: "add",
      describe: "adds",
      implementation: at("add"),
      inputs: { lengths: many(number) },
      params: z.object({}),
      outputs: { sum: number, verdicts: json<Verdict[]>(), report: json<ReportSection[]>() },
    });
    const letters = stage({
      name: "letters",
      describe: "splits into letters",
      implementation: at("letters"),
      inputs: { text: json<string>() },
      params: z.object({}),
      outputs: { letters: list(json<string>()) },
    });
    return pipeline({
      name: "fan",
      title: "Fan",
      citation: "",
      summary: "",
      config: z.object({ texts: z.record(z.string(), z.string()), wait: z.number() }),
      build({ config: { texts, wait } }) {
        const params = { wait };
        const made = split({ inputs: {}, params: { texts } });
        const counts = each(made.texts, (text, name) => {
          if (shape === "throwing" && name === "b") throw new RangeError("b is not wanted");
          if (shape === "misfit") {
            return count({ id: name, inputs: { text }, params: { wait: "long" } as never }).length;
          }
          if (shape === "nothing") return undefined as never;
          if (shape === "nameless") return count({ inputs: { text }, params }).length;
          if (shape !== "nested") return count({ id: name, inputs: { text }, params }).length;
          const inner = letters({ id: name, inputs: { text }, params: {} });
          const lengths = each(
            inner.letters,
            (text, letter) => count({ id: `${name}/${letter}`, inputs: { text }, params }).length,
          );
          return add({ id: name, inputs: { lengths }, params: {} }).sum;
        });
        const extra = split({ id: "extra", inputs: {}, params: { texts: { x: "extra!" } } });
        const extras = each(
          extra.texts,
          (text, name) => count({ id: `extra-${name}`, inputs: { text }, params }).length,
        );
        const lengths = shape === "mixed" ? [counts, extras] : counts;
        const { verdicts, report } = add({ inputs: { lengths }, params: {} });
        return { verdicts, report };
      },
    }) as unknown as Pipeline;
  }

  async #request(options: FanOutRun) {
    return {
      pipeline: this.pipeline(options.shape),
      preset: "small",
      config: { texts: options.texts, wait: options.wait ?? 0 },
      provider: "cpu" as const,
      jobs: options.jobs ?? 2,
      force: options.force,
      select: options.select,
      root: new URL(`file://${this.root}/`),
      store: await Store.open(`${this.root}/store`),
    };
  }

  async plan(options: FanOutRun): Promise<Plan> {
    return await plan(await this.#request(options));
  }

  async run(options: FanOutRun): Promise<RunResult> {
    const request = await this.#request(options);
    return await run({
      ...request,
      plan: await plan(request),
      signal: options.signal ?? new AbortController().signal,
      onEvent: options.onEvent ?? (() => {}),
    });
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.root, { recursive: true });
  }
}

/** `id: status` of the nodes of a plan. */
export function planned(plan: Plan): Record<string, string> {
  return Object.fromEntries(plan.nodes.map(({ node, status }) => [node.id, status]));
}

/** Two texts to split into words. */
export const TWO = { a: "one", b: "three" };

/** What the last stage made of a run: the lengths of all items. */
export const lengthsOf = ({ sections }: RunResult) => JSON.parse(sections[0].html);

/** Other code for the stage of each item, with the same results. */
export const SLOWER = `export const run = async ({ inputs, outputs }) => {
  await outputs.length.write((await inputs.text.read()).split("").length);
};`;
