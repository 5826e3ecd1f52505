/** Declares the pipeline of one paper: its configuration and the artifacts that a preset asks for. */

import type { z } from "zod";
import type { JsonKind } from "./artifact.ts";
import { Failed } from "../failure.ts";
import { fanOutsMade } from "./fan_out.ts";
import { inWords, placeOf } from "./place.ts";
import { isArtifact, namePattern } from "./stage.ts";
import type { Artifact, MeasurementTable, ReportSection, Verdict } from "../types.ts";

/**
 * What a pipeline promises, at least one artifact; everything that these need is part of the DAG,
 * nothing else is.
 */
export interface Targets {
  /** Verdicts on the claims of a paper. */
  readonly verdicts?: Artifact<JsonKind<Verdict[]>>;
  /** The paper's own sections of the report. */
  readonly report?: Artifact<JsonKind<ReportSection[]>>;
  /**
   * Tables that the run prints after its verdicts and the report shows after its sections. Their stage
   * may write what no two runs write alike, such as how long something took: its bytes are compared
   * with nothing, and so no other stage may read what it writes.
   */
  readonly measurements?: Artifact<JsonKind<MeasurementTable[]>>;
  /** Further artifacts, by name; `reproduce` puts them into `artifacts/results/`. */
  readonly keep?: Readonly<Record<string, Artifact>>;
}

/** What a paper declares. */
export interface PipelineDeclaration<S extends z.ZodType> {
  /** Name of the paper's folder in `stages/`. */
  readonly name: string;
  readonly title: string;
  readonly citation: string;
  /** What is reproduced, in a sentence or two. */
  readonly summary: string;
  /** Schema of one preset in `config.yaml`. */
  readonly config: S;
  /** Applies the stages. Pure: the same configuration gives the same DAG. */
  build(a: { readonly config: z.output<S>; readonly preset: string }): Targets;
}

/** The pipeline of one paper. Made by `pipeline()`. */
export interface Pipeline<S extends z.ZodType = z.ZodType> extends PipelineDeclaration<S> {
  readonly kind: "pipeline";
}

/**
 * Declares the pipeline of one paper; `stages/<name>/pipeline.ts` exports it as default.
 *
 * @throws {Failed} `pipeline-declaration` when the name cannot be a folder's; `build` throws it when
 * it does not return verdicts and a report.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { json, pipeline, stage } from "../mod.ts";
 * import { z } from "zod";
 *
 * const count = stage({
 *   name: "count",
 *   describe: "Counts to n",
 *   implementation: new URL("file:///stages/count/count.ts"),
 *   inputs: {},
 *   params: z.object({ n: z.int() }),
 *   outputs: { numbers: json<number[]>() },
 * });
 * const paper = pipeline({
 *   name: "count",
 *   title: "Counting",
 *   citation: "Folklore",
 *   summary: "Can we count?",
 *   config: z.object({ n: z.int() }),
 *   build: ({ config }) => ({
 *     keep: { numbers: count({ inputs: {}, params: { n: config.n } }).numbers },
 *   }),
 * });
 * const targets = paper.build({ config: { n: 3 }, preset: "small" });
 * assert.deepEqual(targets.keep?.numbers.node.params, { n: 3 });
 * ```
 */
