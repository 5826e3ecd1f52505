/** Looks at what a stage left behind: its declared outputs, all of them, and nothing else. */

import { lstatSync, readdirSync } from "node:fs";
import { Failed } from "../failure.ts";
import { itemName } from "../declare/fan_out.ts";
import { fileType } from "./file_type.ts";
import type { Incoming } from "../store/store.ts";
import { listTree, TreeError } from "../store/tree_manifest.ts";
import type { Node } from "../types.ts";

/** Where outputs were written, and by whom. */
export interface Written {
  readonly directory: string;
  readonly node: Node;
  readonly log: string;
  /** Whether the files may be moved into the store: not when somebody may still hold them open. */
  readonly move: boolean;
}

/**
 * The declared outputs, in order, as they go into the store.
 *
 * @throws {Failed} `missing-output`, `bad-output` for what is a link, a FIFO, a socket or a device, and
 * `undeclared-output` for whatever stands beside them.
 */
export function declaredOutputs({ directory, node, log, move }: Written): Incoming[] {
  const fail = (code: string, message: string, mend: string): never => {
    throw new Failed({ code, message, where: node.id, mend, log });
  };
  const items: Incoming[] = [];
  const declared = new Set<string>();
  for (const [name, { form, extension, of }] of Object.entries(node.outputs)) {
    const path = `${directory}/${name}${extension}`;
    declared.add(name + extension);
    const info = lstatSync(path, { throwIfNoEntry: false });
    if (info === undefined) {
      fail(
        "missing-output",
        `the stage ended without writing its output "${name}"`,
        `Call outputs.${name}.write(…), or remove "${name}" from the declaration.`,
      );
    }
    if (form === "tree" ? !info!.isDirectory() : !info!.isFile()) {
      const wanted = form === "tree" ? "a directory" : "a regular file";
      const message = `output "${name}" is not ${wanted} but ${fileType(path)}`;
      fail("bad-output", message, `Write ${wanted} at its path.`);
    }
    for (const item of of === undefined ? [] : readdirSync(path, { withFileTypes: true })) {
      if (itemName(item.name, of) !== null && !item.isDirectory()) continue;
      const bad = JSON.stringify(`${name}/${item.name}`);
      fail("bad-output", `${bad} is no item of a list`, `Write items with outputs.${name}.add(…).`);
    }
    items.push({ path, form, move });
  }
  const extra = readdirSync(directory).filter((name) => !declared.has(name)).sort();
  if (extra.length > 0) {
    const named = extra.slice(0, 5).map((name) => {
      const path = `${directory}/${name}`;
      return JSON.stringify(name) + (lstatSync(path).isFile() ? "" : ` (${fileType(path)})`);
    });
    const more = extra.length > 5 ? ` and ${extra.length - 5} more` : "";
    fail(
      "undeclared-output",
      `the stage wrote ${named.join(", ")}${more}, which it does not declare`,
      "List it in `outputs`, or do not write it.",
    );
  }
  return items;
}

/** The failure of an output that cannot be kept, with the name of the output. */
export function unkept({ directory, node, log }: Written, error: TreeError): Failed {
  const culprit = Object.entries(node.outputs).find(([name, { form, extension }]) => {
    try {
      if (form === "tree") listTree(`${directory}/${name}${extension}`, "refuse");
      return false;
    } catch {
      return true;
    }
  });
  const output = culprit === undefined ? "an output" : `output "${culprit[0]}"`;
  return new Failed({
    code: "bad-output",
    message: `${output} cannot be kept: ${error.message}`,
    where: node.id,
    mend: "Write regular files, with names that every system can hold, and no empty directories.",
    log,
  }, { cause: error });
}
