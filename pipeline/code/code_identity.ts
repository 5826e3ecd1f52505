/** Code identity: the program of each stage, whose digest is its identity and which is what is executed. */

import { digestOf, frozen, sha256 } from "../canonical.ts";
import { type Outline, outlinePath } from "./code_outline.ts";
import { Failed } from "../failure.ts";
import { ImportMap } from "./import_map.ts";
import { discard, type Host, isSystemError, systemHost } from "../host.ts";
import { relative } from "./paths.ts";
import { type Seen, stillSeen } from "./source_files.ts";
import { sourceMapPath } from "./stack_trace.ts";
import type { Digest } from "../types.ts";

/** The program of one stage. */
export interface Bundle {
  /** SHA-256 of `code`. */
  readonly digest: Digest;
  /** An ES module in UTF-8; running it with a job file as argument runs the stage. */
  readonly code: Uint8Array<ArrayBuffer>;
  /** File relative to the root → digest of its part in the program. Comments, layout and unused code are no part. */
  readonly files: Readonly<Record<string, Digest>>;
  /** Every file that was read for it, reached or not, relative to the root. */
  readonly sources: readonly string[];
  /** `name@version` → integrity in `deno.lock`, for every package that the program loads. */
  readonly packages: Readonly<Record<string, string>>;
  /** Exact specifiers that the program imports, e.g. `npm:zod@4.6.7`; `node:` modules are not listed. */
  readonly specifiers: readonly string[];
}

/**
 * The programs of stage implementations, by their URL's `href`.
 *
 * What has not changed since the last call comes from `cacheDir`, checked by its digest; only the rest
 * is built, in one build.
 *
 * @param root URL of the project's directory: `deno.json` and `deno.lock` decide what imports mean.
 * @param implementations Modules that export `run`; the same one may occur often.
 * @param cacheDir Directory for the cache; made when needed, may be deleted at any time.
 * @param options `runner`: the module exporting `main(run)` that each program starts with; `host`: writes the cache.
 * @throws {Failed} `code` for syntax errors, missing files and unknown imports, with their place;
 * `not-locked` when `deno.lock` lacks a package.
 */
export async function bundles(
  root: URL,
  implementations: readonly URL[],
  cacheDir: string,
  options: { readonly runner?: URL; readonly host?: Host } = {},
): Promise<Map<string, Bundle>> {
  const rootPath = filePath(root).replace(/\/+$/, "");
  const imports = await ImportMap.read(root.href.endsWith("/") ? root : new URL(`${root.href}/`));
  const runner = relative(
    filePath(options.runner ?? new URL("../run/runner.ts", import.meta.url)),
    rootPath,
  );
  const names = new Map(
    implementations.map((url) => [url.href, relative(filePath(url), rootPath)]),
  );
  const cache = new Cache(rootPath, cacheDir, runner, imports, options.host ?? systemHost);
  const cached = new Map<string, Program>();
  for (const name of new Set(names.values())) {
    const program = cache.get(name, imports);
    if (program !== null) cached.set(name, program);
  }
  const missing = [...new Set(names.values())].filter((name) => !cached.has(name)).sort();
  if (missing.length > 0) {
    for (const name of missing) checkExists(rootPath, name);
    // Loaded only when something changed.
    const { buildPrograms } = await import("./code_build.ts");
    const built = await buildPrograms({
      root: rootPath,
      implementations: missing,
      runner,
      imports,
    });
    for (const [name, { code, map, outline, ...about }] of built.programs) {
      const program = { digest: sha256(code), code, ...about };
      cached.set(name, program);
      cache.put(name, program, { map, outline }, built.sources);
    }
  }
  cache.save();
  return new Map([...names].map(([href, name]) => [href, bundleOf(cached.get(name)!, imports)]));
}

interface Program {
  readonly digest: Digest;
  readonly code: Uint8Array<ArrayBuffer>;
  readonly files: Readonly<Record<string, Digest>>;
  readonly sources: readonly string[];
  readonly externals: Readonly<Record<string, string>>;
}

function bundleOf(
  { digest, code, files, sources, externals }: Program,
  imports: ImportMap,
): Bundle {
  const specifiers = [...new Set(Object.values(externals))]
    .filter((specifier) => specifier.startsWith("npm:")).sort();
  const packages = specifiers.flatMap((specifier) => {
    const resolved = imports.resolve(specifier, new URL("file:///"));
    return resolved.type === "npm" ? [resolved.package] : [];
  });
  return {
    digest,
    code,
    files,
    sources,
    specifiers,
    packages: frozen(imports.integrities(packages)),
  };
}

type CacheEntry = Omit<Program, "code">;

interface CacheFile {
  readonly rules: Digest;
  readonly programs: Record<string, CacheEntry>;
  readonly sources: Record<string, Seen>;
}

/** Raise when programs are built differently, so that cached ones are not used. */
const buildVersion = 2;