export function pipeline<S extends z.ZodType>(declaration: PipelineDeclaration<S>): Pipeline<S> {
  const where = `pipeline ${JSON.stringify(declaration.name)}`;
  if (!/^[a-z][a-z0-9_]*$/.test(declaration.name)) {
    throw new Failed({
      code: "pipeline-declaration",
      message: "the name is not in snake_case",
      where,
      mend: "Name it as its folder in stages/: lower-case letters, digits and underscores.",
    });
  }
  let last: { config: unknown; preset: string; targets: Targets } | null = null;
  return Object.freeze<Pipeline<S>>({
    ...declaration,
    kind: "pipeline",
    build(a) {
      // The same configuration gives the same DAG, so planning and running share one.
      if (last !== null && last.config === a.config && last.preset === a.preset) {
        return last.targets;
      }
      const before = fanOutsMade();
      const targets = targetsOf(() => declaration.build(a), where);
      const mend =
        "Return artifacts: { verdicts, report, measurements, keep: { name: artifact } }.";
      const named = Object.entries(targetsByName(targets));
      if (named.length === 0) {
        const message = "build returns no artifact, so there is nothing to make";
        throw new Failed({ code: "pipeline-declaration", message, where, mend });
      }
      const bad = Object.keys(targets.keep ?? {}).find((name) => !namePattern.test(name));
      if (bad !== undefined) {
        const message = `the name ${JSON.stringify(bad)} is not usable for a kept artifact`;
        const mend = "Use letters, digits and underscores: it becomes a file name.";
        throw new Failed({ code: "pipeline-declaration", message, where, mend });
      }
      const [other, twin] = sameFile(Object.keys(targets.keep ?? {}));
      if (twin !== undefined) {
        const message = `the kept artifacts "${other}" and "${twin}" differ only in case`;
        const mend = "Rename one: where file names are folded, both would be one file.";
        throw new Failed({ code: "pipeline-declaration", message, where, mend });
      }
      for (const [name, target] of named) {
        if (isArtifact(target)) continue;
        const what = target === undefined
          ? "no"
          : isList(target)
          ? "what each() makes as"
          : "something else as";
        const instead = isList(target)
          ? "Give it to a stage whose input is many(kind), and return what that stage writes."
          : mend;
        const message = `build returns ${what} "${name}"`;
        throw new Failed({ code: "pipeline-declaration", message, where, mend: instead });
      }
      // What a fan-out is depends on the store, so that each plan needs its own.
      if (fanOutsMade() === before) last = { config: a.config, preset: a.preset, targets };
      return targets;
    },
  });
}

/** The first two names that differ only in case; empty when there are none. */
function sameFile(names: readonly string[]): readonly string[] {
  const folded = new Map<string, string>();
  for (const name of names) {
    const other = folded.get(name.toLowerCase());
    if (other !== undefined) return [other, name];
    folded.set(name.toLowerCase(), name);
  }
  return [];
}

/** What `build` returns. @throws {Failed} What it throws, with the place in the project. */
function targetsOf(build: () => Targets, where: string): Targets {
  const wrong = (message: string, place: string, mend?: string, cause?: unknown) =>
    new Failed({ code: "pipeline-declaration", message, where: place, mend }, { cause });
  let targets: Targets;
  try {
    targets = build();
  } catch (error) {
    if (error instanceof Failed) throw error;
    const place = error instanceof Error ? placeOf(error) : null;
    throw wrong(`build throws ${inWords(error)}`, place ?? where, "Correct it there.", error);
  }
  if (targets instanceof Promise) {
    // Nobody waits for it.
    targets.catch(() => {});
    const mend = "Remove async; what must be awaited belongs into a stage.";
    throw wrong("build returns a promise instead of artifacts", where, mend);
  }
  if (typeof targets === "object" || targets === undefined) return targets;
  throw wrong(`build returns a ${typeof targets} instead of artifacts`, where);
}

/** The targets of a pipeline by name, `keep.<name>` for the kept ones, in a fixed order. */
export function targetsByName(targets: Targets): Record<string, Artifact> {
  const named: Record<string, Artifact> = {};
  for (const name of ["verdicts", "report", "measurements"] as const) {
    const artifact = targets?.[name];
    // Present but undefined is a mistake, e.g. a misspelt output, which is told.
    if (targets !== undefined && targets !== null && name in targets) named[name] = artifact!;
  }
  for (const [name, artifact] of Object.entries(targets?.keep ?? {})) {
    named[`keep.${name}`] = artifact;
  }
  return named;
}

/** What `each()` returns: any number of artifacts. */
function isList(value: unknown): boolean {
  return typeof value === "object" && value !== null && "fan" in value;
}

/** Tells pipelines from other values, e.g. from whatever a paper's module exports. */
export function isPipeline(value: unknown): value is Pipeline {
  return typeof value === "object" && value !== null && "kind" in value &&
    value.kind === "pipeline" && "build" in value;
}
