/** Kinds of the artifacts of text, and how the stages that take them read them. */

import { decodeEncoder, type Encoder, withVocabulary } from "../../../methods/nn/mod.ts";
import { decodeTextTask, type TextTask } from "../../../methods/text/text_task.ts";
import { file } from "../../../pipeline/declare/artifact.ts";
import type { FileReader } from "../../../pipeline/types.ts";

/** Texts of a task as arrays; see methods/text/text_task.ts. */
export const textTaskKind = file("text-task", ".safetensors");
/** A pre-trained encoder; see methods/nn/encoder_file.ts. */
export const encoderKind = file("encoder", ".safetensors");

/** A task, and the encoder with the embeddings of the task's vocabulary. */
export async function readTextTask(
  inputs: { readonly task: FileReader; readonly encoder: FileReader },
): Promise<{ task: TextTask; encoder: Encoder }> {
  const task = decodeTextTask(await inputs.task.bytes());
  const encoder = decodeEncoder(await inputs.encoder.bytes());
  return { task, encoder: withVocabulary(encoder, task.vocabulary) };
}
