/** Declares the stage that makes a benchmark's task from the user's files. */

import { z } from "zod";
import { json, many } from "../../../pipeline/declare/artifact.ts";
import { stage } from "../../../pipeline/declare/stage.ts";
import { benchmarkTaskKind, type TaskAbout, userFileKind } from "./kinds.ts";
import { benchmarkName, textLengths, vocabulary } from "./schema.ts";

export const prepareTask = stage({
  name: "prepare_task",
  describe: "a benchmark's texts as tokens, from the user's files",
  implementation: new URL("./prepare_task_run.ts", import.meta.url),
  inputs: { tokenizer: userFileKind, train: userFileKind, development: many(userFileKind) },
  params: z.strictObject({
    task: benchmarkName,
    names: z.strictObject({ train: z.string(), development: z.array(z.string()) }),
    ...vocabulary.shape,
    ...textLengths.shape,
  }),
  outputs: { task: benchmarkTaskKind, about: json<TaskAbout>() },
});
