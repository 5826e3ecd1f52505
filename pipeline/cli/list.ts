/** `deno task reproduce --list`: the papers and their presets. */

import { listPresets } from "../declare/config.ts";
import { failureOf } from "../failure.ts";
import { listPapers, loadPaper, type PaperEntry } from "../declare/project.ts";
import type { Io } from "./command.ts";
import type { Arguments } from "./options.ts";
import { table } from "./table.ts";

/** One paper as listed; `problem` says why it cannot be loaded. */
interface Listed {
  readonly name: string;
  readonly title: string | null;
  readonly citation: string | null;
  readonly presets: readonly string[];
  readonly problem?: string;
}

/** Prints every paper; one that does not load is listed with the reason. */
export async function listAll(args: Arguments, io: Io): Promise<number> {
  const papers: Listed[] = [];
  for (const entry of await listPapers(io.place.root)) papers.push(await describe(entry, io));
  if (args.flags.has("json")) {
    io.out.write(JSON.stringify({ papers }) + "\n");
    return 0;
  }
  if (!papers.length) io.out.write("No papers: stages/ has no folder with a pipeline.ts.\n");
  else {
    const rows = papers.map((p) => [p.name, p.presets.join(", "), p.title ?? p.problem ?? ""]);
    const columns = [{ head: "Paper" }, { head: "Presets" }, { head: "Title" }];
    io.out.write(table(columns, rows, io.out.width()).join("\n") + "\n");
  }
  return 0;
}

async function describe(entry: PaperEntry, io: Io): Promise<Listed> {
  try {
    const { title, citation } = await loadPaper(io.place.root, entry.name);
    const presets = await listPresets({ file: entry.config, root: io.place.root });
    return { name: entry.name, title, citation, presets };
  } catch (error) {
    const failure = failureOf(error);
    if (failure === null) throw error;
    const problem = `${failure.where ? `${failure.where}: ` : ""}${failure.message}`;
    return { name: entry.name, title: null, citation: null, presets: [], problem };
  }
}
