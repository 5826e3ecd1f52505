/** The numbers that the paper prints, read from published.yaml. */

// @ts-types="../../pipeline/std.d.ts"
import { parse } from "@std/yaml";
import { z } from "zod";
import { MODELS } from "../../methods/panda/populations.ts";
import { METHODS } from "../../methods/panda/replicate.ts";
import text from "./published.yaml" with { type: "text" };

/** What cells print. */
export const METRICS = ["risk", "l2", "tp", "precision", "auc"] as const;
export type Metric = typeof METRICS[number];

const meanAndSd = { mean: z.number(), sd: z.number().nullable() };

/** The whole file. */
export const publishedSchema = z.strictObject({
  replicates: z.int().describe("behind each printed mean"),
  not_matchable: z.partialRecord(z.enum(MODELS), z.string()).describe("reasons, by model"),
  others: z.array(z.strictObject({
    table: z.int(),
    title: z.string(),
    values: z.array(z.strictObject({ c: z.number(), ...meanAndSd })),
  })),
  not_attempted: z.array(z.strictObject({
    table: z.int(),
    printed: z.string(),
    because: z.string(),
  })),
  cells: z.array(z.strictObject({
    table: z.int(),
    metric: z.enum(METRICS),
    model: z.enum(MODELS),
    p: z.int(),
    s: z.int(),
    n: z.int(),
    method: z.enum(METHODS),
    ...meanAndSd,
    note: z.string().optional(),
  })),
});
export type Published = z.output<typeof publishedSchema>;
export type PublishedCell = Published["cells"][number];

/** @throws ZodError for a file that does not follow the schema. */
export function loadPublished(): Published {
  return publishedSchema.parse(parse(text));
}
