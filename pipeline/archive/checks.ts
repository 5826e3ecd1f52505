/** Whether the contents of a bundle agree with each other: records, keys, wiring, objects, metadata. */

import { digestOf } from "../canonical.ts";
import { changesSince } from "../plan/change.ts";
import type { Bundle } from "../code/code_identity.ts";
import { keyOf } from "../plan/key.ts";
import { olderComponents } from "../plan/components.ts";
import { componentsOf, contentDigests } from "../plan/plan.ts";
import { plural } from "../report/format.ts";
import { decodeManifest, TreeError } from "../store/tree_manifest.ts";
import type { Digest, KeyComponents, Node, OutputEntry, StageRecord } from "../types.ts";
import { blobPath } from "./create.ts";
import { inputEntries } from "./inputs.ts";
import { type OpenBundle, parseJson, threadsIn } from "./open_bundle.ts";
import { nodesOfPlan, type PlanNode, type PlanWork } from "./plan_file.ts";
import { CRATE_FILE } from "./ro_crate.ts";
import { statementOf } from "./statement.ts";

/** One line of the list that `bundle verify` prints. */
export interface Check {
  readonly name: string;
  /** `skipped` was not asked for; `open` could not be done, which is no success. */
  readonly status: "ok" | "failed" | "open" | "skipped";
  /** What was looked at, e.g. "12 records". */
  readonly what: string;
  readonly problems: readonly string[];
}

/** A check that fails when it has problems. */
export function checked(name: string, what: string, problems: readonly string[]): Check {
  return { name, status: problems.length === 0 ? "ok" : "failed", what, problems };
}

/** A node's program as planning knows it, from a bundle. */
export function programOf(node: PlanNode, record: StageRecord | undefined): Bundle | null {
  if (node.work.type !== "module") return null;
  const { digest, specifiers } = node.work.program;
  const { files = {}, packages = {} } = record?.components.code ?? {};
  return { digest, code: new Uint8Array(), files, sources: [], packages, specifiers };
}

/** Every check that only compares; nothing is run. */
export function consistency(bundle: OpenBundle): Check[] {
  return [
    records(bundle),
    keys(bundle),
    objects(bundle),
    statement(bundle),
    crate(bundle),
    surplus(bundle),
  ];
}

/** Every node has a record, and every record belongs to a node. */
function records({ plan, records }: OpenBundle): Check {
  const problems: string[] = [];
  const wanted = new Set<string>();
  for (const { id, key } of plan.nodes) {
    wanted.add(key);
    if (!records.has(key)) problems.push(`${id}: its record ${short(key)} is missing`);
  }
  for (const key of records.keys()) {
    if (!wanted.has(key)) problems.push(`records/${key}.json belongs to no node`);
  }
  return checked("records", `${records.size} records, ${plan.nodes.length} nodes`, problems);
}

/** Every key is the digest of its components, and these are what the plan says: code, parameters, inputs. */
function keys(bundle: OpenBundle): Check {
  const { plan, records } = bundle;
  const problems: string[] = [];
  const nodes = nodesOfPlan(plan, (node) => threadsIn(records.get(node.key)));
  for (const planned of plan.nodes) {
    const record = records.get(planned.key);
    if (record === undefined) continue;
    const node = nodes.get(planned.id)!;
    const { id } = planned;
    const inputs = planned.work.type === "source"
      ? contentDigests(planned.work.source)
      : Object.fromEntries(
        Object.entries(inputEntries(bundle, planned)).map(([name, entries]) => [
          name,
          entries.flatMap((entry) => entry?.digest ?? []),
        ]),
      );
    const { components } = record;
    const expected = componentsOf(
      node,
      programOf(planned, record),
      inputs,
      components.environment,
    );
    if (keyOf(components) !== planned.key) {
      problems.push(`${id}: the key ${short(planned.key)} is not that of the record's components`);
    } else if (
      keyOf(expected) !== planned.key &&
      keyOf(olderComponents(node, expected)) !== planned.key
    ) {
      problems.push(`${id}: the record is not of this node: ${difference(expected, components)}`);
    }
    problems.push(...environmentProblems(planned, components, plan.provider));
    problems.push(...outputProblems(planned, node, record));
  }
  return checked("keys", `${plan.nodes.length} keys computed again`, problems);
}

