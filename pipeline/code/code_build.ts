/** Builds stage programs with esbuild: one build for many stages, and each file's part in each program. */

import type {
  BuildFailure,
  BuildOptions,
  BuildResult,
  Loader,
  Message,
  Metafile,
  Plugin,
} from "esbuild";
import { sha256 } from "../canonical.ts";
import { directoryUrl, pathUrl, relative } from "./paths.ts";
import { type Outline, outlineOf } from "./code_outline.ts";
import { Failed } from "../failure.ts";
import { hiddenImports } from "./hidden_imports.ts";
import type { ImportMap } from "./import_map.ts";
import { see, type Seen } from "./source_files.ts";
import type { Digest } from "../types.ts";

/** One stage's program as built. */
export interface BuiltProgram {
  readonly code: Uint8Array<ArrayBuffer>;
  /** Source map of `code`, as JSON; sources are relative to a folder in the root. */
  readonly map: Uint8Array<ArrayBuffer>;
  /** File → digest of what tree shaking and minification leave of it; files that leave nothing are absent. */
  readonly files: Readonly<Record<string, Digest>>;
  /** The declarations in those files. */
  readonly outline: Outline;
  /** Every file that was read for it, reached or not. */
  readonly sources: readonly string[];
  /** Specifiers as written → as they stand in the program, for everything outside the project. */
  readonly externals: Readonly<Record<string, string>>;
}

/** What to build. Paths are relative to `root`, with `/`. */
export interface BuildRequest {
  /** Path of the project's directory, without final slash. */
  readonly root: string;
  /** Stage modules, each exporting `run`. */
  readonly implementations: readonly string[];
  /** Module exporting `main(run)`. */
  readonly runner: string;
  readonly imports: ImportMap;
}

/** Programs by implementation, and the files that were read. */
export interface BuildOutcome {
  readonly programs: ReadonlyMap<string, BuiltProgram>;
  readonly sources: ReadonlyMap<string, Seen>;
}

const programNamespace = "stage-program";

/** Builds in progress; esbuild's service stops with the last one, so that it cannot hold the process. */
let building = 0;

/**
 * Bundles each implementation with the runner to one program: unused code dropped, white space and
 * syntax minified, npm packages left outside under exact specifiers.
 *
 * @throws {Failed} `code` with `file:line:column` for syntax errors and imports that lead nowhere.
 */
export async function buildPrograms(request: BuildRequest): Promise<BuildOutcome> {
  const [esbuild, { parse }] = await Promise.all([import("esbuild"), import("acorn")]);
  const sources = new Map<string, Source>();
  const externals = new Map<string, Map<string, string>>();
  const options = {
    entryPoints: request.implementations.map((path, i) => ({
      in: `${programNamespace}:${path}`,
      out: String(i),
    })),
    absWorkingDir: request.root,
    outdir: `${request.root}/out`,
    write: false,
    metafile: true,
    bundle: true,
    splitting: false,
    format: "esm",
    platform: "neutral",
    target: "esnext",
    charset: "utf8",
    treeShaking: true,
    minifySyntax: true,
    legalComments: "none",
    preserveSymlinks: true,
    tsconfigRaw: "{}",
    logLevel: "silent",
    // A module without `run` would otherwise be a program that fails when it is run.
    logOverride: { "import-is-undefined": "error" },
    plugins: [programPlugin(request, sources, externals)],
  } as const satisfies BuildOptions;
  building++;
  try {
    // The second form names the file above each part of it, which the program itself must not.
    const [result, withNames] = await Promise.all([
      esbuild.build({
        ...options,
        minifyWhitespace: true,
        sourcemap: "external",
        sourcesContent: false,
      }),
      esbuild.build(options),
    ]);
    const minify = async (code: string) =>
      (await esbuild.transform(code, {
        minifyWhitespace: true,
        charset: "utf8",
        target: "esnext",
        legalComments: "none",
        logLevel: "silent",
      })).code;
    const look = { minify, outline: (part: string) => outlineOf(parse, part) };
    for (const [i, implementation] of request.implementations.entries()) {
      checkImports(implementation, hiddenImports(parse, outputOf(result, `${i}.js`).text));
    }
    const programs = await programsOf(request, result, withNames, externals, look);
    return { programs, sources: new Map([...sources].map(([name, { seen }]) => [name, seen])) };
  } catch (error) {
    if (!isBuildFailure(error)) throw error;
    throw failureOfBuild(error.errors, request);
  } finally {
    building--;
    if (building === 0) await esbuild.stop();
  }
}

