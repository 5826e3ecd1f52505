/** Data-dependent fan-out: stages applied to each item of a list that another stage makes. */

import type { ListKind } from "./artifact.ts";
import { Failed } from "../failure.ts";
import { inWords, placeOf } from "./place.ts";
import { ITEM_NAME } from "../run/runner.ts";
import { isArtifact } from "./stage.ts";
import type { TreeFile } from "../store/tree_manifest.ts";
import type { Artifact, Digest, FanOut, Kind, MapWork, Node } from "../types.ts";

let made = 0;

/** How many fan-outs were declared in this process; tells whether a pipeline declares any. */
export function fanOutsMade(): number {
  return made;
}

/** How often each list is mapped over, to tell the fan-outs of one list apart. */
const uses = new WeakMap<Node, Map<string, number>>();

/**
 * Applies stages to every item of a list.
 *
 * The callback is called once the list is known: when the pipeline is planned, if the stage that makes it
 * is cached, and else while the pipeline runs. It applies stages to the item, which it gets with its name,
 * and returns one artifact; like `build` it must depend on nothing else. Items come in the order of their
 * names.
 *
 * @returns What the callback returned for all items, for an input that is `many(kind)`.
 * @example
 * ```ts
 * import { each, json, list, many, stage } from "../mod.ts";
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
 * const count = stage({
 *   name: "count",
 *   describe: "Counts the words of a document",
 *   implementation: new URL("file:///stages/count_run.ts"),
 *   inputs: { document: json<string>() },
 *   params: z.object({}),
 *   outputs: { words: json<number>() },
 * });
 * const add = stage({
 *   name: "add",
 *   describe: "Adds up",
 *   implementation: new URL("file:///stages/add_run.ts"),
 *   inputs: { counts: many(json<number>()) },
 *   params: z.object({}),
 *   outputs: { sum: json<number>() },
 * });
 *
 * const { documents } = split({ inputs: {}, params: {} });
 * const counts = each(documents, (document, name) =>
 *   count({ id: name, inputs: { document }, params: {} }).words);
 * const { sum } = add({ inputs: { counts }, params: {} });
 * ```
 */
export function each<K extends Kind, R extends Kind>(
  list: Artifact<ListKind<K>>,
  apply: (item: Artifact<K>, name: string) => Artifact<R>,
): FanOut<R> {
  const place = placeOf(new Error());
  if (!isArtifact(list) || list.kind.of === undefined) {
    throw new Failed({
      code: "fan-out",
      message: "each() expects a list that a stage makes",
      where: place ?? undefined,
      mend: "Declare the output as list(kind) and pass it, e.g. each(made.documents, …).",
    });
  }
  made++;
  let counts = uses.get(list.node);
  if (counts === undefined) uses.set(list.node, counts = new Map());
  const use = (counts.get(list.output) ?? 0) + 1;
  counts.set(list.output, use);
  const name = `${list.node.id}.${list.output}`;
  const node: Node = Object.freeze({
    id: use === 1 ? `each[${name}]` : `each[${name}#${use}]`,
    stage: "each",
    describe: `one node for each item of ${name}`,
    work: Object.freeze<MapWork>({
      type: "map",
      list: list as unknown as Artifact,
      apply: apply as unknown as MapWork["apply"],
      place,
      made: { artifacts: null },
    }),
    inputs: { list: list as unknown as Artifact },
    inputKinds: { list: list.kind },
    params: {},
    outputs: {},
    cores: 1,
  });
  return Object.freeze({ fan: node });
}

/** The name of the item in a file of a list, or null when it cannot be one. */
export function itemName(path: string, of: Pick<Kind, "extension"> | undefined): string | null {
  const { extension = "" } = of ?? {};
  if (!path.endsWith(extension)) return null;
  const name = path.slice(0, path.length - extension.length);
  return ITEM_NAME.test(name) ? name : null;
}

/**
 * Makes the nodes of a fan-out.
 *
 * @param files The files of its list.
 * @returns What the callback returned, in the order of the items' names.
 * @throws {Failed} What the callback throws, with the item and the place of `each()`.
 */
export function expand(map: Node, files: readonly TreeFile[]): readonly Artifact[] {
  const work = map.work as MapWork;
  const kind = work.list.kind.of!;
  const names = files.map(({ path }) => {
    const name = itemName(path, kind);
    if (name === null) throw failed(work, path, "its name cannot be that of an item");
    return name;
  });
  // As a reader of the list sees them: files are sorted with their extension, "a-b.json" before "a.json".
  const artifacts = names.sort().map((name) => {
    const item: Artifact = Object.freeze({ ...work.list, kind, member: name });
    let result: Artifact;
    try {
      result = work.apply(item, name);
    } catch (error) {
      throw failed(work, name, error);
    }
    if (isArtifact(result)) return result;
    throw failed(work, name, "the callback of each() returned no artifact");
  });
  work.made.artifacts = Object.freeze(artifacts);
  return artifacts;
}

function failed({ list, place }: MapWork, item: string, error: unknown): Failed {
  const about = `item ${JSON.stringify(item)} of ${list.node.id}.${list.output}`;
  const at = (error instanceof Error ? placeOf(error) : null) ?? place ?? undefined;
  if (error instanceof Failed) {
    const { failure } = error;
    const where = failure.where === undefined ? "" : `${failure.where}: `;
    const message = `${about}: ${where}${failure.message}`;
    return new Failed({ ...failure, message, where: at ?? failure.where }, { cause: error });
  }
  return new Failed({
    code: "fan-out",
    message: `${about}: ${inWords(error)}`,
    where: at,
    mend: "Return an output of a stage that is applied to the item.",
  }, { cause: error });
}

/** Files by the name of their item, remembered for each list. */
export function memberFinder(
  treeFiles: (digest: Digest) => readonly TreeFile[],
): (list: Digest, artifact: Artifact) => TreeFile | null {
  const known = new Map<Digest, ReadonlyMap<string, TreeFile>>();
  return (list, { member, kind }) => {
    let files = known.get(list);
    if (files === undefined) {
      files = new Map(treeFiles(list).map((file) => [file.path, file]));
      known.set(list, files);
    }
    return files.get(`${member}${kind.extension}`) ?? null;
  };
}
