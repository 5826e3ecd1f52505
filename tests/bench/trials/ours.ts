// Our own engine on the same pipeline, through its real command line.

import { Rig } from "../../e2e/rig.ts";
import { CHUNKS, DIGESTS, INPUTS } from "./content.ts";
import type { Shape, Third, Tool } from "./tool.ts";

const PAPER = "stages/trial";

const pipelineText = `/** The trial pipeline. */
import { z } from "zod";
import { file, localFile, pipeline, stage } from "../../pipeline/mod.ts";

const text = file("text/plain", ".txt");
const binary = file("application/octet-stream", ".bin");

export const first = stage({
  name: "first",
  describe: "Writes a file in chunks",
  implementation: new URL("./first.ts", import.meta.url),
  inputs: { a: text },
  params: z.object({}),
  outputs: { one: binary },
});
export const second = stage({
  name: "second",
  describe: "Digests it",
  implementation: new URL("./second.ts", import.meta.url),
  inputs: { one: binary, b: text },
  params: z.object({}),
  outputs: { two: text },
});
export const third = stage({
  name: "third",
  describe: "Tells",
  implementation: new URL("./third.ts", import.meta.url),
  inputs: { two: text },
  params: z.object({}),
  outputs: { three: text },
});

export default pipeline({
  name: "trial",
  title: "Trial",
  citation: "Nobody 2026",
  summary: "Three steps.",
  config: z.object({}),
  build() {
    const a = localFile({ name: "a", path: "in/a.txt", kind: text });
    const b = localFile({ name: "b", path: "in/b.txt", kind: text });
    const { one } = first({ inputs: { a: a.file }, params: {} });
    const { two } = second({ inputs: { one, b: b.file }, params: {} });
    const { three } = third({ inputs: { two }, params: {} });
    return { keep: { one, two, three } };
  },
});
`;

const firstText = ({ pause }: Shape) =>
  `// A comment.
import { hash } from "node:crypto";
import type { Run } from "../../pipeline/mod.ts";
import type { first } from "./pipeline.ts";
import { mark } from "./helper.ts";

export const run: Run<typeof first> = async ({ inputs, outputs }) => {
  const line = async () => (await inputs.a.text()).split("\\n")[0].trim();
  let value = "";
  for (let chunk = 0; chunk < ${CHUNKS}; chunk++) {
    if (chunk % ${CHUNKS / 2} === 0) value = mark(await line());
    const bytes = new Uint8Array(${DIGESTS} * 32);
    for (let i = 0; i < ${DIGESTS}; i++) {
      bytes.set(hash("sha256", value + ":" + chunk + ":" + i, "buffer"), i * 32);
    }
    Deno.writeFileSync(outputs.one.path, bytes, { append: true });
    await new Promise((resolve) => setTimeout(resolve, ${pause * 1000}));
  }
};
`;

const helperText = `export function mark(text: string): string {
  return text + "${INPUTS.mark}";
}

export function unused(): string {
  return "nobody calls this";
}
`;

const secondText = `import { hash } from "node:crypto";
import type { Run } from "../../pipeline/mod.ts";
import type { second } from "./pipeline.ts";

export const run: Run<typeof second> = async ({ inputs, outputs }) => {
  const digest = hash("sha256", await inputs.one.bytes(), "hex");
  const text = (await inputs.b.text()).trim();
  await Deno.writeTextFile(outputs.two.path, digest + " " + text + "\\n");
};
`;

function thirdText(kind: Third, dir: string): string {
  const from = kind === "reads more, absolute" ? `${dir}/in/side.txt` : "in/side.txt";
  const more = kind === "reads more" || kind === "reads more, absolute"
    ? `  text += Deno.readTextFileSync(${JSON.stringify(from)});\n`
    : kind === "writes more"
    ? `  const folder = outputs.three.path.slice(0, outputs.three.path.lastIndexOf("/"));
  Deno.writeTextFileSync(folder + "/extra.txt", "extra");\n`
    : "";
  const work = `  let text = "third " + (await inputs.two.text());
${more}  await Deno.writeTextFile(outputs.three.path, text);
`;
  return `import type { Run } from "../../pipeline/mod.ts";
import type { third } from "./pipeline.ts";

export const run: Run<typeof third> = async ({ inputs, outputs }) => {
${kind === "writes nothing" ? "  await inputs.two.text();\n" : work}};
`;
}

/** Path → content of the project, without the engine. */
export function projectFiles(shape: Shape): Record<string, string> {
  return {
    [`${PAPER}/config.yaml`]: "presets:\n  small: {}\n",
    [`${PAPER}/pipeline.ts`]: pipelineText,
    [`${PAPER}/first.ts`]: firstText(shape),
    [`${PAPER}/helper.ts`]: helperText,
    [`${PAPER}/second.ts`]: secondText,
    [`${PAPER}/third.ts`]: thirdText("works", ""),
    "in/a.txt": INPUTS.a,
    "in/b.txt": INPUTS.b,
    "in/side.txt": "side\n",
  };
}

/** Our own engine. */
export const ours: Tool = {
  name: "ours",
  variable: null,
  program: Deno.execPath(),
  own: /pipeline\/cli\/main\.ts/,
  setting: "inputs are `localFile`s, results are kept with `keep`; `deno task reproduce trial`",
  version: () => Promise.resolve("this checkout"),
  async create(shape) {
    // Not disposed: whoever asked removes the folder.
    const { dir } = await Rig.create(projectFiles(shape));
    return dir;
  },
  run: (_dir, program) => ({
    program,
    args: ["run", "-q", "-A", "pipeline/cli/main.ts", "reproduce", "trial", "--json"],
  }),
  output: (name) => `artifacts/results/trial-small/${name}`,
  input: (name) => `in/${name}`,
  code: (part) => `${PAPER}/${part}.ts`,
  third: thirdText,
  stores: ["artifacts/store/objects"],
  work: ["artifacts/store/attempts"],
  ran({ out }) {
    const { stages }: { stages: { id: string; status: string }[] } = JSON.parse(out);
    return stages.filter(({ status }) => status === "ran").map(({ id }) => id);
  },
  forget: (dir) => Deno.removeSync(`${dir}/artifacts/results`, { recursive: true }),
};
