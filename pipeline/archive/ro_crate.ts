/** `ro-crate-metadata.json`: the bundle described for other tools, as a Provenance Run Crate. */

import type { StageRecord } from "../types.ts";
import { digestOf } from "../canonical.ts";
import type { PlanFile, PlanNode } from "./plan_file.ts";
import { timesOf } from "./statement.ts";

/** Name of the file, at the crate's root, which is the bag's `data/`. */
export const CRATE_FILE = "ro-crate-metadata.json";
const CRATE = "https://w3id.org/ro/crate/1.1";
const WORKFLOW_CRATE = "https://w3id.org/workflowhub/workflow-ro-crate/1.0";
const PROFILES = ["process", "workflow", "provenance"].map((name) =>
  `https://w3id.org/ro/wfrun/${name}/0.5`
);
const PARAMETER_PROFILE = "https://bioschemas.org/profiles/FormalParameter/1.0-RELEASE";
const WORKFLOW_PROFILE = "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE";
const DONE = "http://schema.org/CompletedActionStatus";

/** A file of the payload to describe. */
export interface CrateFile {
  /** Relative to `data/`. */
  readonly path: string;
  readonly digest: string;
  readonly bytes: number;
  readonly name: string;
  /** IANA media type. */
  readonly encoding: string;
}

/** What a crate describes. */
export interface CrateContent {
  readonly plan: PlanFile;
  /** By node. */
  readonly records: ReadonlyMap<string, StageRecord>;
  /** All files but members of trees, which their manifests list. */
  readonly files: readonly CrateFile[];
}

type Entity = Readonly<Record<string, unknown>> & { readonly "@id": string };
const ref = (id: string) => ({ "@id": id });
/** References to entities: left out when there are none, not in a list when there is one. */
function refs(field: string, ids: Iterable<string>): Readonly<Record<string, unknown>> {
  const distinct = [...new Set(ids)].map(ref);
  if (distinct.length === 0) return {};
  return { [field]: distinct.length === 1 ? distinct[0] : distinct };
}
const fragment = (...parts: string[]) => `#${parts.map(encodeURIComponent).join("/")}`;
/** `@id` of a file: its path as a relative URI. */
const fileId = (path: string) => path.split("/").map(encodeURIComponent).join("/");
const blobId = (digest: string) => `blobs/sha256/${digest}`;

/** The JSON-LD text of a crate. Depends on the contents alone; entities are in a fixed order. */
export function crateText(content: CrateContent): string {
  const graph = new Crate(content).entities();
  const context = [`${CRATE}/context`, "https://w3id.org/ro/terms/workflow-run/context"];
  return JSON.stringify({ "@context": context, "@graph": graph }, null, 1) + "\n";
}

class Crate {
  readonly #content: CrateContent;
  readonly #entities = new Map<string, Entity>();
  readonly #workflow: string;
  /** Entity → the formal parameters that it is an example of. */
  readonly #examples = new Map<string, Set<string>>();
  /** Formal parameter → its values. */
  readonly #values = new Map<string, Set<string>>();

  constructor(content: CrateContent) {
    this.#content = content;
    this.#workflow = fileId(`sources/stages/${content.plan.paper}/pipeline.ts`);
  }

