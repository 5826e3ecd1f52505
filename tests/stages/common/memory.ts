// Artifacts in memory, for tests that run a stage's function without the engine.

import type { FileReader, FileWriter, TreeReader } from "../../../pipeline/types.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const bytesOf = (content: string | Uint8Array): Bytes =>
  typeof content === "string" ? new TextEncoder().encode(content) : new Uint8Array(content);

/** A tree in memory. */
export function memoryTree(files: ReadonlyMap<string, Bytes>): TreeReader {
  const bytes = (name: string) => {
    const content = files.get(name);
    return content ? Promise.resolve(content) : Promise.reject(new Error(`no file ${name}`));
  };
  return {
    path: "memory",
    list: () => Promise.resolve([...files.keys()].sort()),
    bytes,
    text: async (name) => new TextDecoder().decode(await bytes(name)),
  };
}

/** A tree of texts in memory. */
export function textTree(files: Readonly<Record<string, string>>): TreeReader {
  return memoryTree(new Map(Object.entries(files).map(([name, text]) => [name, bytesOf(text)])));
}

/** A file in memory: what is written to it is read from it. */
export function memoryFile(): FileReader & FileWriter {
  let content = new Uint8Array();
  return {
    path: "memory",
    write: (value) => {
      content = bytesOf(value);
      return Promise.resolve();
    },
    bytes: () => Promise.resolve(content),
    text: () => Promise.resolve(new TextDecoder().decode(content)),
  };
}

/** An output that a stage writes as JSON. */
export function memoryJson<T>() {
  let value: T | undefined;
  return {
    path: "memory",
    write: (given: T) => Promise.resolve(void (value = structuredClone(given))),
    read: () => Promise.resolve(value!),
  };
}

/** A tree that a stage writes; `files` has what was written. */
export function memoryTreeWriter() {
  const files = new Map<string, Bytes>();
  const write = (name: string, content: Uint8Array | string) =>
    Promise.resolve(void files.set(name, bytesOf(content)));
  return { path: "memory", write, files };
}
