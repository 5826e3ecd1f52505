/** Reads values against zod schemas strictly, and words what is wrong with them. */

import { z } from "zod";
import { didYouMean } from "../failure.ts";
import { formatPath } from "../canonical.ts";

/** One thing that is wrong with a value. */
export interface Problem {
  /** Where in the value; empty for the value itself. */
  readonly path: readonly (string | number)[];
  /** What was expected and what was received. */
  readonly text: string;
  /** True when the field that the path names should not be there. */
  readonly unknown: boolean;
}

/** A parsed value, or everything that is wrong with it. */
export type Parsed<T> =
  | { readonly value: T; readonly problems: null }
  | { readonly value: null; readonly problems: readonly Problem[] };

/**
 * Parses a value: defaults applied, every problem reported, and fields that a schema of
 * `z.object` does not know refused rather than dropped (`z.looseObject` admits them).
 */
export function parseStrictly<S extends z.ZodType>(schema: S, value: unknown): Parsed<z.output<S>> {
  const unknown = unknownKeys(schema, value, []);
  const result = schema.safeParse(value);
  if (result.success && unknown.length === 0) return { value: result.data, problems: null };
  const problems = [...unknown];
  for (const issue of result.error?.issues ?? []) {
    // The walk over the schema has already named these, with the nearest known name.
    if (issue.code === "unrecognized_keys") continue;
    problems.push({
      path: issue.path.map((part) => typeof part === "symbol" ? String(part) : part),
      text: wordIssue(issue, valueAt(value, issue.path)),
      unknown: false,
    });
  }
  if (problems.length === 0) {
    for (const issue of result.error?.issues ?? []) {
      problems.push({ path: [], text: issue.message, unknown: false });
    }
  }
  return { value: null, problems };
}

/** One line: `lr: expected number, received "fast"`. */
export function formatProblem(problem: Problem): string {
  return problem.path.length === 0 ? problem.text : `${formatPath(problem.path)}: ${problem.text}`;
}

/** The part of a value that a path leads to; `undefined` when the path leaves the value. */
export function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let part = value;
  for (const step of path) {
    if (typeof part !== "object" || part === null) return undefined;
    part = (part as Record<PropertyKey, unknown>)[step];
  }
  return part;
}

function wordIssue(issue: z.core.$ZodIssue, received: unknown): string {
  const got = received === undefined ? "nothing" : show(received);
  switch (issue.code) {
    case "invalid_type":
      return `expected ${issue.expected}, received ${got}`;
    case "invalid_value":
      return `expected ${issue.values.map((v) => show(v)).join(" or ")}, received ${got}` +
        (typeof received === "string" ? didYouMean(received, issue.values.map(String)) : "");
    case "invalid_union": {
      const inner = issue.errors.map((issues) => issues.map((i) => i.message).join(" and "));
      const detail = inner.filter((text) => text !== "").join("; or ");
      return `${
        detail === "" ? issue.message : `fits no alternative (${detail})`
      }, received ${got}`;
    }
    default:
      return `${issue.message.replace(/^./, (c) => c.toLowerCase())}, received ${got}`;
  }
}

/** A value as JSON of at most 60 characters. */
function show(value: unknown): string {
  const text = typeof value === "bigint" || typeof value === "function" || typeof value === "symbol"
    ? String(value)
    : typeof value === "number"
    ? String(value)
    : JSON.stringify(value) ?? String(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}

/** Fields of `value` that no object schema along the way declares. */
function unknownKeys(
  schema: unknown,
  value: unknown,
  path: readonly (string | number)[],
): Problem[] {
  if (typeof value !== "object" || value === null) return [];
  if (schema instanceof z.ZodObject) {
    const shape = schema.shape as Record<string, unknown>;
    const catchall = schema.def.catchall;
    const closed = catchall === undefined || catchall instanceof z.ZodNever;
    return Object.entries(value).flatMap(([name, member]): Problem[] => {
      if (Object.hasOwn(shape, name)) return unknownKeys(shape[name], member, [...path, name]);
      if (!closed) return [];
      const known = Object.keys(shape);
      const mend = didYouMean(name, known) || ` (known: ${known.join(", ") || "none"})`;
      return [{ path: [...path, name], text: `unknown field${mend}`, unknown: true }];
    });
  }
  if (schema instanceof z.ZodArray) {
    if (!Array.isArray(value)) return [];
    return value.flatMap((member, i) => unknownKeys(schema.element, member, [...path, i]));
  }
  if (schema instanceof z.ZodRecord) {
    return Object.entries(value).flatMap(([name, member]) =>
      unknownKeys(schema.valueType, member, [...path, name])
    );
  }
  if (schema instanceof z.ZodTuple) {
    if (!Array.isArray(value)) return [];
    return value.flatMap((member, i) => unknownKeys(schema.def.items[i], member, [...path, i]));
  }
  if (schema instanceof z.ZodUnion) {
    // Only an alternative that accepts the value can say which fields it would drop.
    const fitting = schema.options.filter((option) =>
      option instanceof z.ZodType && option.safeParse(value).success
    ).map((option) => unknownKeys(option, value, path));
    return fitting.sort((a, b) => a.length - b.length)[0] ?? [];
  }
  if (schema instanceof z.ZodPipe) return unknownKeys(schema.in, value, path);
  if (
    schema instanceof z.ZodOptional || schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodReadonly || schema instanceof z.ZodCatch ||
    schema instanceof z.ZodNonOptional
  ) {
    return unknownKeys(schema.def.innerType, value, path);
  }
  return [];
}
