/** What the nodes of a bundle read, by digest. */

import { DamagedObject } from "../store/damaged_object.ts";
import { TreeError } from "../store/tree_manifest.ts";
import type { OutputEntry } from "../types.ts";
import type { OpenBundle } from "./open_bundle.ts";
import type { PlanNode } from "./plan_file.ts";

/** The outputs that a node reads, by the name of its input; null for one that the bundle does not tell. */
export function inputEntries(
  { plan, records, store }: OpenBundle,
  { inputs }: PlanNode,
): Record<string, (OutputEntry | null)[]> {
  const keys = new Map(plan.nodes.map(({ id, key }) => [id, key]));
  const entryOf = (
    { node, output, member }: PlanNode["inputs"][string]["from"][number],
    { form, media, extension }: PlanNode["inputs"][string]["kind"],
  ): OutputEntry | null => {
    const outputs = records.get(keys.get(node)!)?.outputs ?? {};
    const entry = Object.hasOwn(outputs, output) ? outputs[output] : null;
    if (entry === null || member === undefined) return entry;
    try {
      const file = store.treeFiles(entry.digest).find(({ path }) => path === member + extension);
      return file === undefined ? null : { digest: file.digest, form, media, bytes: file.bytes };
    } catch (error) {
      if (error instanceof DamagedObject || error instanceof TreeError) return null;
      throw error;
    }
  };
  return Object.fromEntries(
    Object.entries(inputs).map(([name, { kind, from }]) => [
      name,
      from.map((reference) => entryOf(reference, kind)),
    ]),
  );
}
