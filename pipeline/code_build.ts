/** Builds stage programs with esbuild: one build for many stages, and each file's part in each program. */

import type { BuildFailure, BuildResult, Message, Metafile, Plugin } from "esbuild";
import { sha256 } from "./canonical.ts";
import { Failed } from "./failure.ts";
import type { ImportMap } from "./import_map.ts";
import { see, type Seen } from "./source_files.ts";
import type { Digest } from "./types.ts";

/** One stage's program as built. */
export interface BuiltProgram {
  readonly code: Uint8Array<ArrayBuffer>;
  /** File → digest of what tree shaking and minification leave of it; files that leave nothing are absent. */
  readonly files: Readonly<Record<string, Digest>>;
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

/**
 * An import that stays in the output and is cut out of it again: it stands where a file's part
 * starts, and unlike a comment or a call it survives minification without merging with its neighbours.
 */
const marker = "part-of:";
const markerPattern = /import"part-of:([^"]*)";/;

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
  const esbuild = await import("esbuild");
  const sources = new Map<string, Seen>();
  const externals = new Map<string, Map<string, string>>();
  building++;
  try {
    const result = await esbuild.build({
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
      minifyWhitespace: true,
      minifySyntax: true,
      legalComments: "none",
      preserveSymlinks: true,
      tsconfigRaw: "{}",
      logLevel: "silent",
      plugins: [programPlugin(request, sources, externals)],
    });
    refuseDroppedImports(result.warnings);
    return { programs: programsOf(request, result, externals), sources };
  } catch (error) {
    if (!isBuildFailure(error)) throw error;
    throw failureOfBuild(error.errors, request);
  } finally {
    building--;
    if (building === 0) await esbuild.stop();
  }
}

function programPlugin(
  request: BuildRequest,
  sources: Map<string, Seen>,
  externals: Map<string, Map<string, string>>,
): Plugin {
  const rootUrl = directoryUrl(request.root);
  return {
    name: "stage-program",
    setup(build) {
      build.onResolve({ filter: /^part-of:/ }, ({ path }) => ({ path, external: true }));
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
            return { path: resolved.specifier, external: true, sideEffects: false };
          }
        }
      });
      build.onLoad({ filter: /.*/, namespace: programNamespace }, ({ path }) => ({
        contents: `import "${marker}";` +
          `import { run } from ${JSON.stringify(`./${path}`)};` +
          `import { main } from ${JSON.stringify(`./${request.runner}`)};` +
          `await main(run);`,
        resolveDir: request.root,
        loader: "js",
      }));
      build.onLoad({ filter: /.*/ }, ({ path, with: attributes }) => {
        const { seen, bytes } = see(path);
        const name = relative(path, request.root);
        sources.set(name, seen);
        if (attributes.type === "bytes") return { contents: bytes, loader: "binary" };
        return load(name, new TextDecoder().decode(bytes), attributes.type);
      });
    },
  };
}

type Loaded = { contents: string; loader: "ts" | "tsx" | "js" | "json" };

function load(name: string, text: string, type: string | undefined): Loaded {
  if (text.includes(`"${marker}`)) throw new Error(`${name} imports from the reserved "${marker}"`);
  const mark = markOf(name);
  if (type === "text") {
    return { contents: `${mark}export default ${JSON.stringify(text)}`, loader: "js" };
  }
  if (name.endsWith(".json")) {
    // As a module, so that it can carry the mark; esbuild words the error of malformed JSON.
    return isJson(text)
      ? { contents: `${mark}export default ${text}`, loader: "js" }
      : { contents: text, loader: "json" };
  }
  return { contents: mark + text, loader: /\.tsx$/.test(name) ? "tsx" : "ts" };
}

/** On the first line, so that line numbers stay those of the file. */
function markOf(name: string): string {
  return `import ${JSON.stringify(marker + encodeURI(name))};`;
}

function programsOf(
  request: BuildRequest,
  result: BuildResult<{ write: false; metafile: true }>,
  externals: ReadonlyMap<string, ReadonlyMap<string, string>>,
): Map<string, BuiltProgram> {
  const programs = new Map<string, BuiltProgram>();
  for (const [i, implementation] of request.implementations.entries()) {
    const output = result.outputFiles.find((file) => file.path.endsWith(`/out/${i}.js`));
    if (output === undefined) throw new Error(`esbuild returned no program for ${implementation}`);
    const { text, files } = cut(output.text);
    const sources = reached(result.metafile, `${programNamespace}:${implementation}`);
    const kept = new Set(
      Object.values(result.metafile.outputs).find((o) =>
        o.entryPoint === `${programNamespace}:${implementation}`
      )?.imports.map((imported) => imported.path),
    );
    programs.set(implementation, {
      code: new TextEncoder().encode(text),
      files,
      sources,
      externals: Object.fromEntries(
        sources.flatMap((source) => [...externals.get(source) ?? []])
          .filter(([, specifier]) => kept.has(specifier)).sort(),
      ),
    });
  }
  return programs;
}

/** Takes the marks out of a program, and digests what stands between them by file. */
function cut(marked: string): { text: string; files: Record<string, Digest> } {
  const [prelude, ...rest] = marked.split(markerPattern);
  let text = prelude;
  const parts = new Map<string, string>();
  for (let i = 0; i < rest.length; i += 2) {
    const part = rest[i + 1].trimEnd();
    text += part;
    const name = decodeURI(rest[i]);
    if (name !== "" && part !== "") parts.set(name, (parts.get(name) ?? "") + part);
  }
  const files = [...parts].sort(([a], [b]) => a < b ? -1 : 1).map(([name, part]) =>
    [name, sha256(part)] as const
  );
  return { text: `${text.trimEnd()}\n`, files: Object.fromEntries(files) };
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

/** Packages count as free of side effects so that unreached imports go; `import "x"` alone would go too. */
function refuseDroppedImports(warnings: readonly Message[]): void {
  const dropped = warnings.find((warning) => warning.id === "ignored-bare-import");
  if (dropped === undefined) return;
  throw new Failed({
    code: "code",
    message: "a stage cannot import a package only for its side effects",
    where: placeOf(dropped),
    mend: "Import a name from the package and use it.",
  });
}

function failureOfBuild(errors: readonly Message[], request: BuildRequest): Failed {
  const [first, ...others] = errors.map((error) => {
    const inProgram = error.location?.namespace === programNamespace ||
      error.location?.file.startsWith(`${programNamespace}:`);
    if (inProgram && error.text.startsWith("No matching export")) {
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

/** `file:line:column`, columns counted from 1 without the mark. */
function placeOf({ location }: Message): string | undefined {
  if (!location) return undefined;
  const mark = location.line === 1 ? new TextEncoder().encode(markOf(location.file)).length : 0;
  const column = Math.max(0, location.column - mark) + 1;
  return `${location.file}:${location.line}:${column}`;
}

function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && "errors" in error && Array.isArray(error.errors);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** A path relative to the root, with `/`; outside it, with `..`. */
export function relative(path: string, root: string): string {
  const from = root.split("/");
  const to = path.split("/");
  let same = 0;
  while (same < from.length && same < to.length - 1 && from[same] === to[same]) same++;
  return [...from.slice(same).map(() => ".."), ...to.slice(same)].join("/");
}

/** The URL of a directory given by its path. */
export function directoryUrl(path: string): URL {
  return pathUrl(`${path}/`, new URL("file:///"));
}

function pathUrl(path: string, base: URL): URL {
  return new URL(path.split("/").map(encodeURIComponent).join("/"), base);
}