function difference(expected: KeyComponents, found: KeyComponents): string {
  const [change] = changesSince(expected, found);
  return change === undefined ? "its components differ" : change.text;
}

function environmentProblems(
  { id, work }: PlanNode,
  { environment }: KeyComponents,
  provider: string,
): string[] {
  if (work.type !== "module") return [];
  if (environment.deno === undefined) return [`${id}: the record names no version of Deno`];
  const expected = work.provider ? provider : undefined;
  return environment.provider === expected
    ? []
    : [`${id}: it ran on ${environment.provider}, the plan says ${expected}`];
}

function outputProblems(planned: PlanNode, node: Node, record: StageRecord): string[] {
  const problems: string[] = [];
  const { id, work } = planned;
  for (const [name, { form, media }] of Object.entries(node.outputs)) {
    const entry = Object.hasOwn(record.outputs, name) ? record.outputs[name] : undefined;
    if (entry === undefined) problems.push(`${id}: the record lacks output ${name}`);
    else if (entry.form !== form || entry.media !== media) {
      problems.push(`${id}: output ${name} is of another kind than the plan says`);
    } else if (pinnedDigest(work) !== null && entry.digest !== pinnedDigest(work)) {
      problems.push(`${id}: the data are not the ones that the plan names`);
    }
  }
  for (const name of Object.keys(record.outputs)) {
    if (!Object.hasOwn(node.outputs, name)) {
      problems.push(`${id}: the record has a surplus ${name}`);
    }
  }
  return problems;
}

/** Digest → size, of every object that the records and the plan name. */
interface Named {
  readonly sizes: ReadonlyMap<Digest, number>;
  readonly trees: number;
  readonly problems: readonly string[];
}

function named({ plan, records, store, payload }: OpenBundle): Named {
  const sizes = new Map<Digest, number>();
  const problems: string[] = [];
  const trees = new Set<Digest>();
  const add = (digest: Digest, bytes: number, what: string) => {
    const known = sizes.get(digest);
    if (known !== undefined && known !== bytes) {
      problems.push(`${what}: two sizes are given for ${short(digest)}`);
    }
    sizes.set(digest, bytes);
  };
  const tree = (entry: OutputEntry, what: string) => {
    const listed = payload.get(blobPath(entry.digest));
    if (listed === undefined) return problems.push(`${what}: the list of its files is missing`);
    add(entry.digest, listed.bytes, what);
    if (trees.has(entry.digest)) return;
    trees.add(entry.digest);
    try {
      const manifest = decodeManifest(Deno.readFileSync(store.objectPath(entry.digest)));
      if (manifest.bytes !== entry.bytes) problems.push(`${what}: its size is not the record's`);
      for (const file of manifest.files) add(file.digest, file.bytes, `${what}/${file.path}`);
    } catch (error) {
      if (!(error instanceof TreeError)) throw error;
      problems.push(`${what}: ${error.message}`);
    }
  };
  for (const { id, key, work } of plan.nodes) {
    if (work.type === "module") add(work.program.digest, work.program.bytes, `program of ${id}`);
    for (const [name, entry] of Object.entries(records.get(key)?.outputs ?? {})) {
      const what = `${id}: ${name}`;
      if (entry.form === "tree") tree(entry, what);
      else add(entry.digest, entry.bytes, what);
    }
    const log = records.get(key)?.log;
    const logged = log ? payload.get(blobPath(log)) : undefined;
    // An old log may have been removed before the bundle was made.
    if (logged !== undefined) add(log!, logged.bytes, `log of ${id}`);
  }
  return { sizes, trees: trees.size, problems };
}

/** Every object that is named is there with its size, or stays outside on purpose. */
function objects(bundle: OpenBundle): Check {
  const { payload, missing } = bundle;
  const { sizes, trees, problems } = named(bundle);
  const all = [...problems];
  let outside = 0;
  for (const [digest, bytes] of sizes) {
    const path = blobPath(digest);
    const listed = payload.get(path);
    if (listed === undefined && missing.has(path)) outside++;
    else if (listed === undefined) all.push(`${path} is missing`);
    else if (listed.bytes !== bytes) all.push(`${path} has ${listed.bytes} bytes, not ${bytes}`);
  }
  const apart = outside > 0 ? `, ${outside} outside by digest (fetch.txt)` : "";
  return checked(
    "objects",
    `${plural(sizes.size - outside, "object")}, ${plural(trees, "tree")}${apart}`,
    all,
  );
}