  entities(): Entity[] {
    const { plan, files } = this.#content;
    const actions = plan.nodes.map((node, i) => this.#node(node, i));
    this.#run(actions);
    for (const file of files) this.#file(file);
    this.#workflowEntity();
    const root = this.#root(actions);
    const all = [...this.#entities.values()].map((entity) => this.#withExamples(entity));
    return [this.#descriptor(), root, ...all];
  }

  #put(entity: Entity): string {
    const id = entity["@id"];
    if (!this.#entities.has(id)) this.#entities.set(id, entity);
    return id;
  }

  #descriptor(): Entity {
    return {
      "@id": CRATE_FILE,
      "@type": "CreativeWork",
      about: ref("./"),
      conformsTo: [ref(CRATE), ref(WORKFLOW_CRATE)],
    };
  }

  #root(actions: readonly string[]): Entity {
    const { plan, files } = this.#content;
    const profiles = [...PROFILES, WORKFLOW_CRATE];
    for (const id of profiles) {
      const [version] = id.split("/").slice(-1);
      this.#put({ "@id": id, "@type": "CreativeWork", name: id, version });
    }
    const license = files.find(({ path }) => path === "sources/LICENSE")?.path ?? "LICENCES.txt";
    return {
      "@id": "./",
      "@type": "Dataset",
      name: `${plan.title} (preset ${plan.preset}, provider ${plan.provider})`,
      description: `${plan.summary} ${plan.citation}`,
      datePublished: this.#times().end,
      license: ref(license),
      conformsTo: profiles.map(ref),
      ...refs("hasPart", files.map(({ path }) => fileId(path))),
      mainEntity: ref(this.#workflow),
      ...refs("mentions", [fragment("run"), fragment("organize"), ...actions]),
    };
  }

  #times(): { start: string; end: string } {
    const times = [...this.#content.records.values()].map(crateTimes);
    return {
      start: times.map(({ start }) => start).sort()[0],
      end: times.map(({ end }) => end).sort().at(-1)!,
    };
  }

  #file({ path, digest, bytes, name, encoding }: CrateFile): void {
    const id = fileId(path);
    if (id === this.#workflow) return;
    const terms = path === "sources/LICENSE" || path === "LICENCES.txt";
    const type = terms ? ["File", "CreativeWork"] : "File";
    const known = this.#entities.get(id) ?? { "@id": id, "@type": type };
    this.#entities.set(id, {
      ...known,
      name: known.name ?? name,
      ...(path === "README.md" ? { about: ref("./") } : {}),
      encodingFormat: encoding,
      contentSize: String(bytes),
      sha256: digest,
    });
  }

