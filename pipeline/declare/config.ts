/** Reads the presets of a paper from its `config.yaml`: inheritance, then validation by its schema. */

// @ts-types="../std.d.ts"
import { parse, YamlSyntaxError } from "@std/yaml";
import type { z } from "zod";
import { didYouMean, Failed } from "../failure.ts";
import { isSystemError } from "../host.ts";
import { formatProblem, parseStrictly, valueAt } from "./schema.ts";
import type { Failure } from "../types.ts";
import { locate } from "./yaml_position.ts";

/** Where a configuration is. */
export interface ConfigFile {
  /** URL of `config.yaml`. */
  readonly file: URL;
  /** The project's root: messages name the file relative to it. @default the file's full path */
  readonly root?: URL;
}

/**
 * Reads one preset: bases named by `extends` first, objects merged field by field, everything else
 * (lists too) replaced; then parsed by the schema, which applies defaults.
 *
 * @throws {Failed} `config-missing`, `config-syntax`, `unknown-preset` or `config-invalid`; each
 * names the file, with line and column where there is one, and what is wrong.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { loadConfig } from "../mod.ts";
 * import { z } from "zod";
 *
 * const file = await Deno.makeTempFile({ suffix: ".yaml" });
 * await Deno.writeTextFile(file, "presets:\n  small: { steps: 100 }\n");
 * const schema = z.object({ steps: z.int(), lr: z.number().default(0.1) });
 * const config = await loadConfig({ file: new URL(`file://${file}`), schema, preset: "small" });
 * assert.deepEqual(config, { steps: 100, lr: 0.1 });
 * ```
 */
export async function loadConfig<S extends z.ZodType>(
  a: ConfigFile & { readonly schema: S; readonly preset: string },
): Promise<z.output<S>> {
  const source = await read(a);
  const chain = inheritance(source, a.preset);
  const merged = chain.map((name) => ownFields(source, name)).reduceRight(merge, {});
  const parsed = parseStrictly(a.schema, merged);
  if (parsed.problems === null) return parsed.value;
  const problems = parsed.problems.map((problem) => ({
    at: positionOf(source, chain, problem.path),
    text: `presets.${a.preset}: ${formatProblem(problem)}`,
  }));
  const [first, ...others] = problems;
  throw new Failed({
    code: "config-invalid",
    message: [first.text, ...others.map((other) => `${other.at}: ${other.text}`)].join("\n"),
    where: first.at,
    mend: problems.length === 1 ? "Correct this field." : "Correct these fields.",
  });
}

/**
 * The names of a file's presets, in its order. @throws {Failed} As `loadConfig`.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { listPresets } from "../mod.ts";
 *
 * const file = await Deno.makeTempFile({ suffix: ".yaml" });
 * await Deno.writeTextFile(file, "presets:\n  small: {}\n  smoke: { extends: small }\n");
 * assert.deepEqual(await listPresets({ file: new URL(`file://${file}`) }), ["small", "smoke"]);
 * ```
 */
export async function listPresets(a: ConfigFile): Promise<string[]> {
  return Object.keys((await read(a)).presets);
}

type Fields = Readonly<Record<string, unknown>>;

interface Source {
  /** How messages call the file. */
  readonly name: string;
  readonly text: string;
  readonly presets: Readonly<Record<string, Fields>>;
}

async function read(a: ConfigFile): Promise<Source> {
  const name = nameOf(a);
  const text = await readText(a.file, name);
  const document = parseYaml(text, name);
  if (!isFields(document) || !isFields(document.presets)) {
    throw invalid({
      where: `${name}:1:1`,
      message: "expected presets by name under the key `presets`",
      mend: "Write presets: { small: { … } }.",
    });
  }
  for (const key of Object.keys(document)) {
    if (key === "presets") continue;
    throw invalid({
      where: place(name, text, [key]),
      message: `unknown field "${key}"${didYouMean(key, ["presets"])}`,
      mend: "The only field at the top is `presets`.",
    });
  }
  const presets: Record<string, Fields> = {};
  for (const [preset, fields] of Object.entries(document.presets)) {
    if (fields !== null && !isFields(fields)) {
      throw invalid({
        where: place(name, text, ["presets", preset]),
        message: `presets.${preset}: expected fields by name, received ${JSON.stringify(fields)}`,
      });
    }
    presets[preset] = fields ?? {};
  }
  return { name, text, presets };
}