/** The statement is what this bundle's contents give. */
function statement(bundle: OpenBundle): Check {
  const { plan, records, payload, missing } = bundle;
  const what = "in-toto statement, SLSA provenance";
  if (bundle.statement === null) return checked("statement", what, ["the statement is missing"]);
  if (plan.nodes.some(({ key }) => !records.has(key))) {
    return { name: "statement", status: "open", what, problems: ["records are missing"] };
  }
  const byNode = new Map(plan.nodes.map(({ id, key }) => [id, records.get(key)!]));
  const files = [...listed(payload), ...listed(missing)];
  const found = parseJson(bundle.statement, "provenance.intoto.json");
  const expected = JSON.parse(statementOf({ plan, records: byNode, files }));
  const problems: string[] = [];
  if (digestOf(found) !== digestOf(expected)) {
    const parts = Object.keys(expected).filter((part) =>
      digestOf((found as Record<string, unknown>)?.[part] ?? null) !== digestOf(expected[part])
    );
    problems.push(`it says something else than the contents: ${parts.join(", ") || "more fields"}`);
  }
  return checked("statement", `${what}, ${plural(expected.subject.length, "subject")}`, problems);
}

function listed(
  files: ReadonlyMap<string, { readonly digest: Digest }>,
): { path: string; digest: Digest }[] {
  return [...files].map(([path, { digest }]) => ({ path, digest }));
}

interface CrateEntity {
  readonly "@id"?: unknown;
  readonly "@type"?: unknown;
  readonly sha256?: unknown;
  readonly contentSize?: unknown;
}

/** Every file that the RO-Crate describes is there with that digest and size. */
function crate({ texts, payload }: OpenBundle): Check {
  const bytes = texts.get(CRATE_FILE);
  if (bytes === undefined) return checked("ro-crate", CRATE_FILE, ["the file is missing"]);
  const value = parseJson(bytes, CRATE_FILE) as { "@graph"?: unknown } | null;
  const graph = value?.["@graph"];
  if (!Array.isArray(graph)) return checked("ro-crate", CRATE_FILE, ["it has no @graph"]);
  const problems: string[] = [];
  let files = 0;
  for (const entity of graph as (CrateEntity | null)[]) {
    const types = [entity?.["@type"]].flat();
    const id = entity?.["@id"];
    if (!types.includes("File") || typeof id !== "string" || /^[a-z]+:/i.test(id)) continue;
    files++;
    let path: string;
    try {
      path = decodeURIComponent(id);
    } catch {
      problems.push(`${id.slice(0, 80)} is not a relative URI`);
      continue;
    }
    const known = payload.get(path);
    if (known === undefined) problems.push(`${path.slice(0, 80)} is described and not there`);
    else if (entity!.sha256 !== known.digest || entity!.contentSize !== String(known.bytes)) {
      problems.push(`${path.slice(0, 80)} is described with another digest or size`);
    }
  }
  return checked("ro-crate", `${files} files described`, problems);
}

/** Nothing is there that nothing names. */
function surplus(bundle: OpenBundle): Check {
  const { sizes } = named(bundle);
  const logs = new Set([...bundle.records.values()].map(({ log }) => log));
  const problems: string[] = [];
  for (const path of [...bundle.payload.keys(), ...bundle.missing.keys()]) {
    if (!path.startsWith("blobs/")) continue;
    const digest = path.slice(path.lastIndexOf("/") + 1);
    if (!sizes.has(digest) && !logs.has(digest)) problems.push(`${path} is named by nothing`);
  }
  return checked("nothing else", `${bundle.payload.size} files`, problems);
}

/** A digest for people. */
export function short(digest: string): string {
  return digest.slice(0, 12);
}

/** What the output of a node must be without being computed; null for what is computed. */
function pinnedDigest(work: PlanWork): string | null {
  if (work.type === "module") return null;
  return work.type === "download" ? work.source.sha256 : work.source.digest;
}
