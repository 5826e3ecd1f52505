/** `artifacts/<paper>.lock.yaml`: what runs are expected to come to, by preset and provider class. */

// @ts-types="../std.d.ts"
import { parse, stringify, YamlSyntaxError } from "@std/yaml";
import { z } from "zod";
import { Failed } from "../failure.ts";
import { formatProblem, parseStrictly } from "../declare/schema.ts";
import { locate } from "../declare/yaml_position.ts";

const digest = z.string().regex(/^[0-9a-f]{64}$/, "Expected a SHA-256 in hexadecimal");
const digests = z.record(z.string(), digest);
/** Null stands for an infinity. */
const measure = z.number().nullable();
const tolerance = z.number().nonnegative();

const entrySchema = z.object({
  /** When the last of the nodes finished, ISO 8601. */
  date: z.string(),
  /** Summed over the nodes, when they ran. */
  seconds: z.number().nonnegative(),
  /** As in the keys of the nodes, without the provider; values that vary are joined by "and". */
  environment: z.record(z.string(), z.string()),
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
  /** Numbers of the kept JSON artifacts, by path; some with a tolerance of their own. */
  metrics: z.record(z.string(), z.union([z.number(), z.object({ value: z.number(), tolerance })]))
    .default({}),
  /** Stage → digest over the outputs of all its nodes, where it depends on the provider. */
  bytes: digests,
  /** Digests of the final artifacts: verdicts, report and the kept ones. */
  artifacts: digests,
});

const presetSchema = z.object({
  /** How far a number may be off, relative to its size. */
  tolerance: tolerance.default(0.05),
  /** Stage → digest over the outputs of all its nodes, for stages whose bytes are the same on every machine. */
  everywhere: digests.default({}),
  /** By provider class, such as `cpu-avx512`. */
  providers: z.record(z.string(), entrySchema),
});

/** Raise `version` when a field changes its meaning. */
const fileSchema = z.object({
  version: z.literal(1),
  presets: z.record(z.string(), presetSchema),
});

/** What a preset came to on one provider class. */
export type Entry = z.output<typeof entrySchema>;
/** What a preset came to. */
export type PresetLock = z.output<typeof presetSchema>;
/** By preset. */
export type Presets = Readonly<Record<string, PresetLock>>;

const HEADER =
  "# Expected results. Written by `deno task reproduce <paper> --update-lock`, checked " +
  "with --frozen.\n# Only `tolerance` is meant to be edited; other comments are lost.\n";

/** The text of the file: sorted, so that only what changed is in a diff, and as `deno fmt` has it. */
export function lockText(presets: Presets): string {
  const value = {
    version: 1,
    presets: sorted(mapped(presets, ({ tolerance, everywhere, providers }) => ({
      tolerance,
      everywhere: sorted(everywhere),
      providers: sorted(mapped(providers, (entry) => ({
        date: entry.date,
        seconds: entry.seconds,
        environment: sorted(entry.environment),
        verdicts: sorted(entry.verdicts),
        metrics: sorted(entry.metrics),
        bytes: sorted(entry.bytes),
        artifacts: sorted(entry.artifacts),
      }))),
    }))),
  };
  const text = stringify(value, { schema: "core", lineWidth: -1, quoteStyle: '"' });
  return HEADER + text
    .replace(/^( *interval:)\n +- (\S+)\n +- (\S+)$/gm, "$1 [$2, $3]")
    // Quoted for the sake of YAML 1.1, where they were booleans.
    .replace(/^( *)'(\w+)':/gm, "$1$2:")
    .replace(/(\d)\.e([+-])/g, "$1e$2");
}

/**
 * The presets in the text of a file.
 * @param name How messages call the file.
 * @throws {Failed} `lock-invalid`, with line and column.
 */
export function parseLock(text: string, name: string): Presets {
  const mend = "Mend it, or write it anew: delete it and use --update-lock.";
  const fail = (line: number, column: number, message: string): Failed =>
    new Failed({ code: "lock-invalid", message, where: `${name}:${line}:${column}`, mend });
  let value: unknown;
  try {
    value = parse(text, { schema: "core" });
  } catch (error) {
    if (!(error instanceof YamlSyntaxError)) throw error;
    const message = error.message.replace(/ at line \d+, column \d+:[^]*$/, "");
    throw fail(error.line, error.column, `not valid YAML: ${message}`);
  }
  const parsed = parseStrictly(fileSchema, value);
  if (parsed.problems === null) return parsed.value.presets;
  const [problem] = parsed.problems;
  let at = null;
  for (let length = problem.path.length; at === null && length >= 0; length--) {
    at = locate(text, problem.path.slice(0, length));
  }
  throw fail(at?.line ?? 1, at?.column ?? 1, formatProblem(problem));
}

function sorted<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.keys(record).sort().map((name) => [name, record[name]]));
}

/** The record with each value replaced. */
export function mapped<T, U>(
  record: Readonly<Record<string, T>>,
  f: (value: T) => U,
): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, f(value)]));
}
