/** Reads SQuAD 1.1 and 2.0 (arXiv 1606.05250, 1806.03822): the authors' JSON, or the hub's Parquet. */

import { parquetReadObjects } from "hyparquet";
import { z } from "zod";
import { textOf, UserFileError } from "../user_file.ts";

/** A question on a paragraph. */
export interface Question {
  readonly id: string;
  readonly question: string;
  readonly context: string;
  /** Answers with their first character in the context; none for a question without one. */
  readonly answers: readonly { readonly text: string; readonly start: number }[];
}

const jsonSchema = z.object({
  data: z.array(z.object({
    paragraphs: z.array(z.object({
      context: z.string(),
      qas: z.array(z.object({
        id: z.string(),
        question: z.string(),
        answers: z.array(z.object({ text: z.string(), answer_start: z.int() })),
      })),
    })),
  })),
});
const rowSchema = z.object({
  id: z.string(),
  question: z.string(),
  context: z.string(),
  answers: z.object({ text: z.array(z.string()), answer_start: z.array(z.coerce.number()) }),
});

/** @throws UserFileError naming the file and the place of what is wrong. */
export async function readSquad(name: string, bytes: Uint8Array): Promise<Question[]> {
  const questions = name.endsWith(".parquet")
    ? await fromParquet(name, bytes)
    : fromJson(name, bytes);
  if (questions.length === 0) throw new UserFileError({ file: name }, "no question", "some");
  for (const { id, context, answers } of questions) {
    for (const { text, start } of answers) {
      if (context.slice(start, start + text.length) === text) continue;
      const found = `at character ${start} of the context of ${id} there is no ${
        JSON.stringify(text)
      }`;
      throw new UserFileError(
        { file: name, column: "answers" },
        found,
        "answers that are parts of it",
      );
    }
  }
  return questions;
}

/**
 * Places count characters as Python does; here they count UTF-16 units, which differ behind characters
 * beyond the basic plane.
 */
function placed(context: string, start: number): number {
  let units = 0, characters = 0;
  for (const character of context) {
    if (characters++ === start) break;
    units += character.length;
  }
  return units;
}

function check<T>(schema: z.ZodType<T>, value: unknown, file: string, line?: number): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [{ path, message }] = parsed.error.issues;
  throw new UserFileError({ file, line, column: path.join(".") }, message, "the form of SQuAD");
}

function fromJson(file: string, bytes: Uint8Array): Question[] {
  let value: unknown;
  try {
    value = JSON.parse(textOf(bytes, file));
  } catch (error) {
    if (error instanceof UserFileError) throw error;
    throw new UserFileError({ file }, (error as Error).message, "JSON");
  }
  const { data } = check(jsonSchema, value, file);
  return data.flatMap(({ paragraphs }) =>
    paragraphs.flatMap(({ context, qas }) =>
      qas.map(({ id, question, answers }) => ({
        id,
        question,
        context,
        answers: answers.map(({ text, answer_start }) => ({
          text,
          start: placed(context, answer_start),
        })),
      }))
    )
  );
}

async function fromParquet(file: string, bytes: Uint8Array): Promise<Question[]> {
  let rows: unknown[];
  try {
    rows = await parquetReadObjects({ file: new Uint8Array(bytes).buffer });
  } catch (error) {
    const expected = "a whole Parquet file, plain or compressed by Snappy";
    throw new UserFileError({ file }, (error as Error).message, expected);
  }
  return rows.map((row, i) => {
    const { id, question, context, answers } = check(rowSchema, row, file, i + 1);
    return {
      id,
      question,
      context,
      answers: answers.text.map((text, k) => ({
        text,
        start: placed(context, answers.answer_start[k]),
      })),
    };
  });
}
