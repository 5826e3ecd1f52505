/** Whether what a paper declares follows from its source files alone, so that planning it again gives the same. */

import type { AnyNode, MemberExpression } from "acorn";
import type { Plugin } from "esbuild";
import { ImportMap } from "../code/import_map.ts";
import { relative } from "../code/paths.ts";
import { freeNames, walk } from "./free_names.ts";

/** What came of looking at the modules that declare a paper. */
export interface PlanningCode {
  /** Every file that was read, absolute. */
  readonly sources: readonly string[];
  /** Why it may give something else next time; null when it can't. */
  readonly impure: string | null;
}

/** Globals whose values are the same in every process. */
const CONSTANT = new Set([
  ..."undefined NaN Infinity Object Array String Number Boolean BigInt Symbol JSON Map Set"
    .split(" "),
  ..."WeakMap WeakSet Error TypeError RangeError SyntaxError RegExp URL URLSearchParams Promise"
    .split(" "),
  ..."Iterator Reflect parseInt parseFloat isNaN isFinite structuredClone".split(" "),
  ..."encodeURIComponent decodeURIComponent encodeURI decodeURI TextEncoder TextDecoder"
    .split(" "),
  ..."ArrayBuffer DataView Uint8Array Int8Array Uint16Array Int16Array Uint32Array Int32Array"
    .split(" "),
  ..."BigInt64Array BigUint64Array Float32Array Float64Array Uint8ClampedArray".split(" "),
]);

/** Members whose values depend on more than the object that has them. */
const CHANGING = new Set([
  "constructor",
  "random",
  "localeCompare",
  "toLocaleString",
  "toLocaleLowerCase",
  "toLocaleUpperCase",
]);

/** What the engine gives to declare a paper with; the rest of it looks at files. */
const DECLARING = new Set([
  ..."file json list many tree each stage npmPackage download localFile localTree pipeline Failed"
    .split(" "),
]);

/** Modules of the engine that are nothing but functions of their arguments. */
const DECLARING_MODULES = new Set([
  "failure.ts",
  ..."artifact fan_out stage npm_package download_file local_data pipeline yaml_position".split(" ")
    .map((name) => `declare/${name}.ts`),
]);

/** Packages that are nothing but functions of their arguments. */
const PACKAGES = /^npm:(zod|mathjs|deno-std@[^/]+\/(yaml|path))(@|\/|$)/;

const ENGINE = "engine:";

/**
 * Reads the modules that declare a paper, as far as they are no part of the engine.
 *
 * @param entry Path of its `pipeline.ts`, absolute.
 * @param root The project's directory, without a final slash.
 */
export async function planningCode(entry: string, root: string): Promise<PlanningCode> {
  const [esbuild, { parse }] = await Promise.all([import("esbuild"), import("acorn")]);
  const imports = await ImportMap.read(new URL(`file://${encodeURI(root)}/`));
  const engine = decodeURIComponent(new URL("..", import.meta.url).pathname).replace(/\/$/, "");
  try {
    const result = await esbuild.build({
      entryPoints: [entry],
      absWorkingDir: root,
      write: false,
      metafile: true,
      bundle: true,
      format: "esm",
      platform: "neutral",
      target: "esnext",
      charset: "utf8",
      treeShaking: true,
      preserveSymlinks: true,
      tsconfigRaw: "{}",
      logLevel: "silent",
      plugins: [resolver(imports, engine)],
    });
    const sources = Object.keys(result.metafile.inputs).map((name) => `${root}/${name}`);
    const program = parse(result.outputFiles[0].text, {
      ecmaVersion: "latest",
      sourceType: "module",
    });
    return { sources, impure: impurityOf(program) };
  } catch (error) {
    // Code that cannot be read here is planned anew every time.
    const text = error instanceof Error ? error.message.split("\n")[0] : String(error);
    return { sources: [entry], impure: text };
  } finally {
    await esbuild.stop();
  }
}

function resolver(imports: ImportMap, engine: string): Plugin {
  return {
    name: "planning-code",
    setup(build) {
      build.onResolve({ filter: /.*/ }, ({ path, importer, kind }) => {
        if (kind === "entry-point") return { path };
        const resolved = imports.resolve(path, new URL(`file://${encodeURI(importer)}`));
        if (resolved.type === "refused") return { errors: [{ text: resolved.reason }] };
        if (resolved.type !== "file") return { path: resolved.specifier, external: true };
        const file = decodeURIComponent(resolved.url.pathname);
        return file.startsWith(`${engine}/`)
          ? { path: ENGINE + relative(file, engine), external: true, sideEffects: false }
          : { path: file };
      });
    },
  };
}

/** What a program does that may come out otherwise next time; null when there is nothing. */
function impurityOf(program: AnyNode): string | null {
  const found = [...freeNames(program)].filter((name) => !CONSTANT.has(name) && name !== "Math");
  walk(program, (node, parent, key) => {
    switch (node.type) {
      case "Identifier":
        // By another name, its members could not be told.
        if (node.name === "Math" && !(parent?.type === "MemberExpression" && key === "object")) {
          found.push("Math");
        }
        break;
      case "ImportDeclaration": {
        const names = node.specifiers.map((one) =>
          one.type === "ImportSpecifier" && one.imported.type === "Identifier"
            ? one.imported.name
            : "*"
        );
        found.push(...imported(String(node.source.value), names));
        break;
      }
      case "ExportAllDeclaration":
      case "ExportNamedDeclaration":
        if (node.source) found.push(...imported(String(node.source.value), ["*"]));
        break;
      case "ImportExpression":
        found.push("import()");
        break;
      case "MemberExpression":
        found.push(...members(node));
    }
  });
  return found[0] ?? null;
}

/** Imports that may give something else next time. */
function imported(source: string, names: readonly string[]): string[] {
  if (!source.startsWith(ENGINE)) return PACKAGES.test(source) ? [] : [source];
  const module = source.slice(ENGINE.length);
  if (DECLARING_MODULES.has(module)) return [];
  const others = names.filter((name) => module !== "mod.ts" || !DECLARING.has(name));
  return others.map((name) => `${name} of the engine's ${module}`);
}

function members({ object, property, computed }: MemberExpression): string[] {
  const name = property.type === "Identifier" && !computed
    ? property.name
    : property.type === "Literal"
    ? String(property.value)
    : null;
  if (object.type === "MetaProperty" && name !== "url") return ["import.meta"];
  // A computed member may be any.
  if (name === null) {
    return object.type === "Identifier" && object.name === "Math" ? ["Math[]"] : [];
  }
  return CHANGING.has(name) ? [name] : [];
}
