/** A temporary project of one stage that reads local data, run through the engine's own `plan` and `run`. */

import { z } from "zod";
import { json, localFile, localTree, pipeline, plan, stage, tree } from "../../../pipeline/mod.ts";
import type { Pipeline } from "../../../pipeline/mod.ts";
import { type Host, systemHost } from "../../../pipeline/host.ts";
import { run, type RunResult } from "../../../pipeline/run/run.ts";
import { Store } from "../../../pipeline/store/store.ts";
import type { Plan, ReportSection, Verdict } from "../../../pipeline/types.ts";

const READ = `export const run = async ({ inputs, outputs }) => {
  const names = await inputs.files.list();
  const texts = [];
  for (const name of names) texts.push(name + "=" + new TextDecoder().decode(await inputs.files.bytes(name)));
  const { lr } = await inputs.settings.read();
  await outputs.verdicts.write([{
    claim: "c", statement: "", source: "", verdict: "reproduced", test: "", statistic: 0, p: 1,
    effect: 0, interval: [0, 0], n: 1, paper: null, control: false, explanation: texts.join() + " " + lr,
  }]);
  await outputs.report.write([]);
};`;

/** What a test may choose. */
export interface Choice {
  readonly data?: string;
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly host?: Host;
  /** Called between planning and running. */
  readonly between?: () => void;
}

/** A project with `data/` and `settings.json`, both read by the stage `read`. */
export class SourceRig {
  readonly root = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "sources, " }));
  readonly data = `${this.root}/data`;
  readonly store = `${this.root}/store`;

  constructor() {
    Deno.writeTextFileSync(`${this.root}/deno.json`, `{"imports":{}}`);
    Deno.writeTextFileSync(`${this.root}/read.ts`, READ);
    this.write("data/a.csv", "1");
    this.write("data/sub/b.csv", "2");
    this.write("settings.json", `{"lr":0.1}`);
  }

  /** Writes a file of the project, old enough for its stamp to be believed. */
  write(path: string, text: string): void {
    const file = `${this.root}/${path}`;
    Deno.mkdirSync(file.slice(0, file.lastIndexOf("/")), { recursive: true });
    Deno.writeTextFileSync(file, text);
  }

  pipeline({ data = "data", include, exclude }: Choice): Pipeline {
    const root = encodeURI(this.root);
    const read = stage({
      name: "read",
      describe: "reads",
      implementation: new URL(`file://${root}/read.ts`),
      inputs: { files: tree("local-tree"), settings: json<{ lr: number }>() },
      params: z.object({}),
      outputs: { verdicts: json<Verdict[]>(), report: json<ReportSection[]>() },
    });
    return pipeline({
      name: "rig",
      title: "Rig",
      citation: "",
      summary: "",
      config: z.object({}),
      build() {
        const { files } = localTree({ name: "corpus", path: data, include, exclude });
        const { file: settings } = localFile({
          name: "settings",
          url: new URL(`file://${root}/settings.json`),
          kind: json<{ lr: number }>(),
        });
        return read({ inputs: { files, settings }, params: {} });
      },
    }) as unknown as Pipeline;
  }

  async #request(choice: Choice) {
    return {
      pipeline: this.pipeline(choice),
      preset: "small",
      config: {},
      provider: "cpu" as const,
      jobs: 2,
      root: new URL(`file://${encodeURI(this.root)}/`),
      store: await Store.open(this.store, choice.host ?? systemHost),
    };
  }

  /** Plans, with a store opened anew as a new process would. */
  async plan(choice: Choice = {}): Promise<Plan> {
    return await plan(await this.#request(choice));
  }

  /** Plans and runs. */
  async run(choice: Choice = {}): Promise<RunResult> {
    const request = await this.#request(choice);
    const planned = await plan(request);
    choice.between?.();
    const { signal } = new AbortController();
    return await run({ ...request, plan: planned, signal, onEvent() {} });
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.root, { recursive: true });
  }
}
