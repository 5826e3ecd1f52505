/** Results worth keeping in git: `artifacts/<paper>.lock.json` holds, by preset, what a run came to. */

import { z } from "zod";
import { digestOf } from "../canonical.ts";
import { targetsByName } from "../pipeline.ts";
import { replaceFile } from "../report/report_file.ts";
import type { RunResult } from "../run.ts";
import { formatProblem, parseStrictly } from "../schema.ts";
import type { StageRecord } from "../types.ts";
import type { Io } from "./command.ts";
import { compare, type Comparison } from "./comparison.ts";
import type { Session } from "./session.ts";

const digest = z.string().regex(/^[0-9a-f]{64}$/, "Expected a SHA-256 in hexadecimal");
/** JSON has no infinity: null stands for it. */
const measure = z.number().nullable();

const entrySchema = z.object({
  provider: z.enum(["cpu", "cuda", "webgpu", "wasm"]),
  /** As in the keys of the nodes, without the provider; values that vary are joined by "and". */
  environment: z.record(z.string(), z.string()),
  /** When the last of the nodes finished, ISO 8601. */
  date: z.string(),
  /** Summed over the nodes, when they ran. */
  seconds: z.number().nonnegative(),
  /** By claim. */
  verdicts: z.record(
    z.string(),
    z.object({
      verdict: z.enum(["reproduced", "not reproduced", "inconclusive"]),
      effect: measure,
      interval: z.tuple([measure, measure]),
      p: measure,
      n: z.number(),
    }),
  ),
  /** Digests of the final artifacts: verdicts, report and the kept ones. */
  artifacts: z.record(z.string(), digest),
  /** Stage → digest over the outputs of all its nodes. */
  stages: z.record(z.string(), digest),
});

/** What a run came to. */
export type Entry = z.output<typeof entrySchema>;

/** Raise `version` when a field changes its meaning. */
const fileSchema = z.object({
  version: z.literal(1),
  presets: z.record(z.string(), entrySchema),
});

/** The text of the file: sorted, so that only what changed is in a diff, and as `deno fmt` has it. */
export function fileText(presets: Record<string, Entry>): string {
  const entries = mapped(presets, (entry) => ({
    ...entry,
    environment: sorted(entry.environment),
    verdicts: sorted(entry.verdicts),
    artifacts: sorted(entry.artifacts),
    stages: sorted(entry.stages),
  }));
  const text = JSON.stringify({ version: 1, presets: sorted(entries) }, null, 2) + "\n";
  return text.replace(/("interval": \[)\n\s+(\S+)\n\s+(\S+)\n\s+\]/g, "$1$2 $3]");
}

/**
 * The presets in the text of a file.
 * @throws Error whose message says what is wrong with it.
 */
export function parseFile(text: string): Record<string, Entry> {
  const { value, problems } = parseStrictly(fileSchema, JSON.parse(text));
  if (value === null) throw new Error(formatProblem(problems[0]));
  return value.presets;
}

/** What a completed run came to; stages are in the order of the pipeline. */
export function entryOf({ pipeline, preset, config, store }: Session, result: RunResult): Entry {
  const records = result.outcomes.flatMap(({ key }) => (key && store.getRecord(key)) || []);
  const outputs = new Map(result.outcomes.map((o) => [o.id, o.outputs]));
  const stages: Record<string, Record<string, unknown>> = {};
  for (const o of result.outcomes) (stages[o.stage] ??= {})[o.id] = o.outputs;
  const targets = targetsByName(pipeline.build({ config, preset }));
  return {
    provider: result.provider,
    environment: environmentOf(records),
    date: records.map((r) => r.finished).sort().at(-1) ?? "",
    seconds: Math.round(1000 * records.reduce((sum, r) => sum + r.seconds, 0)) / 1000,
    verdicts: Object.fromEntries(
      result.verdicts.map(({ claim, verdict, effect, interval, p, n }) => [
        claim,
        { verdict, effect, interval: [...interval], p, n },
      ]),
    ),
    artifacts: mapped(targets, ({ node, output }) => outputs.get(node.id)![output]),
    stages: mapped(stages, digestOf),
  };
}

function environmentOf(records: readonly StageRecord[]): Record<string, string> {
  const values: Record<string, Set<string>> = {};
  for (const { components } of records) {
    for (const [name, value] of Object.entries(components.environment)) {
      if (name !== "provider") (values[name] ??= new Set()).add(value);
    }
  }
  return mapped(values, (set) => [...set].sort().join(" and "));
}

/** Compares a completed run with the committed result, then saves it when asked. Warns, never fails. */
export async function committedResult(
  session: Session,
  result: RunResult,
  io: Io,
  save: boolean,
): Promise<Comparison> {
  const path = io.place.committedFile(result.paper);
  const file = io.place.show(path);
  const warn = (what: string, why: string) =>
    io.err.write(
      // Messages may quote lines of the file.
      `${io.err.paint.warn("warning")}: ${file} ${what}: ${why.replace(/\s+/g, " ")}\n`,
    );
  const nothing: Comparison = { json: null, lines: [] };
  let presets: Record<string, Entry> = {};
  try {
    presets = parseFile(await Deno.readTextFile(path));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) {
      // Written over, it would lose the other presets.
      const mend = `Mend or delete it; nothing is ${save ? "saved" : "compared"}.`;
      warn("does not hold committed results", `${(error as Error).message}. ${mend}`);
      return nothing;
    }
  }
  const committed = presets[result.preset];
  if (!committed && !save) return nothing;
  const here = entryOf(session, result);
  const comparison = committed ? compare(committed, here, file) : nothing;
  if (!save) return comparison;
  try {
    replaceFile(path, fileText({ ...presets, [result.preset]: here }));
    return { ...comparison, lines: [...comparison.lines, `Saved: ${file}`] };
  } catch (error) {
    warn("is not saved", (error as Error).message);
    return comparison;
  }
}

function sorted<T>(record: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.keys(record).sort().map((name) => [name, record[name]]));
}

function mapped<T, U>(record: Record<string, T>, f: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, f(value)]));
}