  /** The tool of a node: its program, or the engine's own downloader. */
  #tool(node: PlanNode): string {
    const { components } = this.#content.records.get(node.id)!;
    const parameters = (direction: string, names: readonly string[]) =>
      names.map((name) => fragment("parameter", node.stage, direction, name));
    const ports = {
      ...refs("input", [
        ...parameters("input", Object.keys(node.inputs)),
        ...parameters("param", paramNames(node.params)),
      ]),
      ...refs("output", parameters("output", Object.keys(node.outputs))),
    };
    const { work } = node;
    if (work.type === "module") {
      return this.#put({
        "@id": blobId(work.program.digest),
        "@type": ["File", "SoftwareSourceCode"],
        name: `program of stage ${node.stage}`,
        description: `${node.describe}. Built from ${work.implementation} and what it imports.`,
        version: work.program.digest,
        url: fileId(`sources/${work.implementation}`),
        programmingLanguage: ref("#typescript"),
        ...refs(
          "softwareRequirements",
          Object.entries(components.code.packages).map(([name, integrity]) =>
            this.#package(name, integrity)
          ),
        ),
        ...ports,
      });
    }
    const { package: name, version, license } = work.source;
    this.#put({
      "@id": fragment("license", license),
      "@type": "CreativeWork",
      name: license,
      description: `Licence of ${name}@${version} as its package states it.`,
    });
    return this.#put({
      "@id": npmPage(name, version),
      "@type": "SoftwareApplication",
      name: `npm package ${name}`,
      url: npmPage(name, version),
      softwareVersion: version,
      license: ref(fragment("license", license)),
      ...ports,
    });
  }

  /** @param key `name@version` of the lock file. */
  #package(key: string, integrity: string): string {
    const at = key.indexOf("@", 1);
    const name = at < 0 ? key : key.slice(0, at);
    const version = at < 0 ? "" : key.slice(at + 1).split("_")[0];
    const url = npmPage(name, version);
    return this.#put({
      "@id": url,
      "@type": "SoftwareApplication",
      name,
      url,
      softwareVersion: version,
      ...(integrity === "" ? {} : { identifier: integrity }),
    });
  }

  /** Step, run and control of one node. @returns the run's id. */
  #node(node: PlanNode, position: number): string {
    const record = this.#content.records.get(node.id)!;
    const tool = this.#tool(node);
    const object: string[] = [];
    for (const [name, { kind, from }] of Object.entries(node.inputs)) {
      const parameter = this.#parameter(node, "input", name, "File", kind.media);
      for (const { node: id, output } of from) {
        const { digest } = this.#content.records.get(id)!.outputs[output];
        object.push(this.#example(blobId(digest), parameter));
      }
    }
    for (const name of paramNames(node.params)) {
      const value = (node.params as Record<string, unknown>)[name];
      const type = scalarType(value);
      const parameter = this.#parameter(node, "param", name, type);
      object.push(this.#example(this.#value(name, value), parameter));
    }
    const result = Object.entries(node.outputs).map(([name, kind]) => {
      const parameter = this.#parameter(node, "output", name, "File", kind.media);
      const { digest, bytes } = record.outputs[name];
      const id = this.#example(blobId(digest), parameter);
      this.#put({
        "@id": id,
        "@type": "File",
        name: kind.form === "tree"
          ? `${node.id}: ${name} (list of its files, ${bytes} bytes in all)`
          : `${node.id}: ${name}`,
        ...(node.work.type === "npm"
          ? { license: ref(fragment("license", node.work.source.license)) }
          : {}),
      });
      return id;
    });
    const { start, end } = crateTimes(record);
    const step = this.#put({
      "@id": fragment("step", node.id),
      "@type": "HowToStep",
      name: node.id,
      position: String(position),
      workExample: ref(tool),
    });
    const run = this.#put({
      "@id": fragment("run", node.id),
      "@type": "CreateAction",
      name: node.id,
      description: node.describe,
      instrument: ref(tool),
      ...refs("object", object),
      ...refs("result", result),
      startTime: start,
      endTime: end,
      actionStatus: DONE,
      ...refs(
        "environment",
        Object.entries(record.components.environment).map(([name, value]) =>
          this.#value(name, value)
        ),
      ),
      identifier: `urn:sha256:${node.key}`,
    });
    this.#put({
      "@id": fragment("control", node.id),
      "@type": "ControlAction",
      name: `orchestrate ${node.id}`,
      instrument: ref(step),
      object: ref(run),
      actionStatus: DONE,
    });
    return run;
  }

  #parameter(
    { stage, inputs, outputs }: PlanNode,
    direction: "input" | "param" | "output",
    name: string,
    additionalType: string,
    media?: string,
  ): string {
    const many = direction === "input" && inputs[name].many;
    const kind = direction === "output" ? outputs[name] : inputs[name]?.kind;
    return this.#put({
      "@id": fragment("parameter", stage, direction, name),
      "@type": "FormalParameter",
      conformsTo: ref(PARAMETER_PROFILE),
      name,
      additionalType,
      valueRequired: "True",
      ...(many ? { multipleValues: "True" } : {}),
      ...(media === undefined || kind === undefined
        ? {}
        : { encodingFormat: kind.form === "tree" ? "application/json" : encodingOf(media) }),
    });
  }

  #value(name: string, value: unknown): string {
    const text = typeof value === "object" ? JSON.stringify(value) : String(value);
    return this.#put({
      "@id": `#value/${digestOf([name, text]).slice(0, 16)}`,
      "@type": "PropertyValue",
      name,
      value: text,
    });
  }

  #example(entity: string, parameter: string): string {
    const add = (map: Map<string, Set<string>>, from: string, to: string) => {
      const known = map.get(from);
      if (known === undefined) map.set(from, new Set([to]));
      else known.add(to);
    };
    add(this.#examples, entity, parameter);
    add(this.#values, parameter, entity);
    return entity;
  }

  #withExamples(entity: Entity): Entity {
    const examples = this.#examples.get(entity["@id"]);
    const values = this.#values.get(entity["@id"]);
    return {
      ...entity,
      ...(examples ? refs("exampleOfWork", examples) : {}),
      ...(values ? refs("workExample", values) : {}),
    };
  }

  /** The run as a whole, and the engine that organised it. */
  #run(actions: readonly string[]): void {
    const { plan, records } = this.#content;
    const { start, end } = this.#times();
    const sources = plan.nodes.filter(({ inputs }) => Object.keys(inputs).length === 0)
      .flatMap(({ id }) => Object.values(records.get(id)!.outputs).map(({ digest }) => digest));
    const results = Object.values(plan.targets)
      .map(({ node, output }) => records.get(node)!.outputs[output].digest);
    this.#put({
      "@id": fragment("run"),
      "@type": "CreateAction",
      name: `${plan.paper}, preset ${plan.preset}`,
      description: plan.summary,
      instrument: ref(this.#workflow),
      ...refs("object", sources.map(blobId)),
      ...refs("result", results.map(blobId)),
      startTime: start,
      endTime: end,
      actionStatus: DONE,
    });
    const versions = [...records.values()].map(({ components }) => components.environment.deno);
    const deno = versions.find((version) => version !== undefined) ?? "unknown";
    this.#put({
      "@id": `https://github.com/denoland/deno/releases/tag/v${deno}`,
      "@type": "SoftwareApplication",
      name: "Deno",
      url: "https://deno.com",
      softwareVersion: deno,
    });
    this.#put({
      "@id": "#engine",
      "@type": "SoftwareSourceCode",
      name: "the pipeline engine in sources/pipeline",
      url: "sources/pipeline/mod.ts",
      version: "see its sources",
      programmingLanguage: ref("#typescript"),
      softwareRequirements: ref(`https://github.com/denoland/deno/releases/tag/v${deno}`),
    });
    this.#put({
      "@id": fragment("organize"),
      "@type": "OrganizeAction",
      name: "schedule the stages",
      instrument: ref("#engine"),
      ...refs("object", actions.map((id) => id.replace("#run/", "#control/"))),
      result: ref(fragment("run")),
      startTime: start,
      endTime: end,
      actionStatus: DONE,
    });
    this.#put({
      "@id": "#typescript",
      "@type": "ComputerLanguage",
      name: "TypeScript",
      url: "https://www.typescriptlang.org",
    });
  }

  #workflowEntity(): void {
    const { plan, files } = this.#content;
    const file = files.find(({ path }) => fileId(path) === this.#workflow);
    const stageOf = new Map(plan.nodes.map(({ id, stage }) => [id, stage]));
    const tools = plan.nodes.map(({ work }) =>
      work.type === "module"
        ? blobId(work.program.digest)
        : npmPage(work.source.package, work.source.version)
    );
    this.#put({
      "@id": this.#workflow,
      "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"],
      name: plan.title,
      description: plan.summary,
      version: file?.digest ?? "",
      url: this.#workflow,
      conformsTo: ref(WORKFLOW_PROFILE),
      encodingFormat: "text/plain",
      programmingLanguage: ref("#typescript"),
      ...refs("hasPart", tools),
      ...refs("step", plan.nodes.map(({ id }) => fragment("step", id))),
      ...refs(
        "output",
        Object.values(plan.targets).map(({ node, output }) =>
          fragment("parameter", stageOf.get(node)!, "output", output)
        ),
      ),
      ...(file ? { sha256: file.digest, contentSize: String(file.bytes) } : {}),
    });
  }
}

function npmPage(name: string, version: string): string {
  return `https://www.npmjs.com/package/${name}/v/${version}`;
}

/** With an offset: the profile's validator does not take the letter Z. */
function crateTimes(record: StageRecord): { start: string; end: string } {
  const { start, end } = timesOf(record);
  return { start: start.replace("Z", "+00:00"), end: end.replace("Z", "+00:00") };
}

function paramNames(params: unknown): string[] {
  return typeof params === "object" && params !== null && !Array.isArray(params)
    ? Object.keys(params).filter((name) => (params as Record<string, unknown>)[name] !== undefined)
    : [];
}

/** Schema.org's name for the type of a value. */
function scalarType(value: unknown): string {
  switch (typeof value) {
    case "number":
      return Number.isInteger(value) ? "Integer" : "Float";
    case "boolean":
      return "Boolean";
    case "string":
      return "Text";
    default:
      return "PropertyValue";
  }
}

/** A media tag of the engine as an IANA media type. */
export function encodingOf(media: string): string {
  return media.includes("/") ? media : "application/octet-stream";
}
