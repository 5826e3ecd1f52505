/** The nodes that read the user's files. */

import type { BenchmarkName, UserFiles } from "./schema.ts";
import { checkModel } from "./check_model.ts";
import { prepareTask } from "./prepare_task.ts";
import { modelFiles, taskFiles } from "./user_files.ts";

/**
 * @param lengths of each task's texts.
 * @returns the tasks in the order given, and the files of the model.
 */
export function benchmarkData(
  files: UserFiles,
  tasks: readonly BenchmarkName[],
  lengths: (task: BenchmarkName) => { tokens: number; stride?: number },
) {
  const model = modelFiles(files);
  const prepared = tasks.map((task) => {
    const { train, development } = taskFiles(task, files);
    return prepareTask({
      id: task,
      inputs: {
        tokenizer: model.tokenizer.file,
        train: train.file,
        development: development.map(({ file }) => file),
      },
      params: {
        task,
        names: {
          train: train.name,
          development: development.map(({ name }) => name),
        },
        tokenizer: files.model.tokenizer,
        lowercase: files.model.lowercase,
        ...lengths(task),
      },
    });
  });
  const { config, weights } = model;
  const inputs = { config: config.file, weights: weights.file };
  const { about } = checkModel({ inputs, params: { weights: weights.name } });
  return {
    tasks: prepared.map(({ task }) => task),
    tasksAbout: prepared.map(({ about }) => about),
    model: { ...inputs, name: weights.name, about },
  };
}