type Source = ReturnType<typeof see>;
type Result = BuildResult<{ write: false; metafile: true }>;

function programPlugin(
  request: BuildRequest,
  sources: Map<string, Source>,
  externals: Map<string, Map<string, string>>,
): Plugin {
  const rootUrl = directoryUrl(request.root);
  return {
    name: "stage-program",
    setup(build) {
      build.onResolve({ filter: /^stage-program:/ }, ({ path }) => ({
        path: path.slice(programNamespace.length + 1),
        namespace: programNamespace,
      }));
      build.onResolve({ filter: /.*/ }, (args) => {
        const importer = args.namespace === programNamespace
          ? rootUrl
          : pathUrl(args.importer, rootUrl);
        const resolved = request.imports.resolve(args.path, importer);
        switch (resolved.type) {
          case "refused":
            return { errors: [{ text: resolved.reason }] };
          case "file": {
            const path = decodeURIComponent(resolved.url.pathname);
            return isFile(path)
              ? { path }
              : { errors: [{ text: `there is no file "${args.path}"` }] };
          }
          default: {
            const from = relative(args.importer, request.root);
            const known = externals.get(from) ?? new Map<string, string>();
            externals.set(from, known.set(args.path, resolved.specifier));
            const sideEffects = isForEffect(sources.get(from), args.path);
            return { path: resolved.specifier, external: true, sideEffects };
          }
        }
      });
      build.onLoad({ filter: /.*/, namespace: programNamespace }, ({ path }) => ({
        contents: `import { run } from ${JSON.stringify(`./${path}`)};` +
          `import { main } from ${JSON.stringify(`./${request.runner}`)};` +
          `await main(run);`,
        resolveDir: request.root,
        loader: "js",
      }));
      build.onLoad({ filter: /.*/ }, ({ path, with: attributes }) => {
        const name = relative(path, request.root);
        // Both forms of a program, and the record of what it was made from, must see the same bytes.
        const source = sources.get(name) ?? see(path);
        sources.set(name, source);
        return { contents: source.bytes, loader: loaderOf(name, attributes.type) };
      });
    },
  };
}

function loaderOf(name: string, type: string | undefined): Loader {
  if (type === "bytes") return "binary";
  if (type === "text") return "text";
  if (name.endsWith(".json")) return "json";
  return name.endsWith(".tsx") ? "tsx" : "ts";
}

async function programsOf(
  request: BuildRequest,
  result: Result,
  withNames: Result,
  externals: ReadonlyMap<string, ReadonlyMap<string, string>>,
  { minify, outline }: {
    minify(code: string): Promise<string>;
    outline(part: string): Outline[string];
  },
): Promise<Map<string, BuiltProgram>> {
  const programs = new Map<string, BuiltProgram>();
  const digests = new Map<string, Promise<Digest>>();
  const outlines = new Map<string, Outline[string]>();
  // Stages share most of their files.
  const digestOfPart = (part: string) => {
    const known = digests.get(part) ?? minify(part).then(sha256, () => sha256(part));
    digests.set(part, known);
    return known;
  };
  const outlineOfPart = (part: string) => {
    const known = outlines.get(part) ?? outline(part);
    outlines.set(part, known);
    return known;
  };
  for (const [i, implementation] of request.implementations.entries()) {
    const entry = `${programNamespace}:${implementation}`;
    const sources = reached(result.metafile, entry);
    const imported = new Set(
      Object.values(result.metafile.outputs).find((output) => output.entryPoint === entry)
        ?.imports.map(({ path }) => path),
    );
    const parts = partsOf(outputOf(withNames, `${i}.js`).text, new Set(sources), entry);
    const digested = [...parts].map(async ([name, part]) =>
      [name, await digestOfPart(part)] as const
    );
    programs.set(implementation, {
      code: outputOf(result, `${i}.js`).contents as Uint8Array<ArrayBuffer>,
      map: outputOf(result, `${i}.js.map`).contents as Uint8Array<ArrayBuffer>,
      files: Object.fromEntries((await Promise.all(digested)).sort(([a], [b]) => a < b ? -1 : 1)),
      outline: Object.fromEntries([...parts].map(([name, part]) => [name, outlineOfPart(part)])),
      sources,
      externals: Object.fromEntries(
        sources.flatMap((source) => [...externals.get(source) ?? []])
          .filter(([, specifier]) => imported.has(specifier)).sort(),
      ),
    });
  }
  return programs;
}

