/** Declares local data: a file or a folder on the user's disk, known by its content. */

import { file, type FileKind, tree, type TreeKind } from "./artifact.ts";
import { Failed } from "../failure.ts";
import { outputsOf } from "./stage.ts";
import type { Artifact, Kind, LocalSource, Node, Work } from "../types.ts";

/** Where local data is. */
export type LocalPlace =
  | {
    /** Absolute, or relative to the project's directory; e.g. from the configuration. */
    readonly path: string;
    readonly url?: undefined;
  }
  | {
    /** Beside the module that names it: `new URL("./survey.csv", import.meta.url)`. */
    readonly url: URL;
    readonly path?: undefined;
  };

/** One file on the user's disk. */
export type LocalFile<K extends Kind> = LocalPlace & {
  /** Names the data in messages and in the node's id, `local_file[name]`; unique in a pipeline. */
  readonly name: string;
  /** How the user comes by it, in a sentence; told when the file is not there. */
  readonly hint?: string;
  /** What the bytes are, so that wiring can be checked. @default file("local-file", extension of the path) */
  readonly kind?: K;
};

/** A folder on the user's disk. */
export type LocalTree<K extends Kind> = LocalPlace & {
  /** Names the data in messages and in the node's id, `local_tree[name]`; unique in a pipeline. */
  readonly name: string;
  /** What the files are, so that wiring can be checked. @default tree("local-tree") */
  readonly kind?: K;
  /** Globs of paths inside the folder, e.g. `images/*.png`. @default all files */
  readonly include?: readonly string[];
  /** Globs of paths that are left out, e.g. `*.tmp`; `raw/**` leaves out a folder. */
  readonly exclude?: readonly string[];
};

/**
 * One file on the user's disk as a node. Its content enters keys; its place, time stamps and mode do not.
 *
 * @throws {Failed} `local-data` when the declaration is malformed. Whether the file is there is asked by `plan`.
 *
 * @example
 * ```ts
 * import { file, localFile } from "../mod.ts";
 *
 * const { file: survey } = localFile({
 *   name: "survey",
 *   url: new URL("./survey.csv", import.meta.url),
 *   kind: file("text/csv", ".csv"),
 * });
 * ```
 */
export function localFile<K extends Kind = FileKind<"local-file">>(
  source: LocalFile<K>,
): { readonly file: Artifact<K> } {
  const path = pathOf("local_file", source);
  const kind = (source.kind ?? file("local-file", extensionOf(path))) as K;
  const { hint } = source, rest = hint === undefined ? {} : { hint };
  return declare("local_file", source.name, path, { file: kind }, {
    include: [],
    exclude: [],
    ...rest,
  });
}

/**
 * A folder on the user's disk as a node: a tree of regular files. Empty folders and modes are not part of it.
 *
 * @throws {Failed} `local-data` when the declaration is malformed. Whether the folder is there is asked by `plan`.
 *
 * @example
 * ```ts
 * import { localTree } from "../mod.ts";
 *
 * const { files: photos } = localTree({ name: "photos", path: "data/photos", exclude: ["raw/**"] });
 * ```
 */
export function localTree<K extends Kind = TreeKind<"local-tree">>(
  source: LocalTree<K>,
): { readonly files: Artifact<K> } {
  const path = pathOf("local_tree", source);
  const kind = (source.kind ?? tree("local-tree")) as K;
  const globs = { include: source.include ?? [], exclude: source.exclude ?? [] };
  return declare("local_tree", source.name, path, { files: kind }, globs);
}

function declare<O extends Record<string, Kind>>(
  stage: "local_file" | "local_tree",
  name: string,
  path: string,
  outputs: O,
  rest: Pick<LocalSource, "include" | "exclude" | "hint">,
): { readonly [N in keyof O]: Artifact<O[N]> } {
  const form = stage === "local_file" ? "file" : "tree";
  if (typeof name !== "string" || !/^[\w.-]+$/.test(name)) {
    throw wrong(
      stage,
      name,
      "the name is not usable",
      "Use letters, digits, dots, dashes, underscores.",
    );
  }
  const [kind] = Object.values(outputs);
  if (kind.form !== form) {
    throw wrong(
      stage,
      name,
      `its kind is a ${kind.form}`,
      `Use ${form === "file" ? "json() or file(…)" : "tree(…)"}.`,
    );
  }
  const node: Node = Object.freeze({
    id: `${stage}[${name}]`,
    stage,
    describe: `local ${form === "file" ? "file" : "folder"} ${path}`,
    work: Object.freeze<Work>({
      type: "source",
      source: Object.freeze<LocalSource>({
        form,
        name,
        path,
        ...rest,
        include: Object.freeze([...rest.include]),
        exclude: Object.freeze([...rest.exclude]),
      }),
    }),
    inputs: {},
    inputKinds: {},
    // The place is no part of what the data is: the same content elsewhere has the same key.
    params: Object.freeze({}),
    outputs,
    cores: 1,
  });
  return outputsOf<O>(node);
}

function pathOf(stage: string, { name, path, url }: LocalPlace & { name: string }): string {
  if ((path === undefined) === (url === undefined)) {
    throw wrong(
      stage,
      name,
      "it needs either a path or a url",
      'Write path: "…" or url: new URL("…", import.meta.url).',
    );
  }
  if (url !== undefined) {
    if (!(url instanceof URL) || url.protocol !== "file:") {
      throw wrong(
        stage,
        name,
        "its url is not one of a local file",
        "Download data through a stage of its own kind, npmPackage.",
      );
    }
    return decodeURIComponent(url.pathname).replace(/(?<=.)\/+$/, "");
  }
  if (typeof path !== "string" || path === "" || path.includes("\0")) {
    throw wrong(stage, name, "its path is empty", "Give the path in the configuration.");
  }
  return path.replace(/(?<=.)\/+$/, "");
}

function extensionOf(path: string): string {
  return /[^/](\.[A-Za-z0-9_-]+)$/.exec(path)?.[1] ?? "";
}

function wrong(stage: string, name: unknown, message: string, mend: string): Failed {
  return new Failed({ code: "local-data", message, where: `${stage}[${name}]`, mend });
}
