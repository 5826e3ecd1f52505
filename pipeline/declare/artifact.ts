/** The kinds of artifacts: JSON values, files, trees of files, and inputs that take many of a kind. */

import type {
  FileReader,
  FileWriter,
  InOf,
  JsonReader,
  JsonWriter,
  Kind,
  Many,
  OutOf,
  TreeReader,
  TreeWriter,
} from "../types.ts";

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
 * import { json } from "../mod.ts";
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
 * import { file } from "../mod.ts";
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
 * import { tree } from "../mod.ts";
 *
 * const images = tree("png-images");
 * ```
 */
export function tree<M extends string>(media: M): TreeKind<M> {
  return Object.freeze({ form: "tree", media, extension: "" });
}

/** What a stage sees of a list that it reads. */
export interface ListReader<K extends Kind> {
  /** The directory that holds the items' files. */
  readonly path: string;
  /** Sorted. */
  names(): Promise<string[]>;
  item(name: string): InOf<K>;
}

/** What a stage writes a list with. Names are letters, digits and `._=+@-`, at most 100 of them. */
export interface ListWriter<K extends Kind> {
  /** The directory that holds the items' files. */
  readonly path: string;
  /** Writes one item. */
  add(name: string, value: ValueOf<K>): Promise<void>;
  /** The writer of one item, for what is written piece by piece. */
  item(name: string): OutOf<K>;
}

/** What `write` takes for an artifact of kind `K`. */
export type ValueOf<K> = OutOf<K> extends { write(value: infer V): Promise<void> } ? V : never;

/** The kind that `list(kind)` makes. */
export type ListKind<K extends Kind> =
  & Kind<ListReader<K>, ListWriter<K>, `list of ${K["media"]}`>
  & { readonly of: K };

/**
 * Any number of files of one kind, each with a name. How many there are need not be known before the
 * stage has run: `each()` applies stages to every item.
 *
 * @throws {TypeError} When `kind` is not a file: an item is one file.
 *
 * @example
 * ```ts
 * import { json, list, stage } from "../mod.ts";
 * import { z } from "zod";
 *
 * const split = stage({
 *   name: "split",
 *   describe: "Splits the corpus into documents",
 *   implementation: new URL("file:///stages/split_run.ts"),
 *   inputs: {},
 *   params: z.object({}),
 *   outputs: { documents: list(json<string>()) },
 * });
 * ```
 */
export function list<K extends Kind>(kind: K): ListKind<K> {
  if (kind.form !== "file") {
    throw new TypeError(`The items of a list are files; ${describeKind(kind)} is none`);
  }
  return Object.freeze({
    form: "tree",
    media: `list of ${kind.media}` as const,
    extension: "",
    of: kind,
  });
}

/**
 * An input that takes any number of artifacts of one kind, in the given order.
 *
 * @example
 * ```ts
 * import { json, many, stage } from "../mod.ts";
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

/** Whether an artifact of one kind can be read as one of the other. */
export function isSameKind(a: Kind, b: Kind): boolean {
  // The items of a list carry their extension in the list itself.
  return a.form === b.form && a.media === b.media && a.of?.extension === b.of?.extension;
}

/** A kind in words: `tree "optima-dataset"`. */
export function describeKind({ form, media, of }: Kind): string {
  return `${form} "${media}"${of?.extension ? ` (${of.extension})` : ""}`;
}
