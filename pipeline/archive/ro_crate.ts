/** `ro-crate-metadata.json`: the bundle described for other tools, as a Provenance Run Crate. */

import type { StageRecord } from "../types.ts";
import { CrateGraph } from "./crate_graph.ts";
import type { PlanFile, PlanNode } from "./plan_file.ts";
import {
  blobId,
  crateTimes,
  type Entity,
  fileId,
  fragment,
  packageUrl,
  paramNames,
  ref,
  refs,
  scalarType,
  toolId,
} from "./crate_entities.ts";

/** Name of the file, at the crate's root, which is the bag's `data/`. */
export const CRATE_FILE = "ro-crate-metadata.json";
const CRATE = "https://w3id.org/ro/crate/1.1";
const WORKFLOW_CRATE = "https://w3id.org/workflowhub/workflow-ro-crate/1.0";
const PROFILES = ["process", "workflow", "provenance"].map((name) =>
  `https://w3id.org/ro/wfrun/${name}/0.5`
);
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
  /** Objects that are not in the bundle, by digest. @default none */
  readonly outside?: ReadonlyMap<string, { readonly url: string; readonly bytes: number }>;
}

/** The JSON-LD text of a crate. Depends on the contents alone; entities are in a fixed order. */
export function crateText(content: CrateContent): string {
  const graph = new Crate(content).entities();
  const context = [`${CRATE}/context`, "https://w3id.org/ro/terms/workflow-run/context"];
  return JSON.stringify({ "@context": context, "@graph": graph }, null, 1) + "\n";
}

class Crate {
  readonly #content: CrateContent;
  readonly #graph = new CrateGraph();
  readonly #workflow: string;

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
    return [this.#descriptor(), root, ...this.#graph.all()];
  }

