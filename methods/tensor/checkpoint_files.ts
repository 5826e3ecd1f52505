// Pre-trained weights in one or several safetensors files, as model hubs lay them out.

import type { NdArray } from "./types.ts";
import { decode, SafetensorsError } from "./safetensors.ts";

/** The bytes of a file of the checkpoint, or null where there is no such file. */
export type ReadFile = (name: string) => Promise<Uint8Array | null>;

/** Name of a checkpoint in one file. */
export const SINGLE_FILE = "model.safetensors";

/** Name of the list of files of a checkpoint in several. */
export const INDEX_FILE = "model.safetensors.index.json";

/** Older checkpoints: a program of Python's pickle, which is not run here. */
const PICKLE_FILE = "pytorch_model.bin";
const CONVERT = `convert it once: python -c "import torch, safetensors.torch as s; ` +
  `w = torch.load('${PICKLE_FILE}', map_location='cpu', weights_only=True); ` +
  `s.save_file({k: v.clone().contiguous() for k, v in w.items()}, '${SINGLE_FILE}')"`;

/**
 * All arrays of a checkpoint by name: of `model.safetensors`, else of the files that
 * `model.safetensors.index.json` lists. Half-precision weights are widened to float32.
 *
 * @param read gives the bytes of a file by its name, so that weights may lie anywhere.
 * @throws SafetensorsError naming the file: missing, damaged, or not holding what the index says.
 *
 * @example
 * ```ts
 * import { readCheckpoint } from "./checkpoint_files.ts";
 * import { encode } from "./safetensors.ts";
 *
 * const file = encode({ bias: { dtype: "float32", shape: [1], data: Float32Array.of(0.5) } });
 * const files = new Map([["model.safetensors", file]]);
 * const { bias } = await readCheckpoint((name) => Promise.resolve(files.get(name) ?? null));
 * ```
 */
export async function readCheckpoint(read: ReadFile): Promise<Record<string, NdArray>> {
  const single = await read(SINGLE_FILE);
  if (single !== null) return decode(single, { file: SINGLE_FILE });
  const index = await read(INDEX_FILE);
  if (index === null) {
    const pickled = await read(PICKLE_FILE) !== null
      ? `; ${PICKLE_FILE} is not read, ${CONVERT}`
      : "";
    throw new SafetensorsError(`neither ${SINGLE_FILE} nor ${INDEX_FILE} is there${pickled}`);
  }
  const fileOf = parseIndex(index);
  const tensors: Record<string, NdArray> = {};
  for (const file of new Set(fileOf.values())) {
    const bytes = await read(file);
    if (bytes === null) {
      throw new SafetensorsError(`${INDEX_FILE} lists ${file}, which is not there`);
    }
    const arrays = decode(bytes, { file });
    for (const [name, holder] of fileOf) {
      if (holder !== file) continue;
      if (!Object.hasOwn(arrays, name)) {
        throw new SafetensorsError(`${file}: array "${name}" is missing; ${INDEX_FILE} lists it`);
      }
      tensors[name] = arrays[name];
    }
  }
  return tensors;
}

/** File of each array. Only plain file names are accepted: an index must not point elsewhere. */
function parseIndex(bytes: Uint8Array): Map<string, string> {
  let map: unknown;
  try {
    map = JSON.parse(new TextDecoder().decode(bytes)).weight_map;
  } catch {
    throw new SafetensorsError(`${INDEX_FILE} is not JSON`);
  }
  if (typeof map !== "object" || map === null || Array.isArray(map)) {
    throw new SafetensorsError(`${INDEX_FILE} has no "weight_map"`);
  }
  const entries = Object.entries(map);
  for (const [name, file] of entries) {
    if (typeof file !== "string" || !/^[\w.-]+$/.test(file) || file.startsWith(".")) {
      throw new SafetensorsError(`${INDEX_FILE}: array "${name}" lies in no plain file name`);
    }
  }
  return new Map(entries as [string, string][]);
}
