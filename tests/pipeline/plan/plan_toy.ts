/** A project of a few stages whose outputs are made up, so that plans can be looked at without running anything. */

import { z } from "zod";
import { file, json, many } from "../../../pipeline/declare/artifact.ts";
import { sha256 } from "../../../pipeline/canonical.ts";
import { keyOf } from "../../../pipeline/plan/key.ts";
import { npmPackage } from "../../../pipeline/declare/npm_package.ts";
import { pipeline } from "../../../pipeline/declare/pipeline.ts";
import {
  componentsOf,
  inputDigestsOf,
  nodeEnvironment,
  plan,
  type PlanRequest,
  programsOf,
} from "../../../pipeline/plan/plan.ts";
import { stage } from "../../../pipeline/declare/stage.ts";
import { MemoryStore } from "./memory_store.ts";
import type { Digest, Plan, ReportSection, StageRecord, Verdict } from "../../../pipeline/types.ts";

export const sources: Record<string, string> = {
  "methods/add.ts": "export const add = (a: number, b: number) => a + b;\n",
  "prepare_run.ts": "export const run = async () => { await 1; };\n",
  "train_run.ts": `import { add } from "./methods/add.ts";
export const run = async () => { await add(1, 2); };
`,
  "judge_run.ts":
    `export const run = async () => { throw new Error("planning must not run this"); };
throw new Error("planning must not import this");
`,
};

interface Config {
  readonly items: number;
  readonly lr: number;
  readonly seeds: number[];
}

/** A toy project in a temporary directory: data → train per seed → judge. */
export class Toy {
  readonly store: MemoryStore;
  config: Config = { items: 4, lr: 0.1, seeds: [1, 2] };
  request: Partial<PlanRequest> = {};
  /** What a stage writes; by default different for every key. */
  outputOf = (_stage: string, key: Digest): string => key;

  constructor(readonly dir: string) {
    this.store = new MemoryStore(`${dir}/store`);
    for (const [name, text] of Object.entries(sources)) this.write(name, text);
  }

  write(name: string, text: string): void {
    Deno.mkdirSync(`${this.dir}/methods`, { recursive: true });
    Deno.writeTextFileSync(`${this.dir}/${name}`, text);
  }

  get root(): URL {
    return new URL(`file://${this.dir}/`);
  }

  pipeline() {
    const icons = npmPackage({
      id: "icons",
      package: "icons",
      version: "1.0.0",
      license: "MIT",
      include: ["*.png"],
      digest: "1".repeat(64),
    });
    const prepare = stage({
      name: "prepare",
      describe: "",
      implementation: new URL("prepare_run.ts", this.root),
      inputs: { icons: icons.files.kind },
      params: z.object({ items: z.int() }),
      outputs: { data: file("dataset", ".bin") },
    });
    const train = stage({
      name: "train",
      describe: "",
      implementation: new URL("train_run.ts", this.root),
      inputs: { data: prepare.declaration.outputs.data },
      params: z.object({ lr: z.number(), seed: z.int() }),
      outputs: { score: json<number>() },
      resources: { cores: 4 },
      provider: true,
    });
    const judge = stage({
      name: "judge",
      describe: "",
      implementation: new URL("judge_run.ts", this.root),
      inputs: { scores: many(json<number>()) },
      params: z.object({}),
      outputs: { verdicts: json<Verdict[]>(), report: json<ReportSection[]>() },
    });
    return pipeline({
      name: "toy",
      title: "",
      citation: "",
      summary: "",
      config: z.custom<Config>(),
      build({ config }) {
        const { data } = prepare({
          inputs: { icons: icons.files },
          params: { items: config.items },
        });
        const scores = config.seeds.map((seed) =>
          train({ id: `${seed}`, inputs: { data }, params: { lr: config.lr, seed } }).score
        );
        return judge({ inputs: { scores }, params: {} });
      },
    });
  }

  plan(): Promise<Plan> {
    return plan({
      pipeline: this.pipeline(),
      preset: "small",
      config: this.config,
      provider: "cpu",
      jobs: 2,
      root: this.root,
      store: this.store,
      ...this.request,
    });
  }

  /** Pretends to run everything that a plan asks for. @returns Ids of the nodes that ran. */
  async settle(): Promise<string[]> {
    const ran: string[] = [];
    for (;;) {
      const { nodes } = await this.plan();
      const programs = await programsOf(nodes.map(({ node }) => node), this.root, this.store);
      const records = new Map(nodes.map(({ node, record }) => [node, record]));
      let done = true;
      for (const { node, status } of nodes) {
        if (status !== "cached") done = false;
        const inputs = inputDigestsOf(node, (upstream) => {
          const record = records.get(upstream);
          return record === null || record === undefined ? null : digestsOf(record);
        });
        if (inputs === null) continue;
        const environment = nodeEnvironment(node, "cpu", this.request.jobs ?? 2);
        const components = componentsOf(node, programs(node), inputs, environment);
        const key = keyOf(components);
        this.store.last.set(`toy/small/${node.id}`, components);
        if (status !== "run") continue;
        ran.push(node.id);
        const outputs = Object.entries(node.outputs).map(([name, { form, media }]) => {
          const digest = sha256(`${this.outputOf(node.stage, key)} ${name}`);
          this.store.lost.delete(digest);
          return [name, { digest, form, media, bytes: 1 }];
        });
        this.store.records.set(key, {
          version: 1,
          key,
          node: node.id,
          stage: node.stage,
          components,
          outputs: Object.fromEntries(outputs),
          seconds: 1,
          finished: "2026-01-01T00:00:00Z",
          log: null,
        });
      }
      if (done) return ran;
    }
  }

  /** `id status: texts of changes` of every node that is not cached. */
  async summary(): Promise<string[]> {
    const { nodes } = await this.plan();
    return nodes.filter(({ status }) => status !== "cached").map(({ node, status, changes }) =>
      `${node.id} ${status}: ${changes.map(({ text }) => text).join("; ")}`
    );
  }
}

function digestsOf(record: Pick<StageRecord, "outputs">): Record<string, Digest> {
  return Object.fromEntries(
    Object.entries(record.outputs).map(([name, { digest }]) => [name, digest]),
  );
}

export async function withToy(test: (toy: Toy) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await test(new Toy(dir));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}
