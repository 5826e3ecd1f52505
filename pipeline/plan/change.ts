/** What differs between two states of a node's key components, worded for people. */

import { canonical, formatPath } from "../canonical.ts";
import { type Outlines, symbolChanges } from "../code/code_outline.ts";
import { asList } from "./graph.ts";
import { describeFiles } from "./tree_change.ts";
import type { TreeFile } from "../store/tree_manifest.ts";
import type { Change, Digest, KeyComponents, Node } from "../types.ts";

/** The files of a tree, or null when they are not known. */
export type FilesOf = (tree: Digest) => readonly TreeFile[] | null;

/**
 * The components that differ, in the order of `KeyComponents`; the first is why the node runs.
 *
 * @param previous The components that the node had when it last ran; null when it never did.
 * @param node Names the producers of changed inputs, when given.
 * @param outlines Names the changed functions, where it knows both programs.
 * @param filesOf The files of a tree, where they are known: names those that changed.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { changesSince } from "../mod.ts";
 *
 * const code = { digest: "0".repeat(64), files: {}, packages: {} };
 * const before = { code, params: { lr: 0.1 }, inputs: {}, environment: {}, outputs: {} };
 * const changes = changesSince(before, { ...before, params: { lr: 0.2 } });
 * assert.equal(changes[0].text, "params.lr: 0.1 → 0.2");
 * ```
 */
export function changesSince(
  previous: KeyComponents | null,
  now: KeyComponents,
  node?: Node,
  outlines?: Outlines,
  filesOf: FilesOf = () => null,
): Change[] {
  if (previous === null) return [{ component: "new", text: "never run before" }];
  return [
    ...codeChanges(previous.code, now.code, outlines),
    ...valueChanges("params", previous.params, now.params),
    ...inputChanges(previous.inputs, now.inputs, node, filesOf),
    ...readChanges(previous.reads, now.reads),
    ...valueChanges("environment", previous.environment, now.environment),
    ...valueChanges("outputs", previous.outputs, now.outputs),
  ];
}

function codeChanges(
  before: KeyComponents["code"],
  after: KeyComponents["code"],
  outlines?: Outlines,
): Change[] {
  const changes: Change[] = [];
  if (before.digest !== after.digest) {
    const was = outlines?.(before.digest);
    const is = outlines?.(after.digest);
    const names = differingNames(before.files, after.files);
    const come = names.filter((name) => !Object.hasOwn(before.files, name));
    const gone = names.filter((name) => !Object.hasOwn(after.files, name));
    const kept = names.filter((name) => !come.includes(name) && !gone.includes(name));
    const parts = [
      ...kept.map((name) => fileChange(name, was?.[name], is?.[name])),
      ...reachChanges(come, "is reached now", "are reached now"),
      ...reachChanges(gone, "is not reached any more", "are not reached any more"),
    ];
    const text = parts.some((part) => part.includes(":")) ? parts.join("; ") : joinAnd(parts);
    changes.push({
      component: "code",
      text: text === "" ? "the program changed" : text,
      before: shortDigest(before.digest),
      after: shortDigest(after.digest),
    });
  }
  return [...changes, ...packageChanges(before.packages, after.packages)];
}

/** Declarations of one file that are named, and files of one kind of change; the rest is counted. */
const NAMED = 4;

/** "methods/new.ts is reached now", or of many files "12 files are reached now: a.ts, b.ts …". */
function reachChanges(names: readonly string[], one: string, many: string): string[] {
  if (names.length <= NAMED) return names.map((name) => `${name} ${one}`);
  return [`${names.length} files ${many}: ${names.slice(0, NAMED).join(", ")} …`];
}

/** "methods/math.ts changed: double, triple (new)". */
function fileChange(
  file: string,
  was: Readonly<Record<string, Digest>> | undefined,
  is: Readonly<Record<string, Digest>> | undefined,
): string {
  const all = was && is ? symbolChanges(was, is) : [];
  const names = all.slice(0, NAMED)
    .map(({ name, how }) => how === "changed" ? name : `${name} (${how})`);
  if (all.length > NAMED) names.push(`${all.length - NAMED} more`);
  return `${file} changed${names.length > 0 ? `: ${names.join(", ")}` : ""}`;
}

/** Pairs `zod@1` with `zod@2`, so that an upgrade reads as one change. */
function packageChanges(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): Change[] {
  const changes: Change[] = [];
  const gone = Object.keys(before).filter((name) => !Object.hasOwn(after, name));
  const come = Object.keys(after).filter((name) => !Object.hasOwn(before, name));
  const bare = (name: string) => name.slice(0, name.indexOf("@", 1));
  for (const name of new Set([...gone, ...come].map(bare))) {
    const was = gone.filter((key) => bare(key) === name).join(", ");
    const is = come.filter((key) => bare(key) === name).join(", ");
    changes.push({
      component: "code",
      text: was === ""
        ? `package ${is} is loaded now`
        : is === ""
        ? `package ${was} is not loaded any more`
        : `package ${was} → ${is.slice(name.length + 1)}`,
      before: was,
      after: is,
    });
  }
  for (const [name, integrity] of Object.entries(after)) {
    if (!Object.hasOwn(before, name) || before[name] === integrity) continue;
    changes.push({
      component: "code",
      text: `package ${name} has other contents in deno.lock`,
      before: before[name],
      after: integrity,
    });
  }
  return changes;
}

