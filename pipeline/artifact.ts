/** The kinds of artifacts: JSON values, files, trees of files, and inputs that take many of a kind. */

import type {
  FileReader,
  FileWriter,
  JsonReader,
  JsonWriter,
  Kind,
  Many,
  TreeReader,
  TreeWriter,
} from "./types.ts";

/** The kind that `json<T>()` makes. */
export type JsonKind<T> = Kind<JsonReader<T>, JsonWriter<T>, "application/json">;

/** The kind that `file(media, extension)` makes. */
export type FileKind<M extends string> = Kind<FileReader, FileWriter, M>;

/** The kind that `tree(media)` makes. */
export type TreeKind<M extends string> = Kind<TreeReader, TreeWriter, M>;

/**
 * One JSON file whose value has type `T`. The type is checked when stages are wired, not when they run.
 *
 * @example
 * ```ts
 * import { json } from "./mod.ts";
 *
 * const scores = json<{ seed: number; loss: number }[]>();
 * ```
 */
export function json<T>(): JsonKind<T> {
  return Object.freeze({ form: "file", media: "application/json", extension: ".json" });
}

/**
 * One file.
 *
 * @param media What the bytes are, e.g. `"safetensors"`; wiring compares it.
 * @param extension With its dot, e.g. `".safetensors"`, or `""`.
 * @throws {TypeError} When the extension could leave the file's folder.
 *
 * @example
 * ```ts
 * import { file } from "./mod.ts";
 *
 * const weights = file("safetensors", ".safetensors");
 * ```
 */
export function file<M extends string>(media: M, extension: string): FileKind<M> {
  if (!/^(\.[A-Za-z0-9_-]+)*$/.test(extension)) {
    throw new TypeError(`Extension ${JSON.stringify(extension)} must look like ".csv" or be empty`);
  }
  return Object.freeze({ form: "file", media, extension });
}

/**
 * A directory of files. @param media What the files are, e.g. `"optima-dataset"`; wiring compares it.
 *
 * @example
 * ```ts
 * import { tree } from "./mod.ts";
 *
 * const images = tree("png-images");
 * ```
 */
export function tree<M extends string>(media: M): TreeKind<M> {
  return Object.freeze({ form: "tree", media, extension: "" });
}

/**
 * An input that takes any number of artifacts of one kind, in the given order.
 *
 * @example
 * ```ts
 * import { json, many, stage } from "./mod.ts";
 * import { z } from "zod";
 *
 * const mean = stage({
 *   name: "mean",
 *   describe: "Averages the scores of all seeds",
 *   implementation: new URL("file:///stages/mean_run.ts"),
 *   inputs: { scores: many(json<number>()) },
 *   params: z.object({}),
 *   outputs: { mean: json<number>() },
 * });
 * ```
 */
export function many<K extends Kind>(kind: K): Many<K> {
  return Object.freeze({ many: kind });
}

/** Tells `many(kind)` from a kind. */
export function isMany(kind: Kind | Many): kind is Many {
  return "many" in kind;
}

/** A kind in words: `tree "optima-dataset"`. */
export function describeKind(kind: Kind): string {
  return `${kind.form} "${kind.media}"`;
}
