/** `plan.json`: the DAG of a bundle as data, enough to check every key and to run it again without its sources. */

import { z } from "zod";
import { isMany } from "../declare/artifact.ts";
import { Failed } from "../failure.ts";
import { asList } from "../plan/graph.ts";
import { ITEM_NAME } from "../run/runner.ts";
import { formatProblem, parseStrictly } from "../declare/schema.ts";
import type { Artifact, InputKinds, Kind, Node, OutputKinds, StageRecord, Work } from "../types.ts";

/** Raise when a field changes its meaning; a reader refuses what is newer than itself. */
export const planVersion = 1;

export const digestSchema = z.string().regex(/^[0-9a-f]{64}$/, "expected a SHA-256 in hexadecimal");
const size = z.int().nonnegative();
const plainKindSchema = z.strictObject({
  form: z.enum(["file", "tree"]),
  media: z.string(),
  extension: z.string().regex(/^(\.[A-Za-z0-9_-]+)*$/, "expected an extension like .csv"),
});
/** `of`: of a list, the kind of its items. */
const kindSchema = plainKindSchema.extend({ of: plainKindSchema.optional() });
/** Names of inputs and outputs become names of files. */
const nameSchema = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,99}$/, "expected a plain name")
  // Every object has these already.
  .refine((name) => !(name in Object.prototype), "expected a plain name");
const outputSchema = z.strictObject({ node: z.string(), output: z.string() });
/** `member`: the name of one item, when the output is a list. */
const referenceSchema = outputSchema.extend({
  member: z.string().regex(ITEM_NAME, "expected the name of an item").optional(),
});

/** What a node does. One member for each type of work; a new one is added here, in `workOf` and in `nodeWork`. */
const workSchema = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("module"),
    /** Path of the module in `sources/`. */
    implementation: z.string(),
    provider: z.boolean(),
    /** Variables and programs of the machine that it may use; a stranger's bundle may use none. */
    env: z.array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/)).optional(),
    programs: z.array(z.string().regex(/^(\/[^,]*)?[^/,\s-][^/,]*$/)).optional(),
    /** The program that ran: `blobs/sha256/<digest>`. */
    program: z.strictObject({
      digest: digestSchema,
      bytes: size,
      /** Exact npm specifiers that it imports. */
      specifiers: z.array(z.string().regex(/^npm:[\w@/.+~-]+$/, "expected an npm specifier")),
    }),
  }),
  z.strictObject({
    type: z.literal("npm"),
    source: z.strictObject({
      package: z.string(),
      version: z.string(),
      license: z.string(),
      include: z.array(z.string()),
      digest: digestSchema,
    }),
  }),
  z.strictObject({
    type: z.literal("download"),
    source: z.strictObject({
      name: z.string(),
      url: z.url({ protocol: /^https?$/ }),
      sha256: digestSchema,
      license: z.string(),
      bytes: size.optional(),
    }),
  }),
  z.strictObject({
    // Local data. Where it was is not told: its content is in the bundle.
    type: z.literal("source"),
    source: z.strictObject({
      form: z.enum(["file", "tree"]),
      name: z.string(),
      include: z.array(z.string()),
      exclude: z.array(z.string()),
      digest: digestSchema,
      bytes: size,
    }),
  }),
]);

/** A node's work as `plan.json` holds it. */
export type PlanWork = z.output<typeof workSchema>;

const nodeSchema = z.strictObject({
  id: z.string().min(1),
  stage: z.string().min(1),
  describe: z.string(),
  /** Names the record: `records/<key>.json`. */
  key: digestSchema,
  work: workSchema,
  /** By name, in the order of the declaration. */
  inputs: z.record(
    nameSchema,
    z.strictObject({ kind: kindSchema, many: z.boolean(), from: z.array(referenceSchema) }),
  ),
  params: z.unknown(),
  outputs: z.record(nameSchema, kindSchema),
  cores: z.int().positive(),
  /** What it asked for besides cores, and how it was to be tried: for readers, a rerun sets its own limits. */
  resources: z.strictObject({
    memory: z.number().nonnegative().optional(),
    slots: z.record(z.string(), z.int().nonnegative()).optional(),
    retries: z.int().nonnegative().optional(),
    timeout: z.number().positive().optional(),
  }).optional(),
});

const planSchema = z.strictObject({
  version: z.literal(planVersion),
  paper: z.string().regex(/^[a-z][a-z0-9_]*$/, "expected the name of a paper"),
  title: z.string(),
  citation: z.string(),
  summary: z.string(),
  preset: z.string(),
  provider: z.enum(["cpu", "cuda", "webgpu", "wasm"]),
  /** `verdicts`, `report`, `measurements` and `keep.<name>`, as far as they are part of the bundle. */
  targets: z.record(z.string(), outputSchema),
  /** Each after those it reads from. */
  nodes: z.array(nodeSchema),
});

