/** Declares stages, and applies them to artifacts and parameters to make nodes. */

import type { z } from "zod";
import { describeKind, isMany, isSameKind } from "./artifact.ts";
import { frozen } from "../canonical.ts";
import { didYouMean, Failed } from "../failure.ts";
import { isFanOut } from "../plan/graph.ts";
import { inWords } from "./place.ts";
import { formatProblem, parseStrictly } from "./schema.ts";
import type {
  Artifact,
  InputKinds,
  Kind,
  Many,
  Node,
  OutputKinds,
  Resources,
  Stage,
  StageDeclaration,
  Work,
} from "../types.ts";

/**
 * Declares a stage: a pure function from artifacts and parameters to artifacts.
 *
 * Applying the result makes one node and returns promises of its outputs; nothing runs, and the
 * implementation is not imported.
 *
 * @throws {Failed} `stage-declaration` when the declaration is malformed; applying throws
 * `stage-params` when parameters do not fit and `stage-inputs` when inputs are missing, unknown or of
 * another kind (the types refuse these at compile time already).
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { json, stage } from "../mod.ts";
 * import { z } from "zod";
 *
 * const toss = stage({
 *   name: "toss",
 *   describe: "Tosses a coin",
 *   implementation: new URL("file:///stages/coin/toss.ts"),
 *   inputs: {},
 *   params: z.object({ seed: z.int(), times: z.int().positive().default(100) }),
 *   outputs: { heads: json<number>() },
 * });
 * const { heads } = toss({ id: "1", inputs: {}, params: { seed: 1 } });
 * assert.equal(heads.node.id, "toss[1]");
 * assert.deepEqual(heads.node.params, { seed: 1, times: 100 });
 * ```
 */
export function stage<
  const I extends InputKinds,
  S extends z.ZodType,
  const O extends OutputKinds,
>(declaration: StageDeclaration<I, S, O>): Stage<I, S, O> {
  checkDeclaration(declaration);
  const work = Object.freeze<Work>({
    type: "module",
    implementation: declaration.implementation,
    provider: declaration.provider ?? false,
    ...namesOf("env", declaration.env),
    ...namesOf("programs", declaration.programs),
  });
  const apply = (application: Parameters<Stage<I, S, O>>[0]) => {
    const id = application.id === undefined
      ? declaration.name
      : `${declaration.name}[${application.id}]`;
    checkId(declaration.name, id);
    const params = parseParams(declaration, id, application.params);
    const inputs = application.inputs as Readonly<Record<string, unknown>>;
    checkInputs(id, declaration.inputs, inputs);
    return outputsOf<O>(Object.freeze({
      id,
      stage: declaration.name,
      describe: declaration.describe,
      work,
      inputs: Object.freeze({ ...inputs }) as Node["inputs"],
      inputKinds: declaration.inputs,
      params,
      outputs: declaration.outputs,
      ...resourcesOf(declaration, id, params),
    }));
  };
  return Object.freeze(Object.assign(apply, { declaration })) as Stage<I, S, O>;
}

/** Each name once and in one order, so that the order of a declaration does not enter the key. */
function namesOf(field: "env" | "programs", names: readonly string[] | undefined) {
  return names === undefined || names.length === 0
    ? {}
    : { [field]: Object.freeze([...new Set(names)].sort()) };
}

/** The outputs of a node as artifacts, by name. */
export function outputsOf<O extends OutputKinds>(
  node: Node,
): { readonly [N in keyof O]: Artifact<O[N]> } {
  const artifacts: Record<string, Artifact> = {};
  for (const output in node.outputs) {
    artifacts[output] = Object.freeze({ node, output, kind: node.outputs[output] });
  }
  return Object.freeze(artifacts) as { readonly [N in keyof O]: Artifact<O[N]> };
}

