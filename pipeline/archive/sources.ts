/** The readable sources of a bundle: the paper, what it reaches, and the engine that can run it. */

import { readdirSync } from "node:fs";
import { relative } from "../code/paths.ts";
import { ImportMap } from "../code/import_map.ts";
import { byCodeUnits } from "../store/tree_manifest.ts";

/** One source file. */
export interface SourceFile {
  /** Relative to the project. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Beside the paper's folder, what a project needs to run it. */
const ENTRIES = ["pipeline/cli/main.ts", "pipeline/mod.ts", "pipeline/runner.ts"];
const PROJECT_FILES = ["deno.json", "deno.lock", "LICENSE"];
/** Larger files in a paper's folder are data, which belong into the store. */
const LARGEST = 4 << 20;

/**
 * The files of a paper's folder and everything in the project that they import or name by URL, with the engine:
 * a project in which the paper can be read, changed and run.
 * @param root URL of the project, with final slash.
 * @param implementations The modules of its stages.
 */
export async function sourceFiles(
  root: URL,
  paper: string,
  implementations: readonly URL[],
): Promise<SourceFile[]> {
  const imports = await ImportMap.read(root);
  const rootPath = pathOf(root).replace(/\/+$/, "");
  const found = new Map<string, Uint8Array>();
  const waiting: string[] = [
    ...filesUnder(rootPath, `stages/${paper}`),
    ...implementations.map((url) => relative(pathOf(url), rootPath)),
    ...ENTRIES,
    ...PROJECT_FILES,
    // The committed results, against which a later run can be held.
    `artifacts/${paper}.lock.yaml`,
    `artifacts/${paper}.lock.json`,
  ];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    // What lies outside the project cannot be put at its place again.
    if (found.has(path) || path.startsWith("../")) continue;
    const bytes = read(`${rootPath}/${path}`);
    if (bytes === null) continue;
    found.set(path, bytes);
    if (!/\.[cm]?[jt]sx?$/.test(path)) continue;
    const importer = new URL(path.split("/").map(encodeURIComponent).join("/"), root);
    for (const specifier of specifiers(new TextDecoder().decode(bytes))) {
      const resolved = imports.resolve(specifier, importer);
      if (resolved.type === "file") waiting.push(relative(pathOf(resolved.url), rootPath));
    }
  }
  return [...found].map(([path, bytes]) => ({ path, bytes }))
    .sort((a, b) => byCodeUnits(a.path, b.path));
}

/** Specifiers of imports, static, dynamic and of types, and files named by `new URL("…", import.meta.url)`. */
function specifiers(code: string): string[] {
  const pattern =
    /(?:\bfrom\s*|\bimport\s*\(?\s*|@ts-types=|\bnew URL\(\s*)["']((?:\.{1,2}\/|@?\w)[^"'\s]*)["']/g;
  return [...code.matchAll(pattern)].map((match) => match[1]);
}

function filesUnder(root: string, folder: string): string[] {
  const paths: string[] = [];
  for (const entry of readdirSync(`${root}/${folder}`, { withFileTypes: true })) {
    if (entry.name.startsWith(".") || entry.name === "node_modules") continue;
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) paths.push(...filesUnder(root, path));
    else if (entry.isFile() && Deno.statSync(`${root}/${path}`).size <= LARGEST) paths.push(path);
  }
  return paths;
}

function read(path: string): Uint8Array | null {
  try {
    const info = Deno.statSync(path);
    return info.isFile && info.size <= LARGEST ? Deno.readFileSync(path) : null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return null;
    }
    throw error;
  }
}

function pathOf(url: URL): string {
  return decodeURIComponent(url.pathname);
}
