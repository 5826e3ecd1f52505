/** What the key of a node is made from. */

import { digestOf, frozen } from "../canonical.ts";
import type { Bundle } from "../code/code_identity.ts";
import { environmentOf } from "./environment.ts";
import { isMany } from "../declare/artifact.ts";
import { asList, isOpen } from "./graph.ts";
import type { TreeFile } from "../store/tree_manifest.ts";
import type {
  Artifact,
  Digest,
  InputKinds,
  KeyComponents,
  Kind,
  Node,
  OutputKinds,
  Provider,
  SourceContent,
  StageRecord,
  Work,
} from "../types.ts";

/** Output name → digest. */
export type Outputs = Readonly<Record<string, Digest>>;

/**
 * The components of a node's key.
 *
 * @param bundle The node's program; null for downloads and local data.
 * @param inputDigests Input name → digests of its artifacts, in order; of local data, see {@link contentDigests}.
 * @param environment See `nodeEnvironment`.
 */
export function componentsOf(
  node: Node,
  bundle: Bundle | null,
  inputDigests: Readonly<Record<string, readonly Digest[]>>,
  environment: Readonly<Record<string, string>>,
): KeyComponents {
  const outputs = kindsComponent(node.outputs);
  const code = bundle === null
    ? { digest: digestOf(node.work.type), files: {}, packages: {} }
    : { digest: bundle.digest, files: bundle.files, packages: bundle.packages };
  return node.work.type === "npm" || node.work.type === "download"
    ? { code, params: node.params, inputs: {}, environment: {}, outputs }
    : {
      code,
      params: node.params,
      inputs: inputDigests,
      environment,
      outputs,
      ...(Object.keys(node.inputKinds).length === 0
        ? {}
        : { reads: kindsComponent(node.inputKinds) }),
    };
}

/** As earlier versions made components, for records in old bundles: without extensions and kinds of inputs. */
export function olderComponents(node: Node, components: KeyComponents): KeyComponents {
  const { reads: _, ...rest } = components;
  const outputs = Object.entries(node.outputs).map(([name, { form, media, of }]) => [
    name,
    of === undefined ? `${form} ${media}` : `${form} ${media} ${of.extension}`.trimEnd(),
  ]);
  return { ...rest, outputs: Object.fromEntries(outputs) };
}

/** What stands for the inputs of local data in its key: the content that it was planned with. */
export function contentDigests(content: SourceContent): Record<string, readonly Digest[]> {
  return { content: [content.digest] };
}

/** By declaration: the nodes of a sweep share one. */
const kindsComponents = new WeakMap<InputKinds | OutputKinds, Readonly<Record<string, string>>>();

/** What a stage sees of its inputs or outputs besides their contents: programs may go by a file's extension. */
function kindsComponent(kinds: InputKinds | OutputKinds): Readonly<Record<string, string>> {
  let component = kindsComponents.get(kinds);
  if (component === undefined) {
    component = frozen(Object.fromEntries(
      Object.entries(kinds).map(([name, kind]) => [
        name,
        isMany(kind) ? `many ${kindText(kind.many)}` : kindText(kind),
      ]),
    ));
    kindsComponents.set(kinds, component);
  }
  return component;
}

function kindText({ form, media, extension, of }: Kind): string {
  // The items of a list carry their extension in the list itself.
  return `${form} ${media} ${of?.extension ?? extension}`.trimEnd();
}

/** The environment part of a node's key, with the threads that it gets under `jobs` slots. */
export function nodeEnvironment(
  node: Node,
  provider: Provider,
  jobs: number,
): Readonly<Record<string, string>> {
  return environmentOf(node.work, provider, threadsOf(node, jobs));
}

/** `nodeEnvironment` for the many nodes of one plan, which share few different ones. */
export function environments(
  provider: Provider,
  jobs: number,
): (node: Node) => Readonly<Record<string, string>> {
  const byThreads = new Map<number, Map<Work, Readonly<Record<string, string>>>>();
  return (node) => {
    const threads = threadsOf(node, jobs);
    let byWork = byThreads.get(threads);
    if (byWork === undefined) byThreads.set(threads, byWork = new Map());
    let environment = byWork.get(node.work);
    if (environment === undefined) {
      environment = frozen(nodeEnvironment(node, provider, jobs));
      byWork.set(node.work, environment);
    }
    return environment;
  };
}

/** Threads that a node may use: its cores, bounded by the number of jobs. */
export function threadsOf(node: Node, jobs: number): number {
  return Math.max(1, Math.min(node.cores, jobs));
}

/**
 * Input name → digests of its artifacts, or null while one of them is not known.
 *
 * @param outputsOf Outputs of a node by name, null while it has not finished.
 * @param memberOf The file of a list's item, null when the list has no such item.
 */
export function inputDigestsOf(
  node: Node,
  outputsOf: (node: Node) => Outputs | null,
  memberOf: (list: Digest, artifact: Artifact) => TreeFile | null = () => null,
): Record<string, readonly Digest[]> | null {
  const inputs: Record<string, readonly Digest[]> = {};
  for (const name in node.inputKinds) {
    const digests: Digest[] = [];
    if (isOpen(node.inputs[name])) return null;
    for (const artifact of asList(node.inputs[name])) {
      let digest = outputsOf(artifact.node)?.[artifact.output];
      if (digest !== undefined && artifact.member !== undefined) {
        digest = memberOf(digest, artifact)?.digest;
      }
      if (digest === undefined) return null;
      digests.push(digest);
    }
    inputs[name] = digests;
  }
  return inputs;
}

/** Output name → digest. */
export function digestsOf({ outputs }: Pick<StageRecord, "outputs">): Record<string, Digest> {
  const digests: Record<string, Digest> = {};
  for (const name in outputs) digests[name] = outputs[name].digest;
  return digests;
}
