/** Finds the papers of a project: the folders of `stages/` that hold a `pipeline.ts`. */

import { didYouMean, Failed } from "../failure.ts";
import { isPipeline, type Pipeline } from "./pipeline.ts";

/** A paper as found on disk; its module has not been imported. */
export interface PaperEntry {
  /** Name of the folder in `stages/`. */
  readonly name: string;
  readonly pipeline: URL;
  readonly config: URL;
}

/**
 * The papers under a project's root, by name.
 *
 * @param root URL of the project's directory, with or without a final slash.
 * @throws {Failed} `no-project` when there is no `stages` folder.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { listPapers } from "../mod.ts";
 *
 * const papers = await listPapers(new URL("../", import.meta.resolve("../mod.ts")));
 * assert.ok(papers.some(({ name }) => name === "optima"));
 * ```
 */
export async function listPapers(root: URL): Promise<PaperEntry[]> {
  const stages = new URL("stages/", asDirectory(root));
  const papers: PaperEntry[] = [];
  try {
    for await (const entry of Deno.readDir(stages)) {
      if (!entry.isDirectory) continue;
      const paper = paperAt(stages, entry.name);
      if (await isFile(paper.pipeline)) papers.push(paper);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Failed({
      code: "no-project",
      message: "there is no folder of papers",
      where: decodeURIComponent(stages.pathname),
      mend: "Run from the root of the project.",
    });
  }
  return papers.sort((a, b) => a.name < b.name ? -1 : 1);
}

/** The entry of one paper. @throws {Failed} `unknown-paper` with the nearest name and the list. */
export async function findPaper(root: URL, name: string): Promise<PaperEntry> {
  const papers = await listPapers(root);
  const paper = papers.find((entry) => entry.name === name);
  if (paper !== undefined) return paper;
  const names = papers.map((entry) => entry.name);
  throw new Failed({
    code: "unknown-paper",
    message: `there is no paper "${name}"${didYouMean(name, names)}`,
    where: "stages",
    mend: names.length === 0
      ? "Add stages/<paper>/pipeline.ts."
      : `The papers are ${names.join(", ")}.`,
  });
}

/**
 * Imports the pipeline of one paper: declarations only, no implementation.
 *
 * @throws {Failed} `unknown-paper`; `broken-pipeline` when the module does not load or does not export
 * a pipeline of that name as default. Failures of its declarations pass through.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { loadPaper } from "../mod.ts";
 *
 * const paper = await loadPaper(new URL("../", import.meta.resolve("../mod.ts")), "optima");
 * assert.equal(paper.name, "optima");
 * ```
 */
export async function loadPaper(root: URL, name: string): Promise<Pipeline> {
  const entry = await findPaper(root, name);
  const where = `stages/${name}/pipeline.ts`;
  const exports: { default?: unknown } = await importPipeline(entry, where);
  const found = exports.default;
  if (!isPipeline(found)) {
    throw new Failed({
      code: "broken-pipeline",
      message: "the module does not export a pipeline as default",
      where,
      mend: "Write export default pipeline({ … }).",
    });
  }
  if (found.name !== name) {
    throw new Failed({
      code: "broken-pipeline",
      message: `the pipeline is called "${found.name}", its folder "${name}"`,
      where,
      mend: `Write name: "${name}".`,
    });
  }
  return found;
}

async function importPipeline(entry: PaperEntry, where: string): Promise<{ default?: unknown }> {
  try {
    return await import(entry.pipeline.href);
  } catch (error) {
    if (error instanceof Failed) throw error;
    // A syntax error or a missing import is for the author of the paper to mend.
    throw new Failed({
      code: "broken-pipeline",
      message: `the module does not load: ${error instanceof Error ? error.message : error}`,
      where,
      mend: `See deno check ${where}.`,
    }, { cause: error });
  }
}

function paperAt(stages: URL, name: string): PaperEntry {
  const folder = new URL(`${encodeURIComponent(name)}/`, stages);
  return {
    name,
    pipeline: new URL("pipeline.ts", folder),
    config: new URL("config.yaml", folder),
  };
}

async function isFile(url: URL): Promise<boolean> {
  try {
    return (await Deno.stat(url)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function asDirectory(url: URL): URL {
  return url.href.endsWith("/") ? url : new URL(`${url.href}/`);
}