/** Programs kept on disk: an index with the state of all source files, and one file a program. */
class Cache {
  readonly #root: string;
  readonly #dir: string;
  readonly #index: string;
  readonly #content: CacheFile;
  /** Files already looked at in this process's turn. */
  readonly #fresh = new Map<string, boolean>();
  readonly #host: Host;
  #changed = false;

  constructor(root: string, dir: string, runner: string, imports: ImportMap, host: Host) {
    this.#host = host;
    this.#root = root;
    this.#dir = dir;
    // Stamps of files belong to one checkout; a store may serve several.
    this.#index = `${dir}/index-${sha256(root).slice(0, 16)}.json`;
    // The path of esbuild names its version; importing it would start what the cache avoids.
    const rules = digestOf([
      buildVersion,
      import.meta.resolve("esbuild"),
      runner,
      imports.files,
    ]);
    const found = readIndex(this.#index);
    this.#content = found?.rules === rules ? found : { rules, programs: {}, sources: {} };
  }

  get(name: string, imports: ImportMap): Program | null {
    const entry = this.#content.programs[name];
    if (entry === undefined || !entry.sources.every((source) => this.#isFresh(source))) return null;
    const root = new URL("file:///");
    for (const [written, specifier] of Object.entries(entry.externals)) {
      const now = imports.resolve(written, root);
      if (!("specifier" in now) || now.specifier !== specifier) return null;
    }
    try {
      const code = Deno.readFileSync(this.#programPath(entry.digest));
      return sha256(code) === entry.digest ? { ...entry, code } : null;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return null;
      throw error;
    }
  }

  put(
    name: string,
    { code, ...entry }: Program,
    { map, outline }: { readonly map: Uint8Array<ArrayBuffer>; readonly outline: Outline },
    sources: ReadonlyMap<string, Seen>,
  ): void {
    for (const source of entry.sources) {
      const seen = sources.get(source);
      if (seen !== undefined) this.#content.sources[source] = seen;
    }
    this.#content.programs[name] = entry;
    this.#changed = true;
    this.#write(this.#programPath(entry.digest), code);
    this.#write(sourceMapPath(this.#dir, entry.digest), map);
    const text = new TextEncoder().encode(JSON.stringify(outline));
    this.#write(outlinePath(this.#dir, entry.digest), text);
  }

  save(): void {
    if (!this.#changed) return;
    const used = new Set(Object.values(this.#content.programs).flatMap(({ sources }) => sources));
    for (const source of Object.keys(this.#content.sources)) {
      if (!used.has(source)) delete this.#content.sources[source];
    }
    const body = JSON.stringify(this.#content);
    this.#write(this.#index, new TextEncoder().encode(`${sha256(body)}\n${body}`));
  }

  /** A full or read-only disk costs the next call a build, nothing else. */
  #write(path: string, bytes: Uint8Array<ArrayBuffer>): void {
    try {
      this.#host.files.makeDirectory(this.#dir);
      replace(this.#host, path, bytes);
    } catch (error) {
      if (!isSystemError(error)) throw error;
    }
  }

  #isFresh(source: string): boolean {
    const known = this.#fresh.get(source);
    if (known !== undefined) return known;
    const before = this.#content.sources[source];
    const now = before === undefined ? null : stillSeen(`${this.#root}/${source}`, before);
    if (now !== null && now !== before) {
      this.#content.sources[source] = now;
      this.#changed = true;
    }
    this.#fresh.set(source, now !== null);
    return now !== null;
  }

  #programPath(digest: Digest): string {
    return `${this.#dir}/${digest}.js`;
  }
}

/** Whatever cannot be read is as good as absent: everything in the cache can be built again. */
function readIndex(path: string): CacheFile | null {
  try {
    const text = Deno.readTextFileSync(path);
    const end = text.indexOf("\n");
    const body = text.slice(end + 1);
    // What it says of a program's parts goes into records: a flipped bit must not.
    if (text.slice(0, Math.max(0, end)) !== sha256(body)) return null;
    const index: Partial<CacheFile> = JSON.parse(body);
    return index.rules && index.programs && index.sources ? index as CacheFile : null;
  } catch {
    return null;
  }
}

/** Under its name a file is always complete, whoever else writes it. */
function replace(host: Host, path: string, bytes: Uint8Array): void {
  const temporary = `${path}.${host.unique()}`;
  try {
    host.files.writeNew(temporary, bytes);
    host.files.rename(temporary, path);
  } catch (error) {
    discard(host, temporary);
    throw error;
  }
}

function checkExists(root: string, name: string): void {
  try {
    if (Deno.statSync(`${root}/${name}`).isFile) return;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  throw new Failed({
    code: "code",
    message: "the implementation of a stage is not there",
    where: name,
    mend: "Write the module, or correct `implementation` where the stage is declared.",
  });
}

function filePath(url: URL): string {
  if (url.protocol !== "file:") throw new TypeError(`Expected a file: URL, received ${url.href}`);
  return decodeURIComponent(url.pathname);
}
