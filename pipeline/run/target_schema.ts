/** What verdicts, report sections and measurements must look like: stages are checked when they run, not only by types. */

import { z } from "zod";

/** Infinite ends of intervals travel as null, as JSON has no infinity. */
const number = z.number().nullable();

/** Mirrors `Verdict`. */
export const verdictsSchema = z.array(z.object({
  claim: z.string().min(1),
  statement: z.string(),
  source: z.string(),
  verdict: z.enum(["reproduced", "not reproduced", "inconclusive"]),
  test: z.string(),
  statistic: number,
  p: number,
  effect: number,
  interval: z.tuple([number, number]),
  n: z.int().min(0),
  paper: z.string().nullable(),
  control: z.boolean(),
  explanation: z.string(),
}));

/** Mirrors `ReportSection`. */
export const sectionsSchema = z.array(z.object({
  id: z.string().min(1),
  title: z.string(),
  html: z.string(),
}));

/** Mirrors `MeasurementTable`. */
export const measurementsSchema = z.array(
  z.object({
    title: z.string(),
    columns: z.array(z.string()).min(1),
    rows: z.array(z.array(z.union([z.string(), z.number(), z.null()]))),
    note: z.string(),
  }).refine(({ columns, rows }) => rows.every((row) => row.length === columns.length), {
    path: ["rows"],
    error: "every row must have a cell for each column",
  }),
);
