/** A small pipeline for injecting faults: files, a tree, a many-input, a step whose bytes do not change. */

import { z } from "zod";
import { file, json, many, type Pipeline, pipeline, stage, tree } from "../../pipeline/mod.ts";
import type { ReportSection, Verdict } from "../../pipeline/types.ts";

/** What a toy stage sees: paths only, so that it runs in a child and in this process alike. */
export interface ToyContext {
  readonly inputs: Readonly<Record<string, { path: string } | readonly { path: string }[]>>;
  readonly outputs: Readonly<Record<string, { path: string }>>;
  // deno-lint-ignore no-explicit-any
  readonly params: any;
}

/** Stages by name; each is also written into the project as a module of its own. */
// deno-lint-ignore no-explicit-any
export const STAGES: Readonly<Record<string, (context: any) => void | Promise<void>>> = {
  make: ({ params, outputs }) => {
    console.log("making from " + params.seed);
    Deno.mkdirSync(outputs.files.path + "/deep/er", { recursive: true });
    for (let i = 0; i < 5; i++) {
      Deno.writeTextFileSync(outputs.files.path + "/deep/" + i, "file " + (i % 3) + params.seed);
    }
    Deno.writeTextFileSync(outputs.files.path + "/deep/er/empty", "");
    Deno.writeTextFileSync(outputs.numbers.path, JSON.stringify({ seed: params.seed }) + "\n");
  },
  part: ({ params, inputs, outputs }) => {
    const { seed } = JSON.parse(Deno.readTextFileSync(inputs.numbers.path));
    const bytes = new Uint8Array(5000 + params.index);
    let x = seed * 7919 + params.index + 1;
    for (let i = 0; i < bytes.length; i++) bytes[i] = x = (x * 1103515245 + 12345) & 0xff;
    Deno.writeFileSync(outputs.out.path, bytes);
  },
  join: ({ inputs, outputs }) => {
    const out = Deno.openSync(outputs.out.path, { create: true, write: true });
    for (const { path } of inputs.parts) {
      const bytes = Deno.readFileSync(path);
      for (let at = 0; at < bytes.length;) at += out.writeSync(bytes.subarray(at));
    }
    out.close();
  },
  sign: ({ inputs, outputs }) => {
    const { seed } = JSON.parse(Deno.readTextFileSync(inputs.numbers.path));
    console.log("sign of a number");
    Deno.writeTextFileSync(outputs.out.path, JSON.stringify(Math.sign(seed)) + "\n");
  },
  after: ({ inputs, outputs }) => {
    const text = Deno.readTextFileSync(inputs.sign.path);
    Deno.writeTextFileSync(outputs.out.path, "after " + text);
  },
  judge: ({ inputs, outputs }) => {
    const names = [...Deno.readDirSync(inputs.files.path + "/deep")].map((e) => e.name).sort();
    const text = names.map((name) => {
      const path = inputs.files.path + "/deep/" + name;
      return Deno.statSync(path).isFile ? Deno.readTextFileSync(path) : name;
    });
    const verdict = {
      claim: "c",
      statement: "",
      source: "",
      verdict: "reproduced",
      test: "",
      statistic: Deno.readFileSync(inputs.joined.path).reduce((a, b) => (a * 31 + b) % 65521, 7),
      p: 1,
      effect: 0,
      interval: [0, 0],
      n: 1,
      paper: null,
      control: false,
      explanation: text.join() + Deno.readTextFileSync(inputs.after.path),
    };
    Deno.writeTextFileSync(outputs.verdicts.path, JSON.stringify([verdict]) + "\n");
  },
  tell: ({ inputs, outputs }) => {
    const html = Deno.readTextFileSync(inputs.verdicts.path);
    const section = [{ id: "s", title: "S", html }];
    Deno.writeTextFileSync(outputs.report.path, JSON.stringify(section) + "\n");
  },
};

/** Writes the modules of all stages into an empty project. */
export function writeProject(root: string): void {
  Deno.writeTextFileSync(`${root}/deno.json`, `{ "imports": {} }\n`);
  // Where bundles look for a paper's sources.
  Deno.mkdirSync(`${root}/stages/toy`, { recursive: true });
  Deno.writeTextFileSync(`${root}/stages/toy/pipeline.ts`, "");
  for (const [name, run] of Object.entries(STAGES)) {
    Deno.writeTextFileSync(`${root}/${name}.ts`, `export const run = ${run};\n`);
  }
}

const PARTS = 3;

/** The pipeline of the project at `root`: nine nodes. */
export function toyPipeline(root: string): Pipeline {
  const at = (name: string) => ({
    name,
    describe: name,
    implementation: new URL(`file://${root}/${name}.ts`),
  });
  const none = z.object({});
  const numbers = json<{ seed: number }>();
  const bytes = file("bytes", ".bin");
  const make = stage({
    ...at("make"),
    inputs: {},
    params: z.object({ seed: z.int() }),
    outputs: { files: tree("files"), numbers },
  });
  const part = stage({
    ...at("part"),
    inputs: { numbers },
    params: z.object({ index: z.int() }),
    outputs: { out: bytes },
  });
  const join = stage({
    ...at("join"),
    inputs: { parts: many(bytes) },
    params: none,
    outputs: { out: bytes },
  });
  const sign = stage({
    ...at("sign"),
    inputs: { numbers },
    params: none,
    outputs: { out: json<number>() },
  });
  const after = stage({
    ...at("after"),
    inputs: { sign: json<number>() },
    params: none,
    outputs: { out: file("text", ".txt") },
  });
  const judge = stage({
    ...at("judge"),
    inputs: { files: tree("files"), joined: bytes, after: file("text", ".txt") },
    params: none,
    outputs: { verdicts: json<Verdict[]>() },
  });
  const tell = stage({
    ...at("tell"),
    inputs: { verdicts: json<Verdict[]>() },
    params: none,
    outputs: { report: json<ReportSection[]>() },
  });
  return pipeline({
    name: "toy",
    title: "Toy",
    citation: "",
    summary: "",
    config: z.object({ seed: z.int() }),
    build({ config }) {
      const made = make({ inputs: {}, params: config });
      const parts = Array.from({ length: PARTS }, (_, index) =>
        part({
          id: String(index),
          inputs: { numbers: made.numbers },
          params: { index },
        }).out);
      const joined = join({ inputs: { parts }, params: {} }).out;
      const signed = sign({ inputs: { numbers: made.numbers }, params: {} }).out;
      const later = after({ inputs: { sign: signed }, params: {} }).out;
      const { verdicts } = judge({
        inputs: { files: made.files, joined, after: later },
        params: {},
      });
      return { verdicts, ...tell({ inputs: { verdicts }, params: {} }) };
    },
  }) as unknown as Pipeline;
}
