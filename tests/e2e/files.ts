/** Lists the files of a folder, for tests that copy or edit whole trees. */

/** Paths of all files below `dir`, relative to it. */
export async function* walkFiles(dir: string): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(dir)) {
    if (!entry.isDirectory) yield entry.name;
    else for await (const path of walkFiles(`${dir}/${entry.name}`)) yield `${entry.name}/${path}`;
  }
}
