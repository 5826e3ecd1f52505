/** Finding and loading the papers of a project. */

import assert from "node:assert/strict";
import { findPaper, listPapers, loadPaper } from "../../../pipeline/declare/project.ts";

const engine = new URL("../../../pipeline/declare/pipeline.ts", import.meta.url).href;
const zod = import.meta.resolve("zod");

const paper = (name: string) =>
  `import { pipeline } from "${engine}";
import { z } from "${zod}";
export default pipeline({ name: "${name}", title: "", citation: "", summary: "",
  config: z.object({}), build: () => { throw new Error("not built"); } });
`;

async function withProject(
  files: Record<string, string>,
  test: (root: URL) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "a project " });
  try {
    for (const [name, text] of Object.entries(files)) {
      const path = `${dir}/${name}`;
      await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
      await Deno.writeTextFile(path, text);
    }
    await test(new URL(`file://${encodeURI(dir)}`));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("listPapers() finds folders with a pipeline, by name, without importing them", async () => {
  const files = {
    "stages/optima/pipeline.ts": "this is not TypeScript",
    "stages/heron/pipeline.ts": "nor this",
    "stages/shared/prepare.ts": "",
    "stages/readme.md": "",
  };
  await withProject(files, async (root) => {
    const papers = await listPapers(root);
    assert.deepEqual(papers.map(({ name }) => name), ["heron", "optima"]);
    assert.equal(papers[0].config.href, `${root.href}/stages/heron/config.yaml`);
  });
});

Deno.test("listPapers() says that a folder is no project", async () => {
  await withProject({ "readme.md": "" }, async (root) => {
    await assert.rejects(listPapers(root), { name: "Failed", message: /no folder of papers/ });
  });
});

Deno.test("findPaper() names the nearest paper", async () => {
  const files = { "stages/optima/pipeline.ts": "", "stages/heron/pipeline.ts": "" };
  await withProject(files, async (root) => {
    await assert.rejects(findPaper(root, "optmia"), {
      name: "Failed",
      message:
        /there is no paper "optmia", did you mean "optima"\?\nThe papers are heron, optima\./,
    });
  });
});

Deno.test("loadPaper() imports the pipeline", async () => {
  await withProject({ "stages/toy/pipeline.ts": paper("toy") }, async (root) => {
    assert.equal((await loadPaper(root, "toy")).name, "toy");
  });
});

Deno.test("loadPaper() says what is wrong with a module", async () => {
  const files = {
    "stages/other/pipeline.ts": paper("toy"),
    "stages/none/pipeline.ts": "export const pipeline = 1;",
    "stages/broken/pipeline.ts": "export default (;",
    "stages/lost/pipeline.ts": 'import "./lost.ts"; export default 1;',
  };
  await withProject(files, async (root) => {
    const cases: [string, RegExp][] = [
      ["other", /^stages\/other\/pipeline\.ts: the pipeline is called "toy", its folder "other"/],
      ["none", /^stages\/none\/pipeline\.ts: the module does not export a pipeline as default/],
      ["broken", /^stages\/broken\/pipeline\.ts: the module does not load: .*Expression expected/],
      ["lost", /^stages\/lost\/pipeline\.ts: the module does not load: .*lost\.ts/],
    ];
    for (const [name, message] of cases) {
      await assert.rejects(loadPaper(root, name), { name: "Failed", message });
    }
  });
});