/** The content of `plan.json`. */
export type PlanFile = z.output<typeof planSchema>;
/** One node of `plan.json`. */
export type PlanNode = PlanFile["nodes"][number];

/** The JSON text of a plan file. */
export function encodePlan(plan: PlanFile): string {
  return JSON.stringify(plan, null, 1) + "\n";
}

/**
 * Reads a plan file and checks its wiring: ids are unique, and every node reads only from nodes before it,
 * from outputs that they have and of the kind that it declares.
 * @throws {Failed} `bundle-version` for one made by a later version, `bundle-plan` for anything else.
 */
export function decodePlan(value: unknown): PlanFile {
  const version = typeof value === "object" && value !== null && "version" in value
    ? value.version
    : undefined;
  if (typeof version === "number" && version > planVersion) {
    throw new Failed({
      code: "bundle-version",
      message: `it has schema version ${version}, this program reads up to ${planVersion}`,
      where: "plan.json",
      mend: "Use a later version of this program.",
    });
  }
  const { value: plan, problems } = parseStrictly(planSchema, value);
  if (plan === null) throw wrong(formatProblem(problems[0]));
  const outputs = new Map<string, PlanNode["outputs"]>();
  const kindOf = ({ node, output, member }: z.output<typeof referenceSchema>) => {
    const kinds = outputs.get(node);
    const kind = kinds !== undefined && Object.hasOwn(kinds, output) ? kinds[output] : null;
    return member === undefined ? kind : kind?.of ?? null;
  };
  for (const node of plan.nodes) {
    if (outputs.has(node.id)) throw wrong(`two nodes are called ${JSON.stringify(node.id)}`);
    for (const [name, { kind, many, from }] of Object.entries(node.inputs)) {
      if (!many && from.length !== 1) throw wrong(`${node.id}: input ${name} takes one artifact`);
      for (const reference of from) {
        const given = kindOf(reference);
        if (given?.form !== kind.form || given.media !== kind.media) {
          throw wrong(
            `${node.id}: input ${name} is not an output of that kind of a node before it`,
          );
        }
      }
    }
    outputs.set(node.id, node.outputs);
  }
  for (const [name, target] of Object.entries(plan.targets)) {
    if (kindOf(target) === null) throw wrong(`target ${name} is no output of a node`);
  }
  return plan;
}

function wrong(message: string): Failed {
  return new Failed({ code: "bundle-plan", message, where: "plan.json" });
}

/** What `workOf` needs to know about a module's program. */
export interface ProgramOf {
  readonly digest: string;
  readonly bytes: number;
  readonly specifiers: readonly string[];
}

/** What `plan.json` says of a node besides the node itself. */
export interface NodeFacts {
  readonly record: StageRecord;
  /** Null for what is not a module. */
  readonly program: ProgramOf | null;
  /** Path of the project, without final slash. */
  readonly root: string;
}

/** A node as data. */
export function planNode(node: Node, facts: NodeFacts): PlanNode {
  const inputs: PlanNode["inputs"] = {};
  for (const [name, declared] of Object.entries(node.inputKinds)) {
    inputs[name] = {
      kind: plainKind(isMany(declared) ? declared.many : declared),
      many: isMany(declared),
      from: asList(node.inputs[name] ?? []).map(({ node, output, member }) => ({
        node: node.id,
        output,
        ...(member === undefined ? {} : { member }),
      })),
    };
  }
  return {
    id: node.id,
    stage: node.stage,
    // That of local data holds its path, which is nobody else's.
    describe: node.work.type === "source" ? `local ${node.work.source.form}` : node.describe,
    key: facts.record.key,
    work: workOf(node.work, facts),
    inputs,
    params: node.params,
    outputs: Object.fromEntries(
      Object.entries(node.outputs).map(([name, kind]) => [name, plainKind(kind)]),
    ),
    cores: node.cores,
    ...resourcesOf(node),
  };
}

function resourcesOf({ resources, retries, timeout }: Node): Pick<PlanNode, "resources"> {
  const { memory, slots } = resources?.(1) ?? {};
  const asked = {
    ...(memory ? { memory } : {}),
    ...(slots && Object.keys(slots).length > 0 ? { slots: { ...slots } } : {}),
    ...(retries ? { retries } : {}),
    ...(timeout ? { timeout } : {}),
  };
  return Object.keys(asked).length === 0 ? {} : { resources: asked };
}