/** True for values made by applying a stage or `npmPackage`. */
export function isArtifact(value: unknown): value is Artifact {
  if (typeof value !== "object" || value === null) return false;
  const { node, kind } = value as Partial<Artifact>;
  return "output" in value && isObject(node) && isObject(node.work) && isObject(kind);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** Names become file names of inputs and outputs, so they stay plain. */
export const namePattern = /^[a-zA-Z][a-zA-Z0-9_]*$/;

/** With an extension of usual length, what every file system takes. */
const LONGEST_NAME = 100;

function checkDeclaration<I extends InputKinds, S extends z.ZodType, O extends OutputKinds>(
  d: StageDeclaration<I, S, O>,
): void {
  const wrong = (message: string, mend: string) => {
    throw new Failed({
      code: "stage-declaration",
      message,
      where: `stage ${JSON.stringify(d.name)}`,
      mend,
    });
  };
  if (!/^[a-z][a-z0-9_]*$/.test(d.name)) {
    wrong("the name is not in snake_case", "Use lower-case letters, digits and underscores.");
  }
  for (const name of [...Object.keys(d.inputs), ...Object.keys(d.outputs)]) {
    if (!namePattern.test(name)) {
      wrong(
        `the input or output name ${JSON.stringify(name)} is not usable`,
        "Use letters, digits and underscores, starting with a letter.",
      );
    }
  }
  for (const kinds of [d.inputs, d.outputs]) {
    const folded = new Map<string, string>();
    for (const name of Object.keys(kinds)) {
      const other = folded.get(name.toLowerCase());
      if (other !== undefined) {
        wrong(
          `the names "${other}" and "${name}" differ only in case`,
          "Rename one: where file names are folded, both would be one file.",
        );
      }
      folded.set(name.toLowerCase(), name);
      if (name.length > LONGEST_NAME) {
        wrong(
          `the name "${name.slice(0, 20)}…" has ${name.length} characters`,
          `Use at most ${LONGEST_NAME}: it becomes a file name.`,
        );
      }
    }
  }
  if (Object.keys(d.outputs).length === 0) {
    wrong("it declares no outputs", "A stage exists for its outputs: declare at least one.");
  }
  for (const name of d.env ?? []) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      wrong(
        `env has ${JSON.stringify(name)}, which is not the name of a variable`,
        "List each variable by its whole name; patterns are not understood.",
      );
    }
  }
  for (const name of d.programs ?? []) {
    // A comma would end the path in the flag that permits it.
    if (!/^(\/[^,]*)?[^/,\s-][^/,]*$/.test(name)) {
      wrong(
        `programs has ${JSON.stringify(name)}, which is neither a name nor an absolute path`,
        'Write "gzip" for a program on PATH, or its absolute path.',
      );
    }
  }
  if (!(d.implementation instanceof URL) || d.implementation.protocol !== "file:") {
    wrong(
      "the implementation is not a local file",
      'Write implementation: new URL("./…_run.ts", import.meta.url).',
    );
  }
}

/** Ids are shown in terminals, stand in lines of logs, and travel as JSON. */
function checkId(stageName: string, id: string): void {
  if (!/\p{Cc}/u.test(id) && id.isWellFormed()) return;
  throw new Failed({
    code: "stage-declaration",
    message: `the id ${JSON.stringify(id)} has control characters or is not well-formed Unicode`,
    where: `stage ${stageName}`,
    mend: "Make it of letters, digits and punctuation.",
  });
}

function parseParams<S extends z.ZodType>(
  d: StageDeclaration<InputKinds, S, OutputKinds>,
  id: string,
  given: unknown,
): z.output<S> {
  const where = nodeName(d.name, id);
  const parsed = parseStrictly(d.params, given);
  if (parsed.problems !== null) {
    const lines = parsed.problems.map((problem) => `params.${formatProblem(problem)}`);
    throw new Failed({
      code: "stage-params",
      message: lines.length === 1 ? lines[0] : `\n  ${lines.join("\n  ")}`,
      where,
      mend: "Correct the parameters where the pipeline applies the stage, or its configuration.",
    });
  }
  try {
    // Frozen: the key made from them must stay true until the stage runs.
    return frozen(parsed.value);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new Failed({
      code: "stage-params",
      message: `params: ${error.message}`,
      where,
      mend: "Parameters are part of the node's key and travel as JSON.",
    }, { cause: error });
  }
}

