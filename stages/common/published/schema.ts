/** Tables as a paper prints them, read from YAML: a file of numbers with the certainty of each table. */

// @ts-types="../../../pipeline/std.d.ts"
import { parse } from "@std/yaml";
import { z } from "zod";

/**
 * Where the numbers of a table were read. There is no word for memory: what nobody has read is not
 * shown as published.
 */
export const CERTAINTIES = {
  text: "read in the paper's text",
  code: "read in the repository that the authors released with the paper",
} as const;

const BLANK = "–";

/** `89.90/90.12 95.63 –`: one cell for each column; the measures of a cell are joined by slashes. */
const cells = z.string().transform((text) =>
  text.split(/\s+/).map((cell) => ({
    /** As printed; its digits are the paper's. */
    printed: cell,
    values: cell === BLANK ? null : cell.split("/").map(Number),
  }))
);

const table = z.strictObject({
  id: z.string().describe("the table's number in the paper, or the place where it stands"),
  title: z.string(),
  certainty: z.enum(["text", "code"]),
  summary: z.string().describe("what a cell sums up: over how many seeds, mean or median"),
  columns: z.array(z.strictObject({
    task: z.string(),
    level: z.string().optional().describe("budget, where columns differ in it"),
  })).min(1),
  rows: z.array(z.strictObject({
    method: z.string(),
    level: z.string().optional().describe("budget, where rows differ in it"),
    values: cells,
  })).min(1),
  notes: z.array(z.string()).default([]).describe("what the numbers contradict or leave open"),
}).superRefine((table, ctx) => {
  table.rows.forEach(({ method, level, values }, i) => {
    const wrong = (message: string) =>
      ctx.addIssue({ code: "custom", path: ["rows", i, "values"], message });
    if (values.length !== table.columns.length) {
      wrong(`${method} ${level ?? ""}: ${values.length} cells for ${table.columns.length} columns`);
    }
    for (const { printed, values: numbers } of values) {
      if (numbers?.some((x) => !Number.isFinite(x))) wrong(`"${printed}" is no number`);
    }
  });
});

/** The whole file. */
export const publishedSchema = z.strictObject({
  tasks: z.record(
    z.string(),
    z.strictObject({
      title: z.string(),
      measures: z.array(z.string()).min(1).describe("of a cell, in the order of its numbers"),
    }),
  ),
  methods: z.record(z.string(), z.string()).describe("titles"),
  tables: z.array(table).min(1),
  unknown: z.array(z.string()).default([]).describe("what the paper prints and we have not read"),
}).superRefine(({ tasks, methods, tables }, ctx) => {
  tables.forEach(({ id, columns, rows }, t) => {
    const wrong = (message: string) =>
      ctx.addIssue({ code: "custom", path: ["tables", t], message: `table ${id}: ${message}` });
    for (const { method, values } of rows) {
      if (!Object.hasOwn(methods, method)) wrong(`no title for the method ${method}`);
      values.forEach(({ printed, values: numbers }, c) => {
        const task = tasks[columns[c]?.task];
        if (task && numbers && numbers.length !== task.measures.length) {
          wrong(`"${printed}" is not ${task.measures.join("/")}`);
        }
      });
    }
    for (const { task } of columns) {
      if (!Object.hasOwn(tasks, task)) wrong(`no title for the task ${task}`);
    }
  });
});

export type Published = z.output<typeof publishedSchema>;
export type PublishedTable = Published["tables"][number];

/** @throws ZodError for a file that does not follow the schema. */
export function parsePublished(text: string): Published {
  return publishedSchema.parse(parse(text));
}