function workOf(work: Work, { program, root, record }: NodeFacts): PlanWork {
  switch (work.type) {
    case "module": {
      const { digest, bytes, specifiers } = program!;
      const path = decodeURIComponent(work.implementation.pathname);
      return {
        type: "module",
        implementation: path.startsWith(`${root}/`) ? path.slice(root.length + 1) : "",
        provider: work.provider,
        ...declared(work),
        program: { digest, bytes, specifiers: [...specifiers] },
      };
    }
    case "npm": {
      const { package: name, version, license, include, digest } = work.source;
      const source = { package: name, version, license, include: [...include], digest };
      return { type: "npm", source };
    }
    case "download":
      return { type: "download", source: { ...work.source } };
    case "source": {
      const { form, name, include, exclude } = work.source;
      const [{ digest, bytes }] = Object.values(record.outputs);
      const globs = { include: [...include], exclude: [...exclude] };
      return { type: "source", source: { form, name, ...globs, digest, bytes } };
    }
    case "map":
      throw new TypeError("a finished run has no fan-out left");
  }
}

function declared(
  { env, programs }: { env?: readonly string[]; programs?: readonly string[] },
): { env?: string[]; programs?: string[] } {
  return {
    ...(env === undefined ? {} : { env: [...env] }),
    ...(programs === undefined ? {} : { programs: [...programs] }),
  };
}

function plainKind({ form, media, extension, of }: Kind): z.output<typeof kindSchema> {
  return { form, media, extension, ...(of === undefined ? {} : { of: plainKind(of) }) };
}

/**
 * The nodes of a plan file, wired, as the scheduler and the executor take them.
 * @param threadsOf Threads that a node had when its record was made, so that it gets as many again.
 */
export function nodesOfPlan(
  plan: PlanFile,
  threadsOf: (node: PlanNode) => number | null,
): ReadonlyMap<string, Node> {
  const nodes = new Map<string, Node>();
  for (const planned of plan.nodes) {
    const inputKinds: Record<string, InputKinds[string]> = {};
    const inputs: Record<string, Artifact | Artifact[]> = {};
    for (const [name, { kind, many, from }] of Object.entries(planned.inputs)) {
      const artifacts = from.map(({ node, output, member }): Artifact => ({
        node: nodes.get(node)!,
        output,
        kind,
        ...(member === undefined ? {} : { member }),
      }));
      inputKinds[name] = many ? { many: kind } : kind;
      inputs[name] = many ? artifacts : artifacts[0];
    }
    nodes.set(planned.id, {
      id: planned.id,
      stage: planned.stage,
      describe: planned.describe,
      work: nodeWork(planned.work),
      inputs,
      inputKinds,
      params: planned.params,
      outputs: planned.outputs satisfies OutputKinds,
      cores: threadsOf(planned) ?? planned.cores,
    });
  }
  return nodes;
}

function nodeWork(work: PlanWork): Work {
  switch (work.type) {
    case "module":
      // Never loaded: the program is a blob. It tells modules apart.
      return {
        type: "module",
        implementation: new URL(`bundle:${work.program.digest}`),
        provider: work.provider,
        ...declared(work),
      };
    case "npm":
    case "download":
      return work;
    case "source": {
      const { form, name, include, exclude } = work.source;
      return { type: "source", source: { form, name, path: name, include, exclude } };
    }
  }
}

const entrySchema = z.looseObject({
  digest: digestSchema,
  form: z.enum(["file", "tree"]),
  media: z.string(),
  bytes: size,
});

/** Records may carry more fields in later versions; these are the ones that are checked. */
const recordSchema = z.looseObject({
  version: z.literal(1),
  key: digestSchema,
  node: z.string(),
  stage: z.string(),
  components: z.looseObject({
    code: z.looseObject({
      digest: digestSchema,
      files: z.record(z.string(), z.unknown()),
      packages: z.record(z.string(), z.string()),
    }),
    params: z.unknown(),
    inputs: z.record(z.string(), z.array(digestSchema)),
    environment: z.record(z.string(), z.string()),
    outputs: z.record(z.string(), z.string()),
  }),
  outputs: z.record(z.string(), entrySchema),
  seconds: z.number().nonnegative(),
  finished: z.iso.datetime(),
  log: digestSchema.nullable(),
});

/** The JSON text of a record. */
export function encodeRecord(record: StageRecord): string {
  return JSON.stringify(record) + "\n";
}

/** Reads a record. @throws {Failed} `bundle-record`. */
export function decodeRecord(value: unknown, where: string): StageRecord {
  const result = recordSchema.safeParse(value);
  if (result.success) return result.data as unknown as StageRecord;
  const [{ path, message }] = result.error.issues;
  const at = path.length === 0 ? "" : `${path.map(String).join(".")}: `;
  throw new Failed({ code: "bundle-record", message: `${at}${message}`, where });
}
