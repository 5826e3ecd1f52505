/** The user's files as nodes: which there must be, and where. */

import { GLUE_TASKS, type GlueTask } from "../../../methods/text/glue/tasks.ts";
import { localFile } from "../../../pipeline/declare/local_data.ts";
import type { Artifact } from "../../../pipeline/types.ts";
import { userFileKind } from "./kinds.ts";
import { type BenchmarkName, isGlue, type UserFiles } from "./schema.ts";

type UserFile = Artifact<typeof userFileKind>;

/** A file, with its name as messages tell it. */
export interface NamedFile {
  readonly name: string;
  readonly file: UserFile;
}

const PAGE =
  "methods/docs/your_encoder.md says where files come from and how to name other folders.";

/** Folders of the benchmark's own archives. */
const GLUE_FOLDERS: Readonly<Record<string, string>> = {
  cola: "CoLA",
  sst2: "SST-2",
  mrpc: "MRPC",
  stsb: "STS-B",
  qqp: "QQP",
  mnli: "MNLI",
  qnli: "QNLI",
  rte: "RTE",
};

const SQUAD_VERSIONS = { squad_v1: "1.1", squad_v2: "2.0" } as const;
const SQUAD_FOLDERS = { squad_v1: "squad", squad_v2: "squad_v2" } as const;

/** As the hub names a file that is not cut into several. */
const hubName = (part: string) => `${part}-00000-of-00001.parquet`;

function userFile(what: string, folder: string, name: string): NamedFile {
  const path = `${folder.replace(/(?<=.)\/+$/, "")}/${name}`;
  return {
    name,
    file: localFile({
      name: `${what}.${name.replaceAll(/[^\w.-]/g, ".")}`,
      path,
      kind: userFileKind,
      hint: PAGE,
    })
      .file,
  };
}

/** Sizes, weights and vocabulary of the model. */
export function modelFiles({ model: { folder, weights, tokenizer } }: UserFiles) {
  const of = (name: string) => userFile("model", folder, name);
  return { config: of("config.json"), weights: of(weights), tokenizer: of(tokenizer) };
}

/** Names of a task's files, inside the folder of the benchmark. */
export function taskFileNames(
  task: BenchmarkName,
  { glue, squad }: Pick<UserFiles, "glue" | "squad">,
): { folder: string; train: string; development: readonly string[] } {
  if (isGlue(task)) {
    const { development }: GlueTask = GLUE_TASKS[task], { folder, format } = glue;
    if (format === "tsv") {
      const at = (name: string) => `${GLUE_FOLDERS[task]}/${name}.tsv`;
      return { folder, train: at("train"), development: development.map(({ tsv }) => at(tsv)) };
    }
    const at = (part: string) => `${task}/${hubName(part)}`;
    return { folder, train: at("train"), development: development.map((d) => at(d.parquet)) };
  }
  const at = squad.format === "json"
    ? (part: string) => `${part}-v${SQUAD_VERSIONS[task]}.json`
    : (part: string) => `${SQUAD_FOLDERS[task]}/${hubName(part === "dev" ? "validation" : part)}`;
  return { folder: squad.folder, train: at("train"), development: [at("dev")] };
}

/** The files of a task. */
export function taskFiles(
  task: BenchmarkName,
  files: UserFiles,
): { train: NamedFile; development: NamedFile[] } {
  const { folder, train, development } = taskFileNames(task, files);
  const of = (name: string) => userFile(isGlue(task) ? "glue" : "squad", folder, name);
  return { train: of(train), development: development.map(of) };
}