  /** `@id` of an object: its file, or where it can be had when it is not in the bundle. */
  #objectId(digest: string): string {
    return this.#content.outside?.get(digest)?.url ?? blobId(digest);
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
      this.#graph.put({ "@id": id, "@type": "CreativeWork", name: id, version });
    }
    const elsewhere = [...this.#content.outside?.values() ?? []].map(({ url }) => url)
      .filter((url) => this.#graph.get(url) !== undefined);
    const license = files.find(({ path }) => path === "sources/LICENSE")?.path ?? "LICENCES.txt";
    return {
      "@id": "./",
      "@type": "Dataset",
      name: `${plan.title} (preset ${plan.preset}, provider ${plan.provider})`,
      description: `${plan.summary} ${plan.citation}`,
      datePublished: this.#times().end,
      license: ref(license),
      conformsTo: profiles.map(ref),
      ...refs("hasPart", [...files.map(({ path }) => fileId(path)), ...elsewhere]),
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
    const known = this.#graph.get(id) ?? { "@id": id, "@type": type };
    this.#graph.replace({
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
      return this.#graph.put({
        "@id": toolId(work),
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
    if (work.type === "source") {
      return this.#graph.put({
        "@id": toolId(work),
        "@type": "SoftwareSourceCode",
        name: "import of local data",
        url: "sources/pipeline/mod.ts",
        version: "see the sources of the engine",
        ...ports,
      });
    }
    if (work.type === "download") {
      const { name, url, license } = work.source;
      this.#graph.put({
        "@id": fragment("license", license),
        "@type": "CreativeWork",
        name: license,
        description: `Licence of ${url} as the pipeline states it.`,
      });
      return this.#graph.put({
        "@id": toolId(work),
        "@type": "SoftwareApplication",
        name: `download of ${name}`,
        url,
        softwareVersion: work.source.sha256,
        license: ref(fragment("license", license)),
        ...ports,
      });
    }
    const { package: name, version, license } = work.source;
    this.#graph.put({
      "@id": fragment("license", license),
      "@type": "CreativeWork",
      name: license,
      description: `Licence of ${name}@${version} as its package states it.`,
    });
    return this.#graph.put({
      "@id": packageUrl(name, version),
      "@type": "SoftwareApplication",
      name: `npm package ${name}`,
      url: packageUrl(name, version),
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
    const url = packageUrl(name, version);
    return this.#graph.put({
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
      const parameter = this.#graph.parameter(node, "input", name, "File", kind.media);
      for (const { node: id, output } of from) {
        const { digest } = this.#content.records.get(id)!.outputs[output];
        object.push(this.#graph.example(this.#objectId(digest), parameter));
      }
    }
    for (const name of paramNames(node.params)) {
      const value = (node.params as Record<string, unknown>)[name];
      const type = scalarType(value);
      const parameter = this.#graph.parameter(node, "param", name, type);
      object.push(this.#graph.example(this.#graph.value(name, value), parameter));
    }
    const result = Object.entries(node.outputs).map(([name, kind]) => {
      const parameter = this.#graph.parameter(node, "output", name, "File", kind.media);
      const { digest, bytes } = record.outputs[name];
      const id = this.#graph.example(this.#objectId(digest), parameter);
      const outside = this.#content.outside?.get(digest);
      this.#graph.put({
        "@id": id,
        "@type": "File",
        name: kind.form === "tree"
          ? `${node.id}: ${name} (list of its files, ${bytes} bytes in all)`
          : `${node.id}: ${name}`,
        ...(outside === undefined
          ? {}
          : { contentSize: String(outside.bytes), sha256: digest, contentUrl: outside.url }),
        ...(node.work.type === "npm" || node.work.type === "download"
          ? { license: ref(fragment("license", node.work.source.license)) }
          : {}),
      });
      return id;
    });
    const { start, end } = crateTimes(record);
    const step = this.#graph.put({
      "@id": fragment("step", node.id),
      "@type": "HowToStep",
      name: node.id,
      position: String(position),
      workExample: ref(tool),
    });
    const run = this.#graph.put({
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
          this.#graph.value(name, value)
        ),
      ),
      identifier: `urn:sha256:${node.key}`,
    });
    this.#graph.put({
      "@id": fragment("control", node.id),
      "@type": "ControlAction",
      name: `orchestrate ${node.id}`,
      instrument: ref(step),
      object: ref(run),
      actionStatus: DONE,
    });
    return run;
  }

  /** The run as a whole, and the engine that organised it. */
  #run(actions: readonly string[]): void {
    const { plan, records } = this.#content;
    const { start, end } = this.#times();
    const sources = plan.nodes.filter(({ inputs }) => Object.keys(inputs).length === 0)
      .flatMap(({ id }) => Object.values(records.get(id)!.outputs).map(({ digest }) => digest));
    const results = Object.values(plan.targets)
      .map(({ node, output }) => records.get(node)!.outputs[output].digest);
    this.#graph.put({
      "@id": fragment("run"),
      "@type": "CreateAction",
      name: `${plan.paper}, preset ${plan.preset}`,
      description: plan.summary,
      instrument: ref(this.#workflow),
      ...refs("object", sources.map((digest) => this.#objectId(digest))),
      ...refs("result", results.map((digest) => this.#objectId(digest))),
      startTime: start,
      endTime: end,
      actionStatus: DONE,
    });
    const versions = [...records.values()].map(({ components }) => components.environment.deno);
    const deno = versions.find((version) => version !== undefined) ?? "unknown";
    this.#graph.put({
      "@id": `https://github.com/denoland/deno/releases/tag/v${deno}`,
      "@type": "SoftwareApplication",
      name: "Deno",
      url: "https://deno.com",
      softwareVersion: deno,
    });
    this.#graph.put({
      "@id": "#engine",
      "@type": "SoftwareSourceCode",
      name: "the pipeline engine in sources/pipeline",
      url: "sources/pipeline/mod.ts",
      version: "see its sources",
      programmingLanguage: ref("#typescript"),
      softwareRequirements: ref(`https://github.com/denoland/deno/releases/tag/v${deno}`),
    });
    this.#graph.put({
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
    this.#graph.put({
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
    this.#graph.put({
      "@id": this.#workflow,
      "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"],
      name: plan.title,
      description: plan.summary,
      version: file?.digest ?? "",
      url: this.#workflow,
      conformsTo: ref(WORKFLOW_PROFILE),
      encodingFormat: "text/plain",
      programmingLanguage: ref("#typescript"),
      ...refs("hasPart", plan.nodes.map(({ work }) => toolId(work))),
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