function outputOf(result: Result, name: string): { text: string; contents: Uint8Array } {
  const output = result.outputFiles.find((file) => file.path.endsWith(`/out/${name}`));
  if (output === undefined) throw new Error(`esbuild returned no ${name}`);
  return output;
}

/** File → its part of a program in which esbuild names the file above each stretch of its code. */
function partsOf(
  program: string,
  sources: ReadonlySet<string>,
  entry: string,
): Map<string, string> {
  const parts = new Map<string, string>();
  let current: string | null = null;
  for (const line of program.split("\n")) {
    const name = line.startsWith("// ") ? line.slice(3) : "";
    if (name === entry) current = null;
    else if (sources.has(name)) current = name;
    else if (current !== null && line !== "") {
      parts.set(current, `${parts.get(current) ?? ""}${line}\n`);
    }
  }
  return parts;
}

/** The files that can be reached by imports from an entry, sorted. */
function reached(metafile: Metafile, entry: string): string[] {
  const seen = new Set<string>();
  const waiting = [entry];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    for (const { path, external } of metafile.inputs[name]?.imports ?? []) {
      if (!external) waiting.push(path);
    }
  }
  seen.delete(entry);
  return [...seen].sort();
}

/** Whether a module is imported without a name: packages then stay, else unreached imports of them go. */
function isForEffect(source: Source | undefined, specifier: string): boolean {
  const quoted = specifier.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const text = new TextDecoder().decode(source?.bytes);
  return new RegExp(`(^|[;\\n])\\s*import\\s*["']${quoted}["']`).test(text);
}

/** With other exports, or none at all. */
const NO_RUN = /^No matching export|^Import "run" will always be undefined/;

function failureOfBuild(errors: readonly Message[], request: BuildRequest): Failed {
  const [first, ...others] = errors.map((error) => {
    const inProgram = error.location?.namespace === programNamespace ||
      error.location?.file.startsWith(`${programNamespace}:`);
    if (inProgram && NO_RUN.test(error.text)) {
      return {
        where: error.location!.file.slice(programNamespace.length + 1),
        message: 'the module does not export "run"',
      };
    }
    return { where: placeOf(error), message: error.text };
  });
  const lines = others.slice(0, 4).map(({ where, message }) =>
    where === undefined ? message : `${where}: ${message}`
  );
  if (others.length > 4) lines.push(`and ${others.length - 4} more`);
  return new Failed({
    code: "code",
    message: [first.message, ...lines].join("\n"),
    where: first.where ?? request.implementations.join(", "),
    mend: 'A stage module is TypeScript that exports "run"; see deno check.',
  });
}

/** @throws {Failed} when a program would read something that is neither in it nor in its key. */
function checkImports(implementation: string, hidden: readonly string[]): void {
  if (hidden.length === 0) return;
  const [name] = hidden;
  throw new Failed({
    code: "code",
    message: `it imports ${JSON.stringify(name.slice(0, 200))} by the name of a constant`,
    where: implementation,
    mend:
      'Write the path in the import itself, import("./table.json"), so that the file becomes a ' +
      "part of the program; or list it in `inputs` as localFile(…).",
  });
}

/** `file:line:column`, columns counted from 1. */
function placeOf({ location }: Message): string | undefined {
  if (!location) return undefined;
  return `${location.file}:${location.line}:${location.column + 1}`;
}

function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && "errors" in error && Array.isArray(error.errors);
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
