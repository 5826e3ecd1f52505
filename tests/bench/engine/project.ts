// A generated project: the engine with one paper, `sweep`, of any number of nodes in ten layers.
//
// Node i reads a small file of its own, `in/<i>.txt`, and the output of node i - N/10. The same DAG is made for the
// peers in `peers.ts`.

const repository = decodeURIComponent(new URL("../../../", import.meta.url).pathname);

/** What to generate. */
export interface Shape {
  /** Nodes without the judging one at the end; a multiple of ten. */
  readonly nodes: number;
  /** Stage modules that the nodes are spread over. @default 1 */
  readonly modules?: number;
}

/** A generated project on disk, removed on disposal. */
export interface Project extends Disposable {
  readonly dir: string;
  readonly shape: Required<Shape>;
  /** Writes the file that node `i` reads. */
  change(i: number, text: string): void;
}

/** Number of layers of every generated DAG. */
export const LAYERS = 10;

/** Writes a project into a new temporary directory, or into `dir`. */
export function generate(shape: Shape, dir = Deno.makeTempDirSync({ prefix: "bench-" })): Project {
  const full = { modules: 1, ...shape };
  dir = Deno.realPathSync(dir);
  for (const name of ["deno.json", "deno.lock"]) {
    Deno.copyFileSync(repository + name, `${dir}/${name}`);
  }
  copyTree(`${repository}pipeline`, `${dir}/pipeline`);
  for (const [path, content] of Object.entries(files(full))) write(`${dir}/${path}`, content);
  const change = (i: number, text: string) => write(`${dir}/in/${i}.txt`, text + "\n");
  for (let i = 0; i < full.nodes; i++) change(i, String(i));
  return {
    dir,
    shape: full,
    change,
    [Symbol.dispose]: () => Deno.removeSync(dir, { recursive: true }),
  };
}

function write(path: string, content: string): void {
  Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  Deno.writeTextFileSync(path, content);
}

function copyTree(from: string, to: string): void {
  Deno.mkdirSync(to, { recursive: true });
  for (const { name, isDirectory } of Deno.readDirSync(from)) {
    if (isDirectory) copyTree(`${from}/${name}`, `${to}/${name}`);
    else Deno.copyFileSync(`${from}/${name}`, `${to}/${name}`);
  }
}

function files({ nodes, modules }: Required<Shape>): Record<string, string> {
  const all = Array.from({ length: modules }, (_, m) => m);
  return {
    "stages/sweep/config.yaml": `presets:\n  small:\n    nodes: ${nodes}\n`,
    "stages/sweep/pipeline.ts": `/** A sweep of many small stages. */
import { z } from "zod";
import { type Artifact, type FileKind, localFile, pipeline } from "../../pipeline/mod.ts";
import { first, judge, next, text } from "./stages.ts";

export default pipeline({
  name: "sweep",
  title: "Sweep",
  citation: "Nobody 2026",
  summary: "Many small stages in layers.",
  config: z.object({ nodes: z.int() }),
  build({ config }) {
    const width = config.nodes / ${LAYERS};
    const outputs: Artifact<FileKind<"text/plain">>[] = [];
    for (let i = 0; i < config.nodes; i++) {
      const id = String(i);
      const { file: own } = localFile({ name: id, path: "in/" + i + ".txt", kind: text });
      const params = { i, scale: 1 };
      outputs.push(
        i < width
          ? first[i % ${modules}]({ id, inputs: { own }, params }).text
          : next[i % ${modules}]({ id, inputs: { own, above: outputs[i - width] }, params }).text,
      );
    }
    return judge({ inputs: { last: outputs.slice(-width) }, params: {} });
  },
});
`,
    "stages/sweep/stages.ts": `/** The stages of the sweep. */
import { z } from "zod";
import { file, json, many, stage } from "../../pipeline/mod.ts";
import type { ReportSection, Verdict } from "../../pipeline/mod.ts";

export const text = file("text/plain", ".txt");
const params = z.object({ i: z.int(), scale: z.number().default(1) });

export const first = [${
      all.map((m) => `
  stage({
    name: "first${m}",
    describe: "Begins a chain",
    implementation: new URL("./run${m}.ts", import.meta.url),
    inputs: { own: text },
    params,
    outputs: { text },
  })`).join(",")
    },
];

export const next = [${
      all.map((m) => `
  stage({
    name: "next${m}",
    describe: "Goes on with a chain",
    implementation: new URL("./run${m}.ts", import.meta.url),
    inputs: { own: text, above: text },
    params,
    outputs: { text },
  })`).join(",")
    },
];

export const judge = stage({
  name: "judge",
  describe: "Judges",
  implementation: new URL("./judge_run.ts", import.meta.url),
  inputs: { last: many(text) },
  params: z.object({}),
  outputs: { verdicts: json<Verdict[]>(), report: json<ReportSection[]>() },
});
`,
    ...Object.fromEntries(all.map((m) => [
      `stages/sweep/run${m}.ts`,
      `/** Adds a line. */
import { line } from "./line.ts";

interface File {
  bytes(): Promise<Uint8Array>;
}

export const run = async ({ inputs, outputs }: {
  inputs: { own: File; above?: File };
  outputs: { text: { write(bytes: Uint8Array): Promise<void> } };
}) => {
  const text = async (file?: File) => new TextDecoder().decode(await file?.bytes());
  const above = await text(inputs.above);
  await outputs.text.write(new TextEncoder().encode(line(above, await text(inputs.own), ${m})));
};
`,
    ])),
    "stages/sweep/line.ts": `/** The work of every node. */
export function line(above: string, text: string, module: number): string {
  return above + text.trim() + " " + module + "\\n";
}
`,
    "stages/sweep/judge_run.ts": `/** Judges. */
import type { Run } from "../../pipeline/types.ts";
import type { judge } from "./stages.ts";

export const run: Run<typeof judge> = async ({ inputs, outputs }) => {
  const n = inputs.last.length;
  await outputs.verdicts.write([{
    claim: "many",
    statement: "There are many.",
    source: "nowhere",
    verdict: "reproduced",
    test: "none",
    statistic: n,
    p: 0.01,
    effect: n,
    interval: [0, n],
    n,
    paper: null,
    control: false,
    explanation: "Counted.",
  }]);
  await outputs.report.write([{ id: "count", title: "Count", html: "<p>" + n + "</p>" }]);
};
`,
  };
}
