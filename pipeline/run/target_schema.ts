/** What verdicts and report sections must look like: stages are checked when they run, not only by types. */

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