async function readText(file: URL, name: string): Promise<string> {
  try {
    return await Deno.readTextFile(file);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    const there = !(error instanceof Deno.errors.NotFound);
    throw new Failed({
      code: "config-missing",
      message: there ? `it cannot be read: ${error.message}` : "there is no such file",
      where: name,
      mend: there
        ? "Make it a file that you may read."
        : "A paper needs a config.yaml with its presets beside its pipeline.ts.",
    }, { cause: error });
  }
}

function parseYaml(text: string, name: string): unknown {
  try {
    // The core schema: no dates or bytes, so that every value has a JSON form.
    return parse(text, { schema: "core" });
  } catch (error) {
    if (!(error instanceof YamlSyntaxError)) throw error;
    throw new Failed({
      code: "config-syntax",
      message: `${error.message.replace(/ at line \d+, column \d+:[^]*$/, "")}\n${error.snippet}`,
      where: `${name}:${error.line}:${error.column}`,
      mend: "The file is not valid YAML here.",
    });
  }
}

/** The preset and those it extends, nearest first. */
function inheritance(source: Source, preset: string): string[] {
  const names = Object.keys(source.presets);
  if (!names.includes(preset)) {
    throw new Failed({
      code: "unknown-preset",
      message: `there is no preset "${preset}"${didYouMean(preset, names)}`,
      where: source.name,
      mend: `The presets are ${names.join(", ") || "none"}.`,
    });
  }
  const chain = [preset];
  for (;;) {
    const name = chain[chain.length - 1];
    const base = source.presets[name].extends;
    if (base === undefined || base === null) return chain;
    const where = place(source.name, source.text, ["presets", name, "extends"]);
    if (typeof base !== "string" || !names.includes(base)) {
      const shown = typeof base === "string" ? base : JSON.stringify(base);
      throw invalid({
        where,
        message: `presets.${name} extends "${shown}", which is not a preset` +
          didYouMean(shown, names),
        mend: `The presets are ${names.join(", ")}.`,
      });
    }
    if (chain.includes(base)) {
      const cycle = [...chain.slice(chain.indexOf(base)), base].join(" → ");
      throw invalid({ where, message: `presets extend each other in a cycle: ${cycle}` });
    }
    chain.push(base);
  }
}

function ownFields(source: Source, preset: string): unknown {
  const { extends: _, ...fields } = source.presets[preset];
  return fields;
}

/** `over` on top of `base`: objects field by field, everything else replaced. */
function merge(base: unknown, over: unknown): unknown {
  if (!isFields(base) || !isFields(over)) return over;
  const names = new Set([...Object.keys(base), ...Object.keys(over)]);
  return Object.fromEntries(
    [...names].map((name) => [
      name,
      !Object.hasOwn(over, name)
        ? base[name]
        : Object.hasOwn(base, name)
        ? merge(base[name], over[name])
        : over[name],
    ]),
  );
}

/** `file:line:column` of a field, in the preset of the chain that sets it, or of the nearest enclosing field. */
function positionOf(
  source: Source,
  chain: readonly string[],
  path: readonly (string | number)[],
): string {
  for (let length = path.length; length >= 0; length--) {
    for (const preset of chain) {
      const part = path.slice(0, length);
      if (valueAt(source.presets[preset], part) === undefined) continue;
      const at = locate(source.text, ["presets", preset, ...part]);
      if (at !== null) return `${source.name}:${at.line}:${at.column}`;
    }
  }
  return `${source.name}:1:1`;
}

function place(name: string, text: string, path: readonly (string | number)[]): string {
  const { line, column } = locate(text, path) ?? { line: 1, column: 1 };
  return `${name}:${line}:${column}`;
}

function nameOf(a: ConfigFile): string {
  const path = decodeURIComponent(a.file.pathname);
  if (a.root === undefined) return path;
  const root = decodeURIComponent(a.root.pathname).replace(/\/?$/, "/");
  return path.startsWith(root) ? path.slice(root.length) : path;
}

function invalid(failure: Omit<Failure, "code">): Failed {
  return new Failed({ code: "config-invalid", ...failure });
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
