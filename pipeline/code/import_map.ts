/** Reads a project's import map and lock file: what a bare specifier names exactly, and its integrity. */

import { Failed } from "../failure.ts";

/** An exact npm specifier, `npm:NAME@VERSION` or `npm:NAME@VERSION/sub`. */
export interface NpmSpecifier {
  readonly specifier: string;
  /** `NAME@VERSION`. */
  readonly package: string;
}

/** Where a specifier leads. */
export type Resolved =
  | { readonly type: "builtin"; readonly specifier: string }
  | ({ readonly type: "npm" } & NpmSpecifier)
  | { readonly type: "file"; readonly url: URL }
  | { readonly type: "refused"; readonly reason: string };

/** The parts of `deno.json` and `deno.lock` that decide what code imports. */
export class ImportMap {
  readonly #root: URL;
  readonly #imports: ReadonlyMap<string, string>;
  readonly #lock: Lock;
  readonly #packagesByName: ReadonlyMap<string, readonly string[]>;

  private constructor(root: URL, imports: Readonly<Record<string, string>>, lock: Lock) {
    this.#root = root;
    this.#imports = new Map(Object.entries(imports));
    this.#lock = lock;
    const byName = new Map<string, string[]>();
    for (const key of Object.keys(lock.npm ?? {})) {
      const name = splitPackage(key).name;
      byName.set(name, [...byName.get(name) ?? [], key]);
    }
    this.#packagesByName = byName;
  }

  /** @param root Directory URL with final slash. @throws {Failed} `project-file` when one is malformed. */
  static async read(root: URL): Promise<ImportMap> {
    const config = await readJson<{ imports?: Record<string, string> }>(root, "deno.json");
    const lock = await readJson<Lock>(root, "deno.lock");
    return new ImportMap(root, config.imports ?? {}, lock);
  }

  /** A lock file alone, without an import map. */
  static ofLock(lock: Lock): ImportMap {
    return new ImportMap(new URL("file:///"), {}, lock);
  }

  /** Entries that lead to files of the project; where a package leads is seen in each program. */
  get files(): Readonly<Record<string, string>> {
    return Object.fromEntries(
      [...this.#imports].filter(([, target]) => !/^(npm|node|jsr|https?):/.test(target)),
    );
  }

  /** Resolves a specifier as Deno does, to exact versions. */
  resolve(specifier: string, importer: URL): Resolved {
    if (/^\.{0,2}\//.test(specifier)) return { type: "file", url: new URL(specifier, importer) };
    const mapped = this.#map(specifier);
    if (mapped.startsWith("node:")) return { type: "builtin", specifier: mapped };
    if (mapped.startsWith("npm:")) return this.#npm(mapped);
    if (mapped.startsWith("file:")) return { type: "file", url: new URL(mapped) };
    if (/^\.{0,2}\//.test(mapped)) return { type: "file", url: new URL(mapped, this.#root) };
    return {
      type: "refused",
      reason: /^[a-z]+:/.test(mapped)
        ? `a stage may import files of the project, npm packages and node: modules, not "${mapped}"`
        : `"${specifier}" is not in the import map of deno.json`,
    };
  }

  /**
   * `name@version` → integrity of the given packages and of everything that they depend on.
   *
   * @throws {Failed} `not-locked` when `deno.lock` lacks one of them.
   */
  integrities(packages: Iterable<string>): Record<string, string> {
    const found: Record<string, string> = {};
    const waiting = [...packages];
    for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
      const keys = this.#keysOf(name);
      if (keys.length === 0) {
        throw new Failed({
          code: "not-locked",
          message: `the lock file does not hold the package ${name}`,
          where: "deno.lock",
          mend: "Run deno install, and commit deno.lock.",
        });
      }
      for (const key of keys) {
        if (Object.hasOwn(found, key)) continue;
        const entry = this.#lock.npm![key];
        found[key] = entry.integrity ?? "";
        waiting.push(...entry.dependencies ?? [], ...entry.optionalDependencies ?? []);
      }
    }
    return Object.fromEntries(Object.entries(found).sort(([a], [b]) => a < b ? -1 : 1));
  }

  /** Keys of the lock file for `name`, `name@version`, or one with peer versions appended. */
  #keysOf(wanted: string): readonly string[] {
    if (this.#lock.npm !== undefined && Object.hasOwn(this.#lock.npm, wanted)) return [wanted];
    const { name, version } = splitPackage(wanted);
    const keys = this.#packagesByName.get(name) ?? [];
    if (version === "") return keys;
    return keys.filter((key) => splitPackage(key).version.split("_")[0] === version);
  }

  #map(specifier: string): string {
    const exact = this.#imports.get(specifier);
    if (exact !== undefined) return exact;
    let best = "";
    for (const prefix of this.#imports.keys()) {
      // Deno lets "zod" also stand for "zod/…" when it maps to a package.
      const asFolder = prefix.endsWith("/") ? prefix : `${prefix}/`;
      const usable = prefix.endsWith("/") || this.#imports.get(prefix)!.startsWith("npm:");
      if (usable && specifier.startsWith(asFolder) && prefix.length > best.length) best = prefix;
    }
    if (best === "") return specifier;
    const target = this.#imports.get(best)!;
    const rest = specifier.slice(best.length);
    return `${target}${rest}`;
  }

  #npm(specifier: string): Resolved {
    const match = /^npm:\/?((?:@[^/@]+\/)?[^/@]+)(?:@([^/]+))?(\/.*)?$/.exec(specifier);
    if (match === null) {
      return { type: "refused", reason: `"${specifier}" is not an npm specifier` };
    }
    const [, name, wanted = "*", sub = ""] = match;
    const range = `npm:${name}@${wanted}`;
    const exact = /^\d+\.\d+\.\d+(?:[-+].*)?$/.test(wanted);
    const version = exact ? wanted : this.#lock.specifiers?.[range]?.split("_")[0];
    if (version === undefined) {
      return { type: "refused", reason: `deno.lock does not say which version "${range}" is` };
    }
    const packageName = `${name}@${version}`;
    return { type: "npm", specifier: `npm:${packageName}${sub}`, package: packageName };
  }
}

/** The parts of `deno.lock` that are read here. */
export interface Lock {
  readonly version?: string;
  readonly specifiers?: Readonly<Record<string, string>>;
  readonly npm?: Readonly<
    Record<string, {
      readonly integrity?: string;
      readonly dependencies?: readonly string[];
      readonly optionalDependencies?: readonly string[];
    }>
  >;
}

/** Splits `@scope/name@version` or `name@version`; the version is empty when there is none. */
export function splitPackage(text: string): { name: string; version: string } {
  const at = text.indexOf("@", 1);
  return at === -1
    ? { name: text, version: "" }
    : { name: text.slice(0, at), version: text.slice(at + 1) };
}

async function readJson<T extends object>(root: URL, name: string): Promise<T> {
  let text: string;
  try {
    text = await Deno.readTextFile(new URL(name, root));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return {} as T;
    throw error;
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Failed({
      code: "project-file",
      message: `this is not JSON: ${error instanceof Error ? error.message : error}`,
      where: name,
    }, { cause: error });
  }
}