function checkInputs(
  id: string,
  declared: Readonly<Record<string, Kind | Many>>,
  given: Readonly<Record<string, unknown>>,
): void {
  const wrong = (message: string, mend?: string) => {
    throw new Failed({ code: "stage-inputs", message, where: `node ${JSON.stringify(id)}`, mend });
  };
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(declared, name)) {
      wrong(`unknown input "${name}"${didYouMean(name, Object.keys(declared))}`);
    }
  }
  for (const [name, kind] of Object.entries(declared)) {
    const value = given[name];
    const one = isMany(kind) ? kind.many : kind;
    if (isMany(kind) && isFanOut(value)) continue;
    if (isMany(kind) !== Array.isArray(value)) {
      const expected = isMany(kind) ? "a list of artifacts" : "one artifact";
      wrong(`input "${name}" expects ${expected}, received ${describeValue(value)}`);
    }
    for (const artifact of isMany(kind) ? value as unknown[] : [value]) {
      if (isMany(kind) && isFanOut(artifact)) continue;
      if (!isArtifact(artifact)) {
        wrong(
          `input "${name}" expects ${describeKind(one)}, received ${describeValue(artifact)}`,
          "Pass an output of another stage, e.g. `inputs: { data: prepared.data }`.",
        );
      } else if (!isSameKind(artifact.kind, one)) {
        wrong(
          `input "${name}" expects ${describeKind(one)}, received ${describeKind(artifact.kind)} ` +
            `(output "${artifact.output}" of ${artifact.node.id})`,
        );
      }
    }
  }
}

function describeValue(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (isArtifact(value)) return describeKind(value.kind);
  if (isFanOut(value)) return "a fan-out, which has any number of artifacts";
  if (typeof value === "object") {
    return Object.values(value).some(isArtifact)
      ? `all outputs of a stage (${Object.keys(value).join(", ")})`
      : "an object";
  }
  return `a ${typeof value}`;
}

function resourcesOf<S extends z.ZodType>(
  d: StageDeclaration<InputKinds, S, OutputKinds>,
  id: string,
  params: z.output<S>,
): Pick<Node, "cores" | "resources" | "retries" | "timeout"> {
  const { resources, retries, timeout } = d;
  const wrong = (name: string, value: unknown, expected: string): never => {
    throw new Failed({
      code: "stage-declaration",
      message: `${name} is ${value}, expected ${expected}`,
      where: nodeName(d.name, id),
    });
  };
  if (retries !== undefined && !(Number.isInteger(retries) && retries >= 0)) {
    wrong("retries", retries, "an integer of at least 0");
  }
  if (timeout !== undefined && !(timeout > 0)) wrong("timeout", timeout, "seconds above 0");
  const rest = { ...retries ? { retries } : {}, ...timeout ? { timeout } : {} };
  if (resources === undefined) return { cores: 1, ...rest };
  const given = (attempt: number) => {
    if (typeof resources !== "function") return resources;
    let r: Resources;
    try {
      r = resources(params, attempt);
    } catch (error) {
      const message = `resources throws ${inWords(error)} for attempt ${attempt}`;
      const where = nodeName(d.name, id);
      throw new Failed({ code: "stage-declaration", message, where }, { cause: error });
    }
    return isObject(r) ? r : wrong("resources", r, "an object such as { cores: 2 }");
  };
  const of = (attempt: number) => {
    const r = given(attempt);
    const { cores = 1, memory = 0, slots = {} } = r;
    if (!Number.isInteger(cores) || cores < 1) {
      wrong("resources.cores", cores, "an integer of at least 1");
    }
    if (!(memory >= 0 && memory < Infinity)) wrong("resources.memory", memory, "MiB, 0 or more");
    for (const [name, n] of Object.entries(slots)) {
      if (Number.isInteger(n) && n >= 0) continue;
      wrong(`resources.slots.${name}`, n, "an integer of at least 0");
    }
    return r;
  };
  return { cores: of(1).cores ?? 1, resources: of, ...rest };
}

function nodeName(stageName: string, id: string): string {
  return id === stageName ? `stage ${stageName}` : `stage ${stageName}, node ${id}`;
}