function inputChanges(
  before: KeyComponents["inputs"],
  after: KeyComponents["inputs"],
  node: Node | undefined,
  filesOf: FilesOf,
): Change[] {
  return differingNames(before, after).map((name): Change => {
    const was: readonly Digest[] = before[name] ?? [];
    const is: readonly Digest[] = after[name] ?? [];
    const details = {
      component: "inputs",
      before: was.map(shortDigest).join(" "),
      after: is.map(shortDigest).join(" "),
    } as const;
    if (!Object.hasOwn(before, name)) return { ...details, text: `input ${name} is new` };
    if (!Object.hasOwn(after, name)) return { ...details, text: `input ${name} is gone` };
    if (was.length !== is.length) {
      return { ...details, text: `input ${name}: ${was.length} → ${is.length} artifacts` };
    }
    const differing = is.flatMap((_, i) => is[i] === was[i] ? [] : [i]);
    const files = differing.length === 1
      ? filesChanged(was[differing[0]], is[differing[0]], filesOf)
      : null;
    if (node?.work.type === "source") {
      return { ...details, text: files ?? `${node.work.source.path} changed` };
    }
    const artifacts = asList(node?.inputs[name] ?? []);
    const changed = is.flatMap((digest, i) => digest === was[i] ? [] : [artifacts[i]?.node.id]);
    const producers = [...new Set(changed.filter((id) => id !== undefined))];
    const some = producers.length > 3 ? [...producers.slice(0, 2), "others"] : producers;
    const from = some.length === 0 ? "" : ` from ${joinAnd(some)}`;
    const how = files === null ? " has other contents" : `: ${files}`;
    return { ...details, text: `input ${name}${from}${how}` };
  });
}

/** "input table is read as file text/csv .tsv, before as file text/csv .csv". */
function readChanges(before: KeyComponents["reads"] = {}, after: KeyComponents["reads"] = {}) {
  return differingNames(before, after)
    // Inputs that came or went are told already, and records of earlier versions say nothing.
    .filter((name) => Object.hasOwn(before, name) && Object.hasOwn(after, name))
    .map((name): Change => ({
      component: "inputs",
      text: `input ${name} is read as ${after[name]}, before as ${before[name]}`,
      before: before[name],
      after: after[name],
    }));
}

function filesChanged(before: Digest, after: Digest, filesOf: FilesOf): string | null {
  const [was, is] = [filesOf(before), filesOf(after)];
  return was === null || is === null ? null : describeFiles(was, is);
}

function valueChanges(
  component: "params" | "environment" | "outputs",
  before: unknown,
  after: unknown,
): Change[] {
  const changes: Change[] = [];
  compare(before ?? null, after ?? null, [component], (path, was, is) => {
    const values = { before: was, after: is };
    changes.push({ component, text: `${formatPath(path)}: ${was} → ${is}`, ...values });
  });
  return changes;
}

/** Reports the smallest differing parts of two JSON-like values. */
function compare(
  before: unknown,
  after: unknown,
  path: readonly (string | number)[],
  report: (path: readonly (string | number)[], before: string, after: string) => void,
): void {
  const bothLists = Array.isArray(before) && Array.isArray(after);
  if (isObject(before) && isObject(after) && Array.isArray(before) === Array.isArray(after)) {
    // A list of another length reads better whole.
    if (!bothLists || before.length === after.length) {
      const left = before as Record<string, unknown>;
      const right = after as Record<string, unknown>;
      for (const name of new Set([...Object.keys(left), ...Object.keys(right)])) {
        compare(left[name], right[name], [...path, bothLists ? Number(name) : name], report);
      }
      return;
    }
  }
  if (!sameJson(before, after)) report(path, showValue(before), showValue(after));
}

function sameJson(a: unknown, b: unknown): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (!isObject(a) && !isObject(b)) return a === b;
  return new TextDecoder().decode(canonical(a)) === new TextDecoder().decode(canonical(b));
}

function differingNames(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((name) => !sameJson(before[name], after[name])).sort();
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** A value as JSON of at most 80 characters; `(missing)` when there is none. */
function showValue(value: unknown): string {
  const text = value === undefined ? "(missing)" : JSON.stringify(value);
  return text.length <= 80 ? text : `${text.slice(0, 77)}...`;
}

function shortDigest(digest: Digest): string {
  return digest.slice(0, 12);
}

function joinAnd(words: readonly string[]): string {
  return words.length <= 1
    ? words.join("")
    : `${words.slice(0, -1).join(", ")} and ${words[words.length - 1]}`;
}
