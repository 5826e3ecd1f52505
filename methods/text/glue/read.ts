/** Reads a file of GLUE: the benchmark's TSV, or Parquet as the hub serves it. */

import { parquetMetadata, parquetReadObjects } from "hyparquet";
import { textOf, UserFileError } from "../user_file.ts";
import { GLUE_TASKS, type GlueTask, type GlueTaskName } from "./tasks.ts";

/** A text or a pair of texts with its label: a class, or a score. */
export interface GlueExample {
  readonly texts: readonly string[];
  readonly label: number;
}

/** What a file holds. */
export interface GlueFile {
  readonly examples: GlueExample[];
  /** Lines that were left out because cells are missing; the benchmark's own QQP has some. */
  readonly skipped: number;
}

/** Share of incomplete lines above which a file is refused; one is always let pass. */
const MOST_INCOMPLETE = 1e-3;

/**
 * @param name of the file, with its extension `.tsv` or `.parquet`.
 * @throws UserFileError with file, line and column of what is wrong.
 */
export async function readGlue(
  task: GlueTaskName,
  name: string,
  bytes: Uint8Array,
): Promise<GlueFile> {
  if (name.endsWith(".tsv")) return readTsv(GLUE_TASKS[task], name, textOf(bytes, name));
  if (name.endsWith(".parquet")) return await readParquet(GLUE_TASKS[task], name, bytes);
  throw new UserFileError({ file: name }, "a file of another kind", "a name in .tsv or .parquet");
}

function classOf(classes: readonly string[], text: string, place: UserFileError["place"]): number {
  const found = classes.indexOf(text);
  if (found < 0) {
    throw new UserFileError(place, JSON.stringify(text), `one of ${classes.join(", ")}`);
  }
  return found;
}

function scoreOf(value: number, shown: unknown, place: UserFileError["place"]): number {
  if (!(value >= 0 && value <= 5)) {
    throw new UserFileError(place, String(JSON.stringify(shown)), "a score from 0 to 5");
  }
  return value;
}

/** Cells are not quoted: a quotation mark is text. */
function readTsv(task: GlueTask, file: string, text: string): GlueFile {
  const lines = text.split("\n").map((line) => line.replace(/\r$/, ""));
  const names = task.unnamed ?? lines[0].split("\t");
  const column = (wanted: string): number => {
    const at = names.indexOf(wanted);
    if (at < 0) {
      const found = `the columns ${names.map((n) => JSON.stringify(n)).join(", ")}`;
      throw new UserFileError({ file, line: 1 }, found, `a column "${wanted}", between tabs`);
    }
    return at;
  };
  const texts = task.tsv.map(column), label = column(task.label);
  const last = Math.max(...texts, label);
  const examples: GlueExample[] = [], incomplete: number[] = [];
  for (let i = task.unnamed ? 0 : 1; i < lines.length; i++) {
    if (lines[i] === "") continue;
    const cells = lines[i].split("\t");
    if (cells.length <= last || cells[label] === "") {
      incomplete.push(i + 1);
      continue;
    }
    const place = { file, line: i + 1, column: task.label };
    examples.push({
      texts: texts.map((at) => cells[at]),
      label: task.classes
        ? classOf(task.classes, cells[label], place)
        : scoreOf(Number(cells[label]), cells[label], place),
    });
  }
  if (incomplete.length > Math.max(1, MOST_INCOMPLETE * examples.length)) {
    const found = `${incomplete.length} lines with too few cells, this one first`;
    throw new UserFileError({ file, line: incomplete[0] }, found, `${last + 1} cells between tabs`);
  }
  if (examples.length === 0) throw new UserFileError({ file }, "no example", "one on each line");
  return { examples, skipped: incomplete.length };
}

async function readParquet(task: GlueTask, file: string, bytes: Uint8Array): Promise<GlueFile> {
  const buffer = new Uint8Array(bytes).buffer, columns = [...task.parquet, "label"];
  let rows: Record<string, unknown>[];
  try {
    const names = parquetMetadata(buffer).schema.map(({ name }) => name);
    const missing = columns.find((column) => !names.includes(column));
    if (missing !== undefined) {
      const found = `the columns ${names.slice(1).map((n) => JSON.stringify(n)).join(", ")}`;
      throw new UserFileError({ file }, found, `a column "${missing}"`);
    }
    rows = await parquetReadObjects({ file: buffer, columns });
  } catch (error) {
    if (error instanceof UserFileError) throw error;
    const expected = "a whole Parquet file, plain or compressed by Snappy";
    throw new UserFileError({ file }, (error as Error).message, expected);
  }
  const examples = rows.map((row, i) => {
    const texts = task.parquet.map((column) => {
      const text = row[column];
      if (typeof text === "string") return text;
      throw new UserFileError({ file, line: i + 1, column }, `${text}`, "text");
    });
    const place = { file, line: i + 1, column: "label" };
    const label = Number(row.label ?? NaN);
    if (!task.classes) return { texts, label: scoreOf(label, label, place) };
    if (Number.isInteger(label) && label >= 0 && label < task.classes.length) {
      return { texts, label };
    }
    const expected = `a class from 0 to ${task.classes.length - 1}`;
    throw new UserFileError(place, `${row.label}`, expected);
  });
  if (examples.length === 0) throw new UserFileError({ file }, "no example", "one in each row");
  return { examples, skipped: 0 };
}
